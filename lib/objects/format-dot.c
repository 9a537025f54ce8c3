/* SPDX-License-Identifier: MIT */
/* A picture for graphviz: each cycle in a frame of its own, with the references that lead back in red. */
#include <inttypes.h>
#include <string.h>

#include "objects/writer.h"
#include "report/label.h"

enum {
	SHOWN = 100, /* members of a cycle; more cannot be read */
	NAME_SIZE = 512,
};

/* Inside a string in quotes. */
static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\"\\", *text))
			putc('\\', out);
		putc((unsigned char)*text < 0x20 ? '?' : *text, out);
	}
}

static int put_member(FILE *out, const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
		      uint32_t number, uint32_t place)
{
	const struct allot_cycle_member *member = &cycle->members[place];
	struct allot_backtrace backtrace = { 0 };
	const struct allot_frame *frame;
	char name[NAME_SIZE];
	int rc = allotp_cycles_origin(report, member, &backtrace.node);

	allotp_cycles_member_name(report, member, name, sizeof(name));
	fprintf(out, "    c%" PRIu32 "_%" PRIu32 " [label=\"", number, place);
	put_escaped(out, name);
	if (rc == 0)
		rc = allotp_backtrace_next(&backtrace, report->view, &frame);
	if (rc > 0 && frame->function) {
		fputs("\\n", out);
		put_escaped(out, frame->function);
	}
	if (rc > 0 && frame->file) {
		fputs("\\n", out);
		put_escaped(out, allotp_base_name(frame->file));
		fprintf(out, ":%" PRIu32, frame->line);
	}
	fputs("\"];\n", out);
	return rc < 0 ? rc : 0;
}

static void put_edges(FILE *out, const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
		      uint32_t number, uint32_t place)
{
	const struct allot_cycle_member *member = &cycle->members[place];
	char name[NAME_SIZE];

	for (uint32_t i = member->first_edge; i < member->first_edge + member->edge_count; i++) {
		const struct allot_cycle_edge *edge = &cycle->edges[i];

		if (edge->to >= SHOWN)
			continue;
		allotp_cycles_edge_name(report, edge, name, sizeof(name));
		fprintf(out, "    c%" PRIu32 "_%" PRIu32 " -> c%" PRIu32 "_%" PRIu32 " [label=\"", number, place,
			number, edge->to);
		put_escaped(out, name);
		fputs(edge->back ? "\", color=red, fontcolor=red];\n" : "\"];\n", out);
	}
}

static int put_cycle(FILE *out, const struct allot_cycles_report *report, uint32_t number)
{
	const struct allot_object_cycle *cycle = &report->cycles.list[number];
	uint32_t shown = cycle->member_count < SHOWN ? cycle->member_count : SHOWN;
	int rc = 0;

	fprintf(out, "  subgraph cluster_%" PRIu32 " {\n    label=\"", number);
	if (cycle->times > 1)
		fprintf(out, "%" PRIu64 " cycles, each of ", cycle->times);
	fprintf(out, "%" PRIu32 " objects, %" PRIu64 " bytes", cycle->member_count, cycle->bytes);
	if (shown < cycle->member_count)
		fprintf(out, "; %" PRIu32 " are not shown", cycle->member_count - shown);
	fputs("\";\n", out);
	for (uint32_t i = 0; i < shown && rc == 0; i++)
		rc = put_member(out, report, cycle, number, i);
	for (uint32_t i = 0; i < shown; i++)
		put_edges(out, report, cycle, number, i);
	fputs("  }\n", out);
	return rc;
}

int allotp_cycles_write_dot(FILE *out, const struct allot_cycles_report *report)
{
	int rc = 0;

	fputs("digraph cycles {\n  node [shape=box, fontname=\"monospace\"];\n  edge [fontname=\"monospace\"];\n", out);
	for (uint32_t i = 0; i < report->shown && rc == 0; i++)
		rc = put_cycle(out, report, i);
	fputs("}\n", out);
	return rc;
}
