/* SPDX-License-Identifier: MIT */
/* Finds the cycles of a snapshot, and hands them to a format. */
#include "objects/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { DEFAULT_TOP = 10 };

struct pair {
	uint32_t type, field;
};

const char *allotp_cycles_name(const struct allot_cycles_report *report, uint32_t name)
{
	return report->graph.table->names[name];
}

static const struct allot_table_object *object_of(const struct allot_cycles_report *report,
						  const struct allot_cycle_member *member)
{
	return &report->graph.table->objects[member->object];
}

void allotp_cycles_member_name(const struct allot_cycles_report *report, const struct allot_cycle_member *member,
			       char *buffer, size_t size)
{
	const char *type = allotp_cycles_name(report, object_of(report, member)->type);

	if (member->number)
		snprintf(buffer, size, "%s #%" PRIu32, type, member->number);
	else
		snprintf(buffer, size, "%s", type);
}

void allotp_cycles_edge_name(const struct allot_cycles_report *report, const struct allot_cycle_edge *edge,
			     char *buffer, size_t size)
{
	const char *field = allotp_cycles_name(report, edge->field);

	if (*field && edge->item)
		snprintf(buffer, size, "%s[%" PRIu32 "]", field, edge->item - 1);
	else
		snprintf(buffer, size, "%s", field);
}

int allotp_cycles_origin(const struct allot_cycles_report *report, const struct allot_cycle_member *member,
			 uint32_t *node)
{
	uint32_t site = object_of(report, member)->site;

	*node = ALLOT_NODE_NONE;
	return site ? allotp_backtrace_origin(report->view, report->view->snapshot->sites[site - 1].stack, node) : 0;
}

static int compare_pairs(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return a->field < b->field ? -1 : a->field > b->field;
}

int allotp_cycles_each_weak(const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
			    int (*function)(void *context, const char *type, const char *field), void *context)
{
	struct pair *pairs = calloc((size_t)cycle->edge_count + 1, sizeof(*pairs));
	uint32_t count = 0;
	int rc = 0;

	if (!pairs)
		return -ENOMEM;
	for (uint32_t i = 0; i < cycle->member_count; i++) {
		const struct allot_cycle_member *member = &cycle->members[i];

		for (uint32_t j = member->first_edge; j < member->first_edge + member->edge_count; j++)
			if (cycle->edges[j].back && *allotp_cycles_name(report, cycle->edges[j].field))
				pairs[count++] =
					(struct pair){ object_of(report, member)->type, cycle->edges[j].field };
	}
	qsort(pairs, count, sizeof(*pairs), compare_pairs);
	for (uint32_t i = 0; i < count && rc >= 0; i++)
		if (!i || compare_pairs(&pairs[i - 1], &pairs[i]))
			rc = function(context, allotp_cycles_name(report, pairs[i].type),
				      allotp_cycles_name(report, pairs[i].field));
	free(pairs);
	return rc < 0 ? rc : 0;
}

int allotp_cycles_tell(FILE *out, const struct allot_view *view, enum allot_cycles_format format, uint32_t top,
		       uint64_t *found)
{
	static int (*const write[])(FILE *, const struct allot_cycles_report *) = {
		[ALLOT_CYCLES_TEXT] = allotp_cycles_write_text,
		[ALLOT_CYCLES_JSON] = allotp_cycles_write_json,
		[ALLOT_CYCLES_DOT] = allotp_cycles_write_dot,
	};
	struct allot_cycles_report report = { .view = view };
	int rc = allotp_object_graph(&report.graph, &view->snapshot->objects);

	if (rc == 0)
		rc = allotp_object_cycles(&report.cycles, &report.graph);
	if (!top && format != ALLOT_CYCLES_JSON)
		top = DEFAULT_TOP;
	report.shown = top && top < report.cycles.count ? top : report.cycles.count;
	if (rc == 0)
		rc = write[format](out, &report);
	if (rc == 0)
		*found = report.cycles.times;
	allotp_object_cycles_release(&report.cycles);
	allotp_object_graph_release(&report.graph);
	return rc;
}
