/* SPDX-License-Identifier: MIT */
/* allot info: what a snapshot is of, and the whole trust header. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "library/load.h"
#include "progress.h"
#include "report/print.h"
#include "report/size.h"
#include "report/statistics.h"
#include "report/trust.h"
#include "terminal.h"

static const struct allot_option options[] = { { 0 } };

static void write_label(const char *label)
{
	printf("%-16s", label);
}

static void write_number(const char *label, uint64_t value)
{
	write_label(label);
	printf("%" PRIu64 "\n", value);
}

static void write_name(const char *label, const char *name)
{
	write_label(label);
	allotp_put(stdout, name);
	putchar('\n');
}

/* variance: NULL for an exact count. */
static void write_count(const char *label, struct allot_count count, const struct allot_variance *variance)
{
	write_label(label);
	printf("%s%s (%" PRIu64 " bytes) in %" PRIu64 "%s block%s\n", allotp_size((double)count.bytes).text,
	       variance ? allotp_size_error(variance->bytes).text : "", count.bytes, count.blocks,
	       variance ? allotp_count_error(variance->blocks).text : "", ALLOT_PLURAL(count.blocks));
}

static void write_process(const struct allot_snapshot *snapshot)
{
	time_t start = (time_t)(snapshot->start_time_ns / UINT64_C(1000000000));
	struct tm parts;
	char text[160];

	write_name("program", snapshot->program);
	write_name("command", snapshot->command);
	write_number("pid", snapshot->pid);
	write_label("started");
	if (localtime_r(&start, &parts) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &parts))
		puts(text);
	else
		puts("unknown");
	write_label("taken");
	printf("%.3f s after the start\n", (double)snapshot->time_ns / 1e9);
	allotp_exit_text(snapshot, text, sizeof(text));
	write_name("end", text);
	write_label("depth limit");
	if (snapshot->depth_limit)
		printf("%" PRIu32 " frames\n", snapshot->depth_limit);
	else
		puts("none");
	write_label("sampling");
	if (snapshot->sampling_bytes)
		printf("one block in about %s allocated (%" PRIu64 " bytes): counts are estimates ± standard error\n",
		       allotp_size((double)snapshot->sampling_bytes).text, snapshot->sampling_bytes);
	else
		puts("none, every block was recorded");
	if (*snapshot->note)
		write_name("note", snapshot->note);
	if (snapshot->filters)
		write_name("filters", snapshot->filters);
}

static void write_totals(const struct allot_snapshot *snapshot)
{
	struct allot_variances variances = allotp_snapshot_variances(snapshot);
	bool sampled = snapshot->sampling_bytes;

	puts("\nTotals");
	write_count("  live", snapshot->live, sampled ? &variances.live : NULL);
	write_count("  peak", snapshot->peak, sampled ? &variances.peak : NULL);
	write_label("  peak at");
	printf("%.3f s\n", (double)snapshot->peak_time_ns / 1e9);
	write_count("  ever", snapshot->ever, sampled ? &variances.ever : NULL);
	write_count("  temporary", snapshot->temporary, sampled ? &variances.temporary : NULL);
	write_number("  frees", snapshot->frees);
}

/* A stack as one line: its functions, or addresses, innermost first. */
static void write_stack(const struct allot_snapshot *snapshot, struct allot_resolver *resolver, uint32_t node)
{
	for (const char *between = ""; node >= ALLOT_NODE_FIRST; node = snapshot->nodes[node].parent, between = ", ") {
		const struct allot_symbol *symbol = allotp_resolve(resolver, node);
		const struct allot_frame *frame = symbol ? &symbol->frames[symbol->frame_count - 1] : NULL;

		printf("%s0x%" PRIx64, between, snapshot->nodes[node].address);
		if (frame && frame->function) {
			fputs(" (", stdout);
			allotp_put(stdout, frame->function);
			putchar(')');
		}
	}
	putchar('\n');
}

static void write_difference(const struct allot_snapshot *snapshot, struct allot_resolver *resolver,
			     const struct allot_difference *difference)
{
	fputs("    walked:    ", stdout);
	write_stack(snapshot, resolver, difference->walked);
	fputs("    reference: ", stdout);
	write_stack(snapshot, resolver, difference->reference);
}

