/* SPDX-License-Identifier: MIT */
/* The JSON: that of a report, with "objects", "unreachable" and "cycles". */
#include <errno.h>
#include <inttypes.h>

#include "objects/writer.h"
#include "report/json.h"
#include "report/writer.h"

enum { NAME_SIZE = 512 };

static json_t *count(struct allot_count count)
{
	return json_pack("{s:o, s:o}", "objects", allotp_json_number(count.blocks), "bytes",
			 allotp_json_number(count.bytes));
}

/* The frames of the stack that made a member. */
static json_t *frames(const struct allot_cycles_report *report, const struct allot_cycle_member *member)
{
	const struct allot_report whole = { .now = report->view };
	struct allot_group group = { .node = ALLOT_NODE_NONE };
	json_t *array = json_array();

	if (array && (allotp_cycles_origin(report, member, &group.node) || allotp_json_frames(&whole, &group, array))) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *edge(const struct allot_cycles_report *report, const struct allot_cycle_edge *of)
{
	const char *field = allotp_cycles_name(report, of->field);

	return json_pack("{s:o, s:o, s:o, s:b}", "field", allotp_json_string(*field ? field : NULL), "item",
			 of->item ? allotp_json_number(of->item - 1) : json_null(), "to", allotp_json_number(of->to),
			 "back", of->back);
}

static json_t *edges(const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
		     const struct allot_cycle_member *member)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < member->edge_count; i++)
		if (json_array_append_new(array, edge(report, &cycle->edges[member->first_edge + i]))) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static json_t *member(const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
		      const struct allot_cycle_member *of)
{
	const struct allot_table_object *object = &report->graph.table->objects[of->object];
	char name[NAME_SIZE];

	allotp_cycles_member_name(report, of, name, sizeof(name));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name", allotp_json_string(name), "type",
			 allotp_json_string(allotp_cycles_name(report, object->type)), "bytes",
			 allotp_json_number(object->size), "references", allotp_json_number(object->refs), "edges",
			 edges(report, cycle, of), "frames", frames(report, of));
}

static int add_weak(void *context, const char *type, const char *field)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s.%s", type, field);
	return json_array_append_new(context, allotp_json_string(name)) ? -ENOMEM : 0;
}

static json_t *cycle(const struct allot_cycles_report *report, const struct allot_object_cycle *of)
{
	json_t *members = json_array(), *weak = json_array();
	int rc = members && weak ? allotp_cycles_each_weak(report, of, add_weak, weak) : -ENOMEM;

	for (uint32_t i = 0; i < of->member_count && rc == 0; i++)
		rc = json_array_append_new(members, member(report, of, &of->members[i])) ? -ENOMEM : 0;
	if (rc < 0) {
		json_decref(members);
		json_decref(weak);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "times", allotp_json_number(of->times), "objects",
			 allotp_json_number(of->member_count), "bytes", allotp_json_number(of->bytes), "members",
			 members, "weak", weak);
}

static int write_member(FILE *out, const char *key, json_t *value)
{
	int rc;

	if (key)
		fprintf(out, ",\"%s\":", key);
	rc = allotp_json_write(out, value, JSON_ENCODE_ANY);
	json_decref(value);
	return rc;
}

int allotp_cycles_write_json(FILE *out, const struct allot_cycles_report *report)
{
	const struct allot_statistics statistics = { .measure = ALLOT_MEASURE_LIVE };
	struct allot_report whole = { .now = report->view, .statistics = &statistics };
	int rc = allotp_trust_summarize(report->view, &whole.trust);

	if (rc == 0)
		rc = allotp_write_json_head(out, &whole);
	if (rc == 0)
		rc = write_member(out, "objects", count(report->graph.all));
	if (rc == 0)
		rc = write_member(out, "unreachable", count(report->graph.garbage));
	if (rc == 0)
		rc = write_member(out, "kept_alive", count(report->graph.kept));
	if (rc == 0)
		rc = write_member(out, "partial", json_boolean(report->graph.table->partial));
	fputs(",\"cycles\":[", out);
	for (uint32_t i = 0; i < report->shown && rc == 0; i++) {
		fputs(i ? ",\n" : "\n", out);
		rc = write_member(out, NULL, cycle(report, &report->cycles.list[i]));
	}
	fputs("\n]}\n", out);
	return rc;
}
