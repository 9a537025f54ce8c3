/* SPDX-License-Identifier: MIT */
/* The text: each cycle with its members, their fields and where they were made, and what to make weak. */
#include <errno.h>
#include <inttypes.h>

#include "objects/writer.h"
#include "report/frame-text.h"
#include "report/label.h"
#include "report/print.h"
#include "report/size.h"
#include "report/trust.h"

enum {
	SHOWN = 20,  /* members of a cycle, and references of one */
	CALLERS = 3, /* that say more than a constructor, which makes all of a type */
	NAME_SIZE = 512,
};

/* "value_parse (document.c:68)" */
static void put_frame(FILE *out, const struct allot_snapshot *snapshot, const struct allot_symbol *symbol,
		      const struct allot_frame *frame)
{
	if (frame->function)
		allotp_put_function(out, frame->function, 0);
	else
		fprintf(out, "%s+0x%" PRIx64, allotp_base_name(allotp_module_name(snapshot, symbol->module)),
			allotp_symbol_offset(snapshot, symbol));
	if (frame->file) {
		fputs(" (", out);
		allotp_put(out, allotp_base_name(frame->file));
		fprintf(out, ":%" PRIu32 ")", frame->line);
	}
}

/* ", made by a (x.c:1), called by b (x.c:2), c (x.c:3)" */
static int write_origin(FILE *out, const struct allot_cycles_report *report, const struct allot_cycle_member *member)
{
	struct allot_backtrace backtrace = { 0 };
	const struct allot_frame *frame;
	int rc = allotp_cycles_origin(report, member, &backtrace.node);

	for (int i = 0; i <= CALLERS && rc >= 0; i++) {
		rc = allotp_backtrace_next(&backtrace, report->view, &frame);
		if (rc <= 0 || (i && allotp_frame_is_start(frame)))
			break;
		fputs(i == 0 ? ", made by " : i == 1 ? "\n      called by " : ", ", out);
		put_frame(out, report->view->snapshot, backtrace.symbol, frame);
	}
	return rc < 0 ? rc : 0;
}

static void write_edge(FILE *out, const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
		       const struct allot_cycle_edge *edge)
{
	char name[NAME_SIZE];

	allotp_cycles_edge_name(report, edge, name, sizeof(name));
	fputs("    ", out);
	allotp_put(out, *name ? name : "(a reference)");
	fputs(" -> ", out);
	allotp_cycles_member_name(report, &cycle->members[edge->to], name, sizeof(name));
	allotp_put(out, name);
	fputs(edge->back ? "    (leads back)\n" : "\n", out);
}

static int write_member(FILE *out, const struct allot_cycles_report *report, const struct allot_object_cycle *cycle,
			const struct allot_cycle_member *member)
{
	uint32_t shown = member->edge_count < SHOWN ? member->edge_count : SHOWN;
	char name[NAME_SIZE];
	int rc;

	allotp_cycles_member_name(report, member, name, sizeof(name));
	fputs("  ", out);
	allotp_put(out, name);
	rc = write_origin(out, report, member);
	putc('\n', out);
	for (uint32_t i = 0; i < shown; i++)
		write_edge(out, report, cycle, &cycle->edges[member->first_edge + i]);
	if (shown < member->edge_count)
		fprintf(out, "    and %" PRIu32 " more references\n", member->edge_count - shown);
	return rc;
}

struct weak {
	FILE *out;
	bool any;
};

static int write_weak(void *context, const char *type, const char *field)
{
	struct weak *weak = context;

	fputs(weak->any ? ", " : "  Made weak, this would leave no cycle: ", weak->out);
	allotp_put(weak->out, type);
	putc('.', weak->out);
	allotp_put(weak->out, field);
	weak->any = true;
	return 0;
}

static int write_cycle(FILE *out, const struct allot_cycles_report *report, const struct allot_object_cycle *cycle)
{
	uint32_t shown = cycle->member_count < SHOWN ? cycle->member_count : SHOWN;
	struct weak weak = { .out = out };
	int rc = 0;

	if (cycle->times > 1)
		fprintf(out, "%" PRIu64 " cycles, each of ", cycle->times);
	else
		fputs("A cycle of ", out);
	fprintf(out, "%" PRIu32 " object%s, %s\n", cycle->member_count, ALLOT_PLURAL(cycle->member_count),
		allotp_size((double)cycle->bytes).text);
	for (uint32_t i = 0; i < shown && rc == 0; i++)
		rc = write_member(out, report, cycle, &cycle->members[i]);
	if (shown < cycle->member_count)
		fprintf(out, "  and %" PRIu32 " more objects\n", cycle->member_count - shown);
	if (rc == 0)
		rc = allotp_cycles_each_weak(report, cycle, write_weak, &weak);
	if (weak.any)
		putc('\n', out);
	return rc;
}

static void write_count(FILE *out, struct allot_count count, const char *what)
{
	fprintf(out, "%" PRIu64 " object%s, %s%s", count.blocks, ALLOT_PLURAL(count.blocks),
		allotp_size((double)count.bytes).text, what);
}

/* How much it is in all; what is garbage besides hangs off cycles. */
static void write_totals(FILE *out, const struct allot_cycles_report *report)
{
	const struct allot_object_cycles *cycles = &report->cycles;
	struct allot_count hanging = {
		report->graph.garbage.bytes - cycles->members.bytes + report->graph.kept.bytes,
		report->graph.garbage.blocks - cycles->members.blocks + report->graph.kept.blocks,
	};

	if (report->shown < cycles->count)
		fprintf(out, "%" PRIu32 " other shape%s: --top N shows more.\n", cycles->count - report->shown,
			ALLOT_PLURAL(cycles->count - report->shown));
	fprintf(out, "Total: %" PRIu64 " cycle%s", cycles->times, ALLOT_PLURAL(cycles->times));
	if (cycles->times) {
		fputs(" of ", out);
		write_count(out, cycles->members, "; they keep alive ");
		write_count(out, hanging, "");
	}
	fputs("; of ", out);
	write_count(out, report->graph.all, ".\n");
}

int allotp_cycles_write_text(FILE *out, const struct allot_cycles_report *report)
{
	struct allot_trust_summary trust;
	int rc = allotp_trust_summarize(report->view, &trust);

	fputs("[ Unreachable cycles ]\n", out);
	for (uint32_t i = 0; i < report->shown && rc == 0; i++)
		rc = write_cycle(out, report, &report->cycles.list[i]);
	if (rc < 0)
		return rc;
	write_totals(out, report);
	if (report->graph.table->partial)
		fputs("Taken in the middle of a change: objects may be missing; what they refer to counts as reachable.\n",
		      out);
	allotp_trust_write(out, report->view, &trust, "");
	return 0;
}