static void write_trust(const struct allot_snapshot *snapshot, struct allot_resolver *resolver)
{
	const struct allot_trust *trust = &snapshot->trust;
	uint64_t lost = 0;

	puts("\nTrust");
	write_number("  events", trust->events);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		lost += trust->lost[i];
	write_number("  lost", lost);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		if (trust->lost[i])
			printf("    %" PRIu64 ": %s\n", trust->lost[i], allotp_lost_text(i));
	write_name("  recording", trust->stopped ? "stopped before the program ended" : "complete");
	write_number("  stacks walked", trust->walks);
	write_number("  truncated", trust->truncated);
	for (uint32_t i = 0; i < snapshot->module_count; i++)
		if (snapshot->modules[i].truncated) {
			printf("    %" PRIu64 ": ", snapshot->modules[i].truncated);
			allotp_put(stdout, i ? snapshot->modules[i].path : "code of no file");
			putchar('\n');
		}
	write_number("  at the limit", trust->limited);
	write_number("  verified", trust->verified);
	write_number("  differing", trust->differing);
	for (uint32_t i = 0; i < snapshot->difference_count; i++)
		write_difference(snapshot, resolver, &snapshot->differences[i]);
	write_number("  bootstrap", trust->bootstrap);
	write_number("  unknown frees", trust->unknown_frees);
	write_number("  inherited", trust->inherited_frees);
	write_number("  mismatched", trust->mismatched);
	write_number("  uncounted", trust->double_allocations);
	write_number("  children", trust->children);
	write_number("  not followed", trust->untraced_children);
}

/* Resolves one address of each module that has a frame, so that the state of its symbols is known. */
static int try_modules(const struct allot_snapshot *snapshot, struct allot_resolver *resolver)
{
	for (uint32_t i = ALLOT_NODE_FIRST; i < snapshot->node_count; i++) {
		uint32_t module = snapshot->nodes[i].module;

		if (module && allotp_module_symbols(resolver, module) == ALLOT_SYMBOLS_UNTRIED &&
		    !allotp_resolve(resolver, i))
			return -ENOMEM;
	}
	return 0;
}

static void write_modules(const struct allot_snapshot *snapshot, struct allot_resolver *resolver)
{
	puts("\nModules");
	for (uint32_t i = 1; i < snapshot->module_count; i++) {
		const struct allot_module *module = &snapshot->modules[i];

		fputs("  ", stdout);
		allotp_put(stdout, module->path);
		printf("\n    0x%" PRIx64 "-0x%" PRIx64 ", build-id ", module->start, module->end);
		for (uint32_t b = 0; b < module->build_id_size && b < sizeof(module->build_id); b++)
			printf("%02x", module->build_id[b]);
		printf("%s, %s", module->build_id_size ? "" : "none",
		       allotp_symbols_text(allotp_module_symbols(resolver, i)));
		if (module->generation)
			printf(", generation %" PRIu32, module->generation);
		puts(module->unloaded ? ", closed" : "");
	}
}

static void write_names(const struct allot_snapshot *snapshot)
{
	puts("\nDomains");
	for (uint32_t i = 0; i < snapshot->domain_count; i++) {
		printf("  %" PRIu32 " ", i);
		allotp_put(stdout, snapshot->domains[i]);
		putchar('\n');
	}
	if (snapshot->mark_count || snapshot->dropped_marks)
		puts("\nMarks");
	for (uint32_t i = 0; i < snapshot->mark_count; i++) {
		printf("  %10.3f s  %10s  ", (double)snapshot->marks[i].time_ns / 1e9,
		       allotp_size((double)snapshot->marks[i].live_bytes).text);
		allotp_put(stdout, snapshot->marks[i].name);
		putchar('\n');
	}
	if (snapshot->dropped_marks)
		printf("  and %" PRIu64 " more, for which there was no room\n", snapshot->dropped_marks);
}

