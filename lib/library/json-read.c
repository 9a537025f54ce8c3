/* SPDX-License-Identifier: MIT */
/* A snapshot from JSON, which may hold anything. */
#include "library/json-read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library/json-fields.h"
#include "library/json-read-stacks.h"
#include "snapshot/check.h"

/* Reads items[number] of an array into the snapshot. */
typedef void item_fn(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
		     uint32_t number);

/* An array of the root; an empty one if it is missing. */
static const json_t *array_of(struct allot_json_reader *reader, const json_t *root, const char *key, uint32_t *count)
{
	const json_t *array = json_object_get(root, key);

	*count = 0;
	reader->place[0] = '\0';
	if (!array || reader->rc)
		return NULL;
	if (!json_is_array(array) || json_array_size(array) > UINT32_MAX / 2) {
		allotp_json_wrong(reader, key, "not an array");
		return NULL;
	}
	*count = (uint32_t)json_array_size(array);
	return array;
}

/*
 * Reads an array into one of the snapshot's that has `first` items already. They are zero and in place before the first is
 * read, so that freeing the snapshot frees what was read of them.
 */
static void read_array(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *root,
		       const char *key, void *items, uint32_t *item_count, size_t size, item_fn *read)
{
	uint32_t first = *item_count, count;
	const json_t *array = array_of(reader, root, key, &count);
	void *old, *more;

	if (!count)
		return;
	/* items points to a pointer of any type: copied as bytes, so that no type is punned */
	memcpy(&old, items, sizeof(old));
	more = reallocarray(old, (size_t)first + count, size);
	if (!more) {
		allotp_json_no_memory(reader);
		return;
	}
	memcpy(items, &more, sizeof(more));
	memset((char *)more + first * size, 0, count * size);
	*item_count = first + count;
	for (uint32_t i = 0; i < count && !reader->rc; i++) {
		const json_t *item = json_array_get(array, i);

		snprintf(reader->place, sizeof(reader->place), "%s[%u]", key, (unsigned)i);
		read(reader, snapshot, item, first + i);
	}
}

