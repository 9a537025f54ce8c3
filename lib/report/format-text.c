/* SPDX-License-Identifier: MIT */
/* The text format: tracemalloc's lines, with what a person wants to know below each. */
#include <inttypes.h>
#include <string.h>

#include "report/filtered.h"
#include "report/frame-text.h"
#include "report/print.h"
#include "report/size.h"
#include "report/writer.h"
#include "snapshot/counts.h"
#include "symbol/debug-file.h"

enum {
	CALLERS = 3,       /* shown below a line */
	SHOWN_REPEATS = 3, /* of one frame in a stack; the rest is only counted */
	NAMED_MODULES = 3, /* that have no debug information */
};

/* Columns left for a name on a line that has `taken` others; 0: any number. */
static size_t room(const struct allot_report *report, size_t taken)
{
	return allotp_room(report->options->width, taken);
}

static void write_numbers(FILE *out, const struct allot_report *report, const struct allot_group_change *change)
{
	allotp_put_numbers(out, report, change);
	putc('\n', out);
}

static void write_source(FILE *out, const struct allot_report *report, const struct allot_snapshot *snapshot,
			 const struct allot_frame *frame)
{
	allotp_put_source(out, report->options->width, frame->file, frame->line, snapshot->start_time_ns);
}

/* "file:line", or "module+0xoffset" where the file is not known. */
static void write_frame_name(char *buffer, size_t size, const struct allot_snapshot *snapshot,
			     const struct allot_symbol *symbol, const struct allot_frame *frame, const char *file)
{
	if (file)
		snprintf(buffer, size, "%s:%" PRIu32, file, frame->line);
	else
		allotp_symbol_name(snapshot, symbol, buffer, size);
}

/* " (module)" */
static void write_module(FILE *out, const struct allot_snapshot *snapshot, const struct allot_symbol *symbol)
{
	if (!symbol->module)
		return;
	fputs(" (", out);
	allotp_put(out, allotp_base_name(snapshot->modules[symbol->module].path));
	putc(')', out);
}

/*
 * "    in function (module)" below a line; "    most at file:line in function (module)" below what spans several.
 * Nothing below "module+0xoffset" that has no function: all is said.
 */
static void write_place(FILE *out, const struct allot_report *report, const struct allot_snapshot *snapshot,
			const struct allot_symbol *symbol, const struct allot_frame *frame)
{
	const char *module = symbol->module ? allotp_base_name(snapshot->modules[symbol->module].path) : "";
	size_t taken = strlen("    in  (") + strlen(module) + strlen(") [inlined]");
	bool is_line = report->options->group_by == ALLOT_GROUP_LINE;

	if (is_line && !frame->function && !frame->file)
		return;
	fputs("   ", out);
	if (!is_line) {
		char name[4096];

		write_frame_name(name, sizeof(name), snapshot, symbol, frame, frame->file);
		fputs(" most at ", out);
		allotp_put(out, name);
		taken += strlen("most at ") + strlen(name);
	}
	if (frame->function) {
		fputs(" in ", out);
		allotp_put_function(out, frame->function, room(report, taken));
	}
	if (frame->inlined)
		fputs(" [inlined]", out);
	if (frame->function || frame->file)
		write_module(out, snapshot, symbol);
	putc('\n', out);
}

/* "    called by f (a.c:3), g (b.c:4), main (c.c:5)" */
static int write_callers(FILE *out, const struct allot_report *report, const struct allot_view *view,
			 struct allot_backtrace backtrace)
{
	const char *separator = "    called by ";
	const struct allot_frame *frame;
	int shown = 0, rc;

	while ((rc = allotp_backtrace_next(&backtrace, view, &frame)) > 0 && shown < CALLERS) {
		char name[4096];

		if (allotp_frame_is_start(frame))
			break;
		if (frame->function && allotp_is_library_template(frame->function))
			continue;
		write_frame_name(name, sizeof(name), view->snapshot, backtrace.symbol, frame,
				 frame->file ? allotp_base_name(frame->file) : NULL);
		fputs(separator, out);
		if (frame->function) {
			allotp_put_function(out, frame->function, room(report, 0) / CALLERS);
			fputs(" (", out);
		}
		allotp_put(out, name);
		if (frame->function)
			putc(')', out);
		separator = ", ";
		shown++;
		if (frame->function && !strcmp(frame->function, "main"))
			break;
	}
	if (shown)
		putc('\n', out);
	return rc < 0 ? rc : 0;
}

static int write_details(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	const struct allot_view *view = allotp_group_view(report, group);
	struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	const struct allot_frame *frame;
	int rc = allotp_backtrace_next(&backtrace, view, &frame);

	if (rc <= 0)
		return rc;
	write_place(out, report, view->snapshot, backtrace.symbol, frame);
	write_source(out, report, view->snapshot, frame);
	return write_callers(out, report, view, backtrace);
}

