/* SPDX-License-Identifier: MIT */
/* A snapshot as JSON: each item is made, written and dropped, so that a large one takes no more memory than its parts. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/error.h"
#include "library/handle.h"
#include "library/json-fields.h"
#include "report/json.h"

struct writer {
	FILE *out;
	const struct allot_view *view;
	uint32_t *numbers; /* node -> its place among the nodes that are written; UINT32_MAX: no site needs it */
	bool begun;        /* something stands before */
};

/* Takes the object over; NULL: there was no memory for it. */
static int write_value(struct writer *writer, json_t *value)
{
	int rc = allotp_json_write(writer->out, value, JSON_ENCODE_ANY);

	json_decref(value);
	return rc;
}

static int write_member(struct writer *writer, const char *key, json_t *value)
{
	fprintf(writer->out, "%s\"%s\":", writer->begun ? ",\n" : "", key);
	writer->begun = true;
	return write_value(writer, value);
}

/* An object of a table's keys. */
static json_t *object_of(const struct allot_json_field *fields, const void *of)
{
	json_t *object = json_object();

	if (object && allotp_json_put(object, fields, of) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Adds to an object that may be NULL already, and then is again. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
	if (!object) {
		json_decref(value);
		return NULL;
	}
	if (json_object_set_new(object, key, value) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

typedef json_t *item_fn(const struct writer *writer, uint32_t number);

/* Items from `first` to before `end`, one a line; those that the function leaves out (json_null()) are not written. */
static int write_array(struct writer *writer, const char *key, uint32_t first, uint32_t end, item_fn *make)
{
	bool any = false;
	int rc = 0;

	fprintf(writer->out, ",\n\"%s\":[", key);
	for (uint32_t i = first; i < end && rc == 0; i++) {
		json_t *item = make(writer, i);

		if (json_is_null(item))
			continue;
		fputs(any ? ",\n" : "\n", writer->out);
		any = true;
		rc = write_value(writer, item);
	}
	putc(']', writer->out);
	return rc;
}

static json_t *trust(const struct allot_snapshot *snapshot)
{
	json_t *lost = json_object();

	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		if (snapshot->trust.lost[i])
			lost = with(lost, allotp_json_lost[i], allotp_json_number(snapshot->trust.lost[i]));
	return with(with(object_of(allotp_json_trust, snapshot), "exit",
			 json_string(allotp_json_exits[snapshot->trust.exit])),
		    "lost", lost);
}

static json_t *filtered(const struct allot_snapshot *snapshot)
{
	return with(with(json_object(), "by", allotp_json_string(snapshot->filters)), "of",
		    object_of(allotp_json_unfiltered, snapshot));
}

static json_t *module(const struct writer *writer, uint32_t number)
{
	const struct allot_module *of = &writer->view->snapshot->modules[number];
	char build_id[2 * sizeof(of->build_id) + 1] = "";

	for (uint32_t i = 0; i < of->build_id_size; i++)
		snprintf(build_id + (size_t)2 * i, 3, "%02x", of->build_id[i]);
	return with(object_of(allotp_json_module, of), "build_id", json_string(build_id));
}

static json_t *domain(const struct writer *writer, uint32_t number)
{
	return allotp_json_string(writer->view->snapshot->domains[number]);
}

static json_t *region(const struct writer *writer, uint32_t number)
{
	const struct allot_program_region *of = &writer->view->snapshot->regions[number];
	json_t *object = object_of(allotp_json_region, of);

	return of->parent ? with(object, "parent", json_integer(of->parent - 1)) : object;
}

/* A node that is a frame by its number among those written, another by the word for it. */
static json_t *node_number(const struct writer *writer, uint32_t node)
{
	return node < ALLOT_NODE_FIRST ? json_string(allotp_json_ends[node]) : json_integer(writer->numbers[node]);
}

static json_t *calls(const struct allot_symbol *symbol)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < symbol->frame_count && array; i++) {
		if (json_array_append_new(array, object_of(allotp_json_frame, &symbol->frames[i])) < 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *node(const struct writer *writer, uint32_t number)
{
	const struct allot_node *of = &writer->view->snapshot->nodes[number];
	const struct allot_symbol *symbol;
	char address[32];
	json_t *object;

	if (writer->numbers[number] == UINT32_MAX)
		return json_null();
	symbol = allotp_resolve(writer->view->resolver, number);
	if (!symbol)
		return NULL;
	snprintf(address, sizeof(address), "0x%" PRIx64, of->address);
	object = with(with(json_object(), "caller", node_number(writer, of->parent)), "address", json_string(address));
	if (of->module)
		object = with(object, "module", json_integer(of->module - 1));
	if (of->flags & ALLOT_NODE_SIGNAL)
		object = with(object, "signal", json_true());
	return allotp_symbol_has_name(symbol) ? with(object, "calls", calls(symbol)) : object;
}

static json_t *site(const struct writer *writer, uint32_t number)
{
	const struct allot_snapshot *snapshot = writer->view->snapshot;
	const struct allot_site *of = &snapshot->sites[number];
	json_t *object = with(json_object(), "stack", node_number(writer, of->stack));

	if (object && allotp_json_put(object, allotp_json_site, of) < 0) {
		json_decref(object);
		return NULL;
	}
	if (of->region)
		object = with(object, "region", json_integer(of->region - 1));
	return snapshot->sampling_bytes ? with(object, "variance", object_of(allotp_json_variances, of)) : object;
}

static json_t *mark(const struct writer *writer, uint32_t number)
{
	return object_of(allotp_json_mark, &writer->view->snapshot->marks[number]);
}

static json_t *sample(const struct writer *writer, uint32_t number)
{
	return object_of(allotp_json_sample, &writer->view->snapshot->series[number]);
}

static json_t *object_name(const struct writer *writer, uint32_t number)
{
	return allotp_json_string(writer->view->snapshot->objects.names[number]);
}

static json_t *object(const struct writer *writer, uint32_t number)
{
	const struct allot_table_object *of = &writer->view->snapshot->objects.objects[number];
	json_t *made = object_of(allotp_json_object, of);

	return of->site ? with(made, "site", json_integer(of->site - 1)) : made;
}

static json_t *reference(const struct writer *writer, uint32_t number)
{
	const struct allot_table_reference *of = &writer->view->snapshot->objects.references[number];
	json_t *made = object_of(allotp_json_reference, of);

	return of->item ? with(made, "item", json_integer(of->item - 1)) : made;
}

static int write_objects(struct writer *writer)
{
	const struct allot_object_table *table = &writer->view->snapshot->objects;
	int rc;

	if (!table->announced)
		return 0;
	rc = write_member(writer, "object_table", object_of(allotp_json_objects, table));
	if (rc == 0)
		rc = write_array(writer, "object_names", 0, table->name_count, object_name);
	if (rc == 0)
		rc = write_array(writer, "objects", 0, table->object_count, object);
	if (rc == 0)
		rc = write_array(writer, "references", 0, table->reference_count, reference);
	return rc;
}

/* Gives numbers to the nodes that sites need. A caller's number is less than its own, as it is among the nodes. */
static void number_nodes(const struct allot_snapshot *snapshot, uint32_t *numbers)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->node_count; i++)
		numbers[i] = UINT32_MAX;
	for (uint32_t i = 0; i < snapshot->site_count; i++)
		for (uint32_t n = snapshot->sites[i].stack; n >= ALLOT_NODE_FIRST && numbers[n] == UINT32_MAX;
		     n = snapshot->nodes[n].parent)
			numbers[n] = 0;
	for (uint32_t i = ALLOT_NODE_FIRST; i < snapshot->node_count; i++)
		if (numbers[i] != UINT32_MAX)
			numbers[i] = count++;
}

static int write_snapshot(struct writer *writer)
{
	const struct allot_snapshot *snapshot = writer->view->snapshot;
	int rc;

	putc('{', writer->out);
	rc = write_member(writer, "allot-snapshot", json_integer(ALLOT_JSON_VERSION));
	if (rc == 0)
		rc = write_member(writer, "process", object_of(allotp_json_process, snapshot));
	if (rc == 0)
		rc = write_member(writer, "trust", trust(snapshot));
	if (rc == 0)
		rc = write_member(writer, "totals", object_of(allotp_json_totals, snapshot));
	if (rc == 0 && snapshot->filters)
		rc = write_member(writer, "filtered", filtered(snapshot));
	if (rc == 0)
		rc = write_array(writer, "domains", 0, snapshot->domain_count, domain);
	if (rc == 0)
		rc = write_array(writer, "modules", 1, snapshot->module_count, module);
	if (rc == 0)
		rc = write_array(writer, "regions", 1, snapshot->region_count, region);
	if (rc == 0)
		rc = write_array(writer, "nodes", ALLOT_NODE_FIRST, snapshot->node_count, node);
	if (rc == 0)
		rc = write_array(writer, "sites", 0, snapshot->site_count, site);
	if (rc == 0)
		rc = write_array(writer, "marks", 0, snapshot->mark_count, mark);
	if (rc == 0)
		rc = write_array(writer, "series", 0, snapshot->sample_count, sample);
	if (rc == 0)
		rc = write_objects(writer);
	fputs("}\n", writer->out);
	return rc;
}

int allot_snapshot_dump_json(const allot_snapshot_t *snapshot, FILE *out, struct allot_error *error)
{
	struct writer writer = { .out = out };
	struct allot_view view;
	int rc = allotp_handle_lock(snapshot, &view);

	if (rc == 0) {
		writer.view = &view;
		writer.numbers = calloc(view.snapshot->node_count, sizeof(*writer.numbers));
		if (writer.numbers)
			number_nodes(view.snapshot, writer.numbers);
		rc = writer.numbers ? write_snapshot(&writer) : -ENOMEM;
		free(writer.numbers);
		allotp_handle_unlock(snapshot);
	}
	return rc < 0 ? allotp_error(error, rc, "out of memory") : 0;
}