static void read_module(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			uint32_t number)
{
	struct allot_module *module = &snapshot->modules[number];
	const char *build_id = json_string_value(json_object_get(item, "build_id"));
	size_t length = build_id ? strlen(build_id) : 0;

	if (allotp_json_get(reader, item, allotp_json_module, module) < 0)
		return;
	if (!module->path)
		allotp_json_wrong(reader, "path", "missing");
	if (length % 2 || length / 2 > sizeof(module->build_id) ||
	    (length && strspn(build_id, "0123456789abcdef") != length))
		allotp_json_wrong(reader, "build_id", "not the hexadecimal digits of at most 32 bytes");
	for (; !reader->rc && module->build_id_size < length / 2; module->build_id_size++) {
		char digits[3] = { build_id[2 * module->build_id_size], build_id[2 * module->build_id_size + 1], '\0' };

		module->build_id[module->build_id_size] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static void read_string(struct allot_json_reader *reader, const json_t *item, char **to)
{
	if (!json_is_string(item)) {
		allotp_json_wrong(reader, "", "not a string");
		return;
	}
	*to = strdup(json_string_value(item));
	if (!*to)
		allotp_json_no_memory(reader);
}

static void read_domain(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			uint32_t number)
{
	read_string(reader, item, &snapshot->domains[number]);
}

static void read_region(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			uint32_t number)
{
	struct allot_program_region *region = &snapshot->regions[number];

	if (allotp_json_get(reader, item, allotp_json_region, region) < 0)
		return;
	if (!region->name)
		allotp_json_wrong(reader, "name", "missing");
	/* entry 0 is "in no region", and not in the file */
	region->parent = allotp_json_index(reader, item, "parent", number - 1);
}

static void read_node(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
		      uint32_t number)
{
	allotp_json_read_node(reader, snapshot, item, number);
}

static void read_site(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
		      uint32_t number)
{
	struct allot_site *site = &snapshot->sites[number];
	const json_t *variance = json_object_get(item, "variance");

	if (allotp_json_get(reader, item, allotp_json_site, site) < 0)
		return;
	site->stack = allotp_json_node(reader, item, "stack", ALLOT_NODE_NONE, snapshot->node_count);
	site->region = allotp_json_index(reader, item, "region", snapshot->region_count - 1);
	if (site->domain >= snapshot->domain_count)
		allotp_json_wrong(reader, "domain", "there is no such domain");
	if (variance)
		allotp_json_get(reader, variance, allotp_json_variances, site);
}

static void read_mark(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
		      uint32_t number)
{
	if (allotp_json_get(reader, item, allotp_json_mark, &snapshot->marks[number]) == 0 &&
	    !snapshot->marks[number].name)
		allotp_json_wrong(reader, "name", "missing");
}

static void read_sample(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			uint32_t number)
{
	allotp_json_get(reader, item, allotp_json_sample, &snapshot->series[number]);
}

static void read_object_name(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			     uint32_t number)
{
	read_string(reader, item, &snapshot->objects.names[number]);
}

static void read_object(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			uint32_t number)
{
	struct allot_table_object *object = &snapshot->objects.objects[number];

	if (allotp_json_get(reader, item, allotp_json_object, object) == 0)
		object->site = allotp_json_index(reader, item, "site", snapshot->site_count);
}

static void read_reference(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *item,
			   uint32_t number)
{
	struct allot_table_reference *reference = &snapshot->objects.references[number];

	if (allotp_json_get(reader, item, allotp_json_reference, reference) == 0)
		reference->item = allotp_json_index(reader, item, "item", UINT32_MAX);
}

static void read_objects(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *root)
{
	struct allot_object_table *table = &snapshot->objects;

	snprintf(reader->place, sizeof(reader->place), "object_table");
	allotp_json_get(reader, json_object_get(root, "object_table"), allotp_json_objects, table);
	read_array(reader, snapshot, root, "object_names", &table->names, &table->name_count, sizeof(*table->names),
		   read_object_name);
	read_array(reader, snapshot, root, "objects", &table->objects, &table->object_count, sizeof(*table->objects),
		   read_object);
	read_array(reader, snapshot, root, "references", &table->references, &table->reference_count,
		   sizeof(*table->references), read_reference);
}

static void read_trust(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *trust)
{
	const char *end = json_string_value(json_object_get(trust, "exit"));
	const json_t *lost = json_object_get(trust, "lost");
	int found = -1;

	snprintf(reader->place, sizeof(reader->place), "trust");
	allotp_json_get(reader, trust, allotp_json_trust, snapshot);
	for (int i = 0; end && i <= ALLOT_EXIT_UNKNOWN; i++)
		if (!strcmp(end, allotp_json_exits[i]))
			found = i;
	if (end && found < 0)
		allotp_json_wrong(reader, "exit", "not a known kind of end");
	if (found >= 0)
		snapshot->trust.exit = (enum allot_exit)found;
	for (int i = 0; i < ALLOT_LOST_REASONS; i++) {
		const json_t *events = json_object_get(lost, allotp_json_lost[i]);

		if (json_is_integer(events) && json_integer_value(events) > 0)
			snapshot->trust.lost[i] = (uint64_t)json_integer_value(events);
	}
}

static void read_filtered(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *filtered)
{
	static const struct allot_json_field by[] = {
		{ "by", offsetof(struct allot_snapshot, filters), ALLOT_JSON_STRING },
		{ 0 },
	};

	if (!filtered)
		return;
	snprintf(reader->place, sizeof(reader->place), "filtered");
	if (allotp_json_get(reader, filtered, by, snapshot) == 0)
		allotp_json_get(reader, json_object_get(filtered, "of"), allotp_json_unfiltered, snapshot);
}

static void read_process(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *process)
{
	snprintf(reader->place, sizeof(reader->place), "process");
	allotp_json_get(reader, process, allotp_json_process, snapshot);
	if (!snapshot->program || !snapshot->command || !snapshot->note)
		allotp_json_wrong(reader, "", "program, command and note are strings");
}

static void read_totals(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *totals)
{
	snprintf(reader->place, sizeof(reader->place), "totals");
	if (totals)
		allotp_json_get(reader, totals, allotp_json_totals, snapshot);
	else
		allotp_snapshot_sum_up(snapshot);
}

static void read_root(struct allot_json_reader *reader, struct allot_snapshot *snapshot, const json_t *root)
{
	read_process(reader, snapshot, json_object_get(root, "process"));
	read_trust(reader, snapshot, json_object_get(root, "trust"));
	/* those that are there without being named */
	for (uint32_t i = 0; json_object_get(root, "domains") && i < snapshot->domain_count; i++)
		free(snapshot->domains[i]);
	if (json_object_get(root, "domains"))
		snapshot->domain_count = 0;
	read_array(reader, snapshot, root, "domains", &snapshot->domains, &snapshot->domain_count,
		   sizeof(*snapshot->domains), read_domain);
	read_array(reader, snapshot, root, "modules", &snapshot->modules, &snapshot->module_count,
		   sizeof(*snapshot->modules), read_module);
	read_array(reader, snapshot, root, "regions", &snapshot->regions, &snapshot->region_count,
		   sizeof(*snapshot->regions), read_region);
	read_array(reader, snapshot, root, "nodes", &snapshot->nodes, &snapshot->node_count, sizeof(*snapshot->nodes),
		   read_node);
	if (!reader->rc)
		allotp_json_read_symbols(reader, snapshot, json_object_get(root, "nodes"));
	read_array(reader, snapshot, root, "sites", &snapshot->sites, &snapshot->site_count, sizeof(*snapshot->sites),
		   read_site);
	read_array(reader, snapshot, root, "marks", &snapshot->marks, &snapshot->mark_count, sizeof(*snapshot->marks),
		   read_mark);
	read_array(reader, snapshot, root, "series", &snapshot->series, &snapshot->sample_count,
		   sizeof(*snapshot->series), read_sample);
	read_objects(reader, snapshot, root);
	read_totals(reader, snapshot, json_object_get(root, "totals"));
	read_filtered(reader, snapshot, json_object_get(root, "filtered"));
}

static int check_version(const json_t *root, const char *name, struct allot_error *error)
{
	const json_t *version = json_object_get(root, "allot-snapshot");

	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return allotp_error(error, -EBADMSG, "%s: JSON, but not an allot snapshot%s", name,
				    json_object_get(root, "allot") ? "; it is a report" : "");
	if (json_integer_value(version) > ALLOT_JSON_VERSION)
		return allotp_error(error, -ENOTSUP, "%s: made by a newer allot (JSON version %lld)", name,
				    (long long)json_integer_value(version));
	return 0;
}

static int read_snapshot(const json_t *root, const char *name, struct allot_snapshot **out, struct allot_error *error)
{
	struct allot_json_reader reader = { .name = name, .error = error };
	struct allot_snapshot *snapshot;
	const char *wrong;
	int rc = check_version(root, name, error);

	if (rc < 0)
		return rc;
	snapshot = allotp_snapshot_new();
	if (!snapshot)
		return allotp_json_no_memory(&reader);
	read_root(&reader, snapshot, root);
	wrong = reader.rc ? NULL : allotp_snapshot_check(snapshot);
	if (wrong)
		reader.rc = allotp_error(error, -EBADMSG, "%s: %s", name, wrong);
	if (reader.rc)
		allotp_snapshot_free(snapshot);
	else
		*out = snapshot;
	return reader.rc;
}

/* Takes the root over; NULL: jansson has found an error. */
static int finish(json_t *root, const json_error_t *problem, const char *name, struct allot_snapshot **out,
		  struct allot_error *error)
{
	int rc;

	/* jansson does not always say why, when there is no memory */
	if (!root && (!*problem->text || json_error_code(problem) == json_error_out_of_memory))
		return allotp_error(error, -ENOMEM, "%s: out of memory", name);
	if (!root)
		return allotp_error(error, -EBADMSG, "%s: line %d, column %d: %s", name, problem->line, problem->column,
				    problem->text);
	rc = read_snapshot(root, name, out, error);
	json_decref(root);
	return rc;
}

int allotp_json_read_file(const char *path, struct allot_snapshot **out, struct allot_error *error)
{
	json_error_t problem = { 0 };
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);

	return finish(root, &problem, path, out, error);
}

int allotp_json_read_memory(const void *data, size_t size, const char *name, struct allot_snapshot **out,
			    struct allot_error *error)
{
	json_error_t problem = { 0 };
	json_t *root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &problem);

	return finish(root, &problem, name, out, error);
}