static void write_repeats(FILE *out, uint64_t repeats)
{
	if (repeats >= SHOWN_REPEATS)
		fprintf(out, "  [the last frame is repeated %" PRIu64 " more time%s]\n", repeats - SHOWN_REPEATS + 1,
			ALLOT_PLURAL(repeats - SHOWN_REPEATS + 1));
}

static void write_stack_end(FILE *out, const struct allot_snapshot *snapshot, uint32_t end)
{
	if (end == ALLOT_NODE_TRUNCATED)
		fputs("  [the stack ends early: no unwind data here]\n", out);
	else if (end == ALLOT_NODE_LIMIT)
		fprintf(out, "  [the stack was cut at the depth limit of %" PRIu32 " frames]\n", snapshot->depth_limit);
}

static int write_stack(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	const struct allot_view *view = allotp_group_view(report, group);
	struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	const struct allot_frame *frame, *last = NULL;
	struct allot_traceback_frame one;
	uint64_t repeats = 0;
	int rc;

	while ((rc = allotp_backtrace_next(&backtrace, view, &frame)) > 0) {
		if (frame == last) {
			if (++repeats >= SHOWN_REPEATS)
				continue;
		} else {
			write_repeats(out, repeats);
			repeats = 0;
		}
		one = allotp_traceback_frame(view->snapshot, backtrace.symbol, frame);
		allotp_put_frame(out, report->options->width, &one, view->snapshot->start_time_ns);
		last = frame;
	}
	write_repeats(out, repeats);
	write_stack_end(out, view->snapshot, backtrace.node);
	return rc;
}

void allotp_write_text_label(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	const struct allot_label *label = allotp_keys_newest(report->statistics->keys, group->key);

	if (report->options->group_by == ALLOT_GROUP_FUNCTION)
		allotp_put_function(out, label->text,
				    room(report, strlen(": size=1023 KiB, count=99999, average=1023 KiB")));
	else
		allotp_put(out, label->text);
	fputs(": ", out);
}

int allotp_write_text_place(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	return report->options->group_by == ALLOT_GROUP_STACK ? write_stack(out, report, group)
							      : write_details(out, report, group);
}

int allotp_write_text_group(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	struct allot_group_change change = allotp_group_change(report, group);

	allotp_write_text_label(out, report, group);
	write_numbers(out, report, &change);
	return allotp_write_text_place(out, report, group);
}

/* "7 other: size=4.2 KiB, count=17" and, in a diff, how many have not changed. */
static void write_others(FILE *out, const struct allot_report *report)
{
	const struct allot_statistics *statistics = report->statistics;
	uint32_t others = report->ranked - report->shown, unchanged = statistics->count - report->ranked;
	struct allot_group_change sum = { 0 };

	for (uint32_t i = report->shown; i < report->ranked; i++) {
		struct allot_group_change change = allotp_group_change(report, &statistics->groups[i]);

		allotp_count_add(&sum.now, change.now);
		sum.bytes += change.bytes;
		sum.blocks += change.blocks;
		allotp_variance_add(&sum.variance, change.variance);
		allotp_variance_add(&sum.change_variance, change.change_variance);
	}
	if (others) {
		fprintf(out, "%" PRIu32 " other: ", others);
		write_numbers(out, report, &sum);
	}
	if (report->before && unchanged)
		fprintf(out, "%" PRIu32 " unchanged\n", unchanged);
}

/* "live 51.3 KiB in 200 blocks", with how it changed in a diff, or how exact it is. */
static void write_count(FILE *out, const char *what, struct allot_count now, const struct allot_count *before,
			const struct allot_variance *variance)
{
	fprintf(out, "%s %s", what, allotp_size((double)now.bytes).text);
	if (variance)
		fputs(allotp_size_error(variance->bytes).text, out);
	if (before)
		fprintf(out, " (%s)", allotp_size_change((double)now.bytes - (double)before->bytes).text);
	fprintf(out, " in %" PRIu64, now.blocks);
	if (variance)
		fputs(allotp_count_error(variance->blocks).text, out);
	fprintf(out, " block%s", ALLOT_PLURAL(now.blocks));
	if (before)
		fprintf(out, " (%+" PRId64 ")", (int64_t)(now.blocks - before->blocks));
}

static void write_totals(FILE *out, const struct allot_report *report)
{
	const struct allot_statistics *statistics = report->statistics;
	const struct allot_snapshot *now = report->now->snapshot;
	const struct allot_snapshot *before = report->before ? report->before->snapshot : NULL;
	struct allot_variances variances = allotp_snapshot_variances(now);
	bool sampled = now->sampling_bytes;

	putc('\n', out);
	write_count(out, "Live", now->live, before ? &before->live : NULL, sampled ? &variances.live : NULL);
	write_count(out, ", peak", now->peak, before ? &before->peak : NULL, sampled ? &variances.peak : NULL);
	write_count(out, ", ever", now->ever, before ? &before->ever : NULL, sampled ? &variances.ever : NULL);
	write_count(out, ", temporary", now->temporary, before ? &before->temporary : NULL,
		    sampled ? &variances.temporary : NULL);
	fprintf(out, "; %" PRIu64 " free%s.\n", now->frees, ALLOT_PLURAL(now->frees));
	if (report->options->measure == ALLOT_MEASURE_AUTO && statistics->measure == ALLOT_MEASURE_PEAK &&
	    now->peak.blocks)
		fputs("Nothing was live any more, so this is what was live at the peak.\n", out);
}