/* Each under the one around it; each has a peak of its own. */
static int write_regions(const struct allot_snapshot *snapshot)
{
	if (snapshot->region_count > 1 || snapshot->dropped_regions)
		puts("\nRegions");
	for (uint32_t i = 1; i < snapshot->region_count; i++) {
		const struct allot_program_region *region = &snapshot->regions[i];
		char *path = allotp_snapshot_region_path(snapshot, i);

		if (!path)
			return -ENOMEM;
		fputs("  ", stdout);
		allotp_put(stdout, path);
		printf(": live %s, peak %s, ever %s in %" PRIu64 " block%s\n",
		       allotp_size((double)region->live.bytes).text, allotp_size((double)region->peak.bytes).text,
		       allotp_size((double)region->ever.bytes).text, region->ever.blocks,
		       ALLOT_PLURAL(region->ever.blocks));
		free(path);
	}
	if (snapshot->dropped_regions)
		printf("  not entered %" PRIu64 " times, for want of room: what was allocated there counts outside\n",
		       snapshot->dropped_regions);
	return 0;
}

/* Live bytes over time, one column for the highest of each stretch of samples. */
static void write_sparkline(const struct allot_snapshot *snapshot, unsigned width)
{
	static const char levels[] = "_.-:=+*#";
	uint32_t columns = snapshot->sample_count < width ? snapshot->sample_count : width;
	uint64_t top = 1;

	for (uint32_t i = 0; i < snapshot->sample_count; i++)
		if (snapshot->series[i].live_bytes > top)
			top = snapshot->series[i].live_bytes;
	fputs("  ", stdout);
	for (uint32_t c = 0; c < columns; c++) {
		uint32_t from = (uint32_t)((uint64_t)c * snapshot->sample_count / columns);
		uint32_t to = (uint32_t)((uint64_t)(c + 1) * snapshot->sample_count / columns);
		uint64_t high = 0;

		for (uint32_t i = from; i < to; i++)
			if (snapshot->series[i].live_bytes > high)
				high = snapshot->series[i].live_bytes;
		putchar(levels[(size_t)((double)high / (double)top * (double)(sizeof(levels) - 2))]);
	}
	putchar('\n');
}

static void write_series(const struct allot_snapshot *snapshot)
{
	unsigned width = allotp_terminal_width(STDOUT_FILENO);
	const struct allot_sample *series = snapshot->series;
	uint32_t count = snapshot->sample_count;

	puts("\nTime series");
	write_number("  samples", count);
	if (!count)
		return;
	write_label("  from, to");
	printf("%.3f s, %.3f s\n", (double)series[0].time_ns / 1e9, (double)series[count - 1].time_ns / 1e9);
	if (width > 4)
		write_sparkline(snapshot, width - 4);
}

static void write_size(const struct allot_snapshot *snapshot, const char *path)
{
	struct stat status;

	puts("\nSnapshot");
	if (stat(path, &status) == 0)
		write_name("  file size", allotp_size((double)status.st_size).text);
	write_number("  sites", snapshot->site_count);
	write_number("  stack nodes", snapshot->node_count - ALLOT_NODE_FIRST);
	write_number("  symbols", snapshot->symbol_count);
	write_number("  blocks", snapshot->block_count);
	write_label("  store memory");
	printf("%s (%" PRIu64 " bytes)\n", allotp_size((double)snapshot->overhead_bytes).text,
	       snapshot->overhead_bytes);
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	const char *path = arguments->operands[0];
	struct allot_snapshot *snapshot;
	struct allot_resolver *resolver = NULL;
	struct allot_progress_line progress;
	int rc;

	if (allotp_load(path, &snapshot, error) < 0)
		return EXIT_USAGE;
	allotp_progress_line_init(&progress);
	rc = allotp_resolver_new(snapshot, allotp_progress_line_show, &progress, &resolver);
	if (rc == 0)
		rc = try_modules(snapshot, resolver);
	allotp_progress_line_clear(&progress);
	if (rc < 0) {
		allotp_error(error, rc, "%s: cannot read its symbols: %s", path, strerror(-rc));
	} else {
		write_process(snapshot);
		write_totals(snapshot);
		write_trust(snapshot, resolver);
		write_modules(snapshot, resolver);
		write_names(snapshot);
		rc = write_regions(snapshot);
		write_series(snapshot);
		write_size(snapshot, path);
	}
	allotp_resolver_free(resolver);
	allotp_snapshot_free(snapshot);
	return rc < 0 ? EXIT_USAGE : EXIT_OK;
}

const struct allot_command command_info = {
	.name = "info",
	.operands = "SNAP",
	.summary = "show what a snapshot is of, what to know before believing it, its modules and marks",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