/* The module whose missing debug information is why a group has no line; 0: none, or it has one. */
static int find_module_without_lines(const struct allot_report *report, const struct allot_group *group,
				     uint32_t *module)
{
	const struct allot_view *view = allotp_group_view(report, group);
	struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	const struct allot_frame *frame;
	int rc = allotp_backtrace_next(&backtrace, view, &frame);

	*module = 0;
	if (rc <= 0 || frame->file || group->gone)
		return rc < 0 ? rc : 0;
	switch (allotp_module_symbols(view->resolver, backtrace.symbol->module)) {
	case ALLOT_SYMBOLS_TABLE:
	case ALLOT_SYMBOLS_DYNAMIC:
	case ALLOT_SYMBOLS_NONE:
		*module = backtrace.symbol->module;
		return 0;
	default:
		return 0;
	}
}

/* Adds the modules of a list's groups to those whose debug information is missed. */
static int find_modules_without_lines(const struct allot_report *report, uint32_t *modules, uint32_t *count)
{
	for (uint32_t i = 0; i < report->shown && *count < NAMED_MODULES; i++) {
		uint32_t known = 0;
		int rc = find_module_without_lines(report, &report->statistics->groups[i], &modules[*count]);

		if (rc < 0)
			return rc;
		while (modules[known] != modules[*count])
			known++;
		if (modules[*count] && known == *count)
			++*count;
	}
	return 0;
}

/* "No debug information for a, b: …", if that is why groups that are shown have no line. */
static int write_modules_without_lines(FILE *out, const struct allot_report *report)
{
	uint32_t modules[NAMED_MODULES], count = 0;
	int rc = find_modules_without_lines(report, modules, &count);

	if (rc == 0 && report->also)
		rc = find_modules_without_lines(report->also, modules, &count);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < count; i++) {
		fputs(i ? ", " : "No debug information for ", out);
		allotp_put(out, allotp_base_name(report->now->snapshot->modules[modules[i]].path));
	}
	if (count)
		fputs(allotp_debug_servers() ? ", so no lines: install it; the servers of DEBUGINFOD_URLS sent none.\n"
					     : ", so no lines: install it, or set DEBUGINFOD_URLS.\n",
		      out);
	return 0;
}

/* How to see more of it, said once. */
static void write_hint(FILE *out, const struct allot_report *report)
{
	const char *separator = "More: ";

	if (!report->shown)
		return;
	if (report->options->group_by != ALLOT_GROUP_STACK && !report->options->objects) {
		fprintf(out, "%s--group-by stack for whole stacks", separator);
		separator = ", ";
	}
	if (report->shown < report->ranked) {
		fprintf(out, "%s--top %" PRIu32 " for all of them", separator, report->ranked);
		separator = ", ";
	}
	if (!report->options->leaks && report->options->group_by != ALLOT_GROUP_TYPE) {
		fprintf(out, "%s--by live|peak|ever|count|temporary", separator);
		separator = ", ";
	}
	if (*separator == ',')
		fputs(".\n", out);
}

static void write_total(FILE *out, const struct allot_report *report)
{
	struct allot_group_change total = allotp_total_change(report);

	fprintf(out, "Total %s: ", allotp_report_total_name(report));
	write_numbers(out, report, &total);
}

static int write_list(FILE *out, const struct allot_report *report)
{
	char title[96];

	allotp_report_title(report, title, sizeof(title));
	fprintf(out, "[ %s ]\n", title);
	for (uint32_t i = 0; i < report->shown; i++) {
		int rc = allotp_write_text_group(out, report, &report->statistics->groups[i]);

		if (rc < 0)
			return rc;
	}
	if (!report->options->cumulative)
		write_others(out, report);
	write_total(out, report);
	return 0;
}

int allotp_write_text(FILE *out, const struct allot_report *report)
{
	int rc = write_list(out, report);

	if (rc == 0 && report->also) {
		putc('\n', out);
		rc = write_list(out, report->also);
	}
	if (rc < 0)
		return rc;
	write_totals(out, report);
	if (report->before)
		allotp_filtered_write(out, report->before->snapshot, report->statistics->measure, "Old: ");
	allotp_filtered_write(out, report->now->snapshot, report->statistics->measure, report->before ? "New: " : "");
	if (report->before)
		allotp_trust_write(out, report->before, &report->trust_before, "Old: ");
	allotp_trust_write(out, report->now, &report->trust, report->before ? "New: " : "");
	rc = write_modules_without_lines(out, report);
	write_hint(out, report);
	return rc;
}
