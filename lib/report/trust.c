/* SPDX-License-Identifier: MIT */
/* The trust header in words: what a reader must know before believing the numbers. */
#include "report/trust.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/label.h"
#include "report/print.h"
#include "report/size.h"

enum { WORST_MODULES = 3, NAMED_MODULES = 5 };

static int is_unnamed(const struct allot_view *view, const struct allot_site *site, bool *unnamed)
{
	const struct allot_symbol *symbol;
	uint32_t origin;
	int rc = allotp_backtrace_origin(view, site->stack, &origin);

	if (rc < 0)
		return rc;
	*unnamed = true;
	if (origin < ALLOT_NODE_FIRST)
		return 0;
	symbol = allotp_resolve(view->resolver, origin);
	if (!symbol)
		return -ENOMEM;
	*unnamed = !symbol->frames[0].function;
	return 0;
}

int allotp_trust_summarize(const struct allot_view *view, struct allot_trust_summary *out)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	struct allot_trust_summary summary = { .clean_exit = snapshot->trust.exit == ALLOT_EXIT_CLEAN };

	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		summary.lost += snapshot->trust.lost[i];
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		bool unnamed = false;
		int rc = snapshot->sites[i].live.bytes ? is_unnamed(view, &snapshot->sites[i], &unnamed) : 0;

		if (rc < 0)
			return rc;
		if (unnamed)
			summary.unsymbolized_bytes += snapshot->sites[i].live.bytes;
	}
	*out = summary;
	return 0;
}

void allotp_exit_text(const struct allot_snapshot *snapshot, char *buffer, size_t size)
{
	const struct allot_trust *trust = &snapshot->trust;

	switch (trust->exit) {
	case ALLOT_EXIT_RUNNING:
		snprintf(buffer, size, "still running when this was taken, %.1f s after its start",
			 (double)snapshot->time_ns / 1e9);
		break;
	case ALLOT_EXIT_CLEAN:
		snprintf(buffer, size, "exit status %" PRId32, trust->exit_value);
		break;
	case ALLOT_EXIT_SIGNALED:
		snprintf(buffer, size, "killed by signal %" PRId32 " (%s)", trust->exit_value,
			 strsignal(trust->exit_value));
		break;
	case ALLOT_EXIT_EXEC:
		snprintf(buffer, size, "replaced by another program (exec)");
		break;
	default:
		snprintf(buffer, size, "killed, or gone without a word");
		break;
	}
}

const char *allotp_lost_text(enum allot_lost reason)
{
	static const char *const texts[ALLOT_LOST_REASONS] = {
		[ALLOT_LOST_STORE_FULL] = "the store could not grow",
		[ALLOT_LOST_THREADS] = "more threads at once than the store has rings",
		[ALLOT_LOST_NESTED] = "signal handlers nested too deep inside the tracer",
		[ALLOT_LOST_INTERRUPTED] = "half applied when the process that drained was killed",
		[ALLOT_LOST_CORRUPT] = "the store was damaged",
	};

	return texts[reason];
}

const char *allotp_symbols_text(enum allot_module_symbols symbols)
{
	switch (symbols) {
	case ALLOT_SYMBOLS_FULL:
		return "full debug information";
	case ALLOT_SYMBOLS_TABLE:
		return "symbol table only";
	case ALLOT_SYMBOLS_DYNAMIC:
		return "stripped, exported names only";
	case ALLOT_SYMBOLS_MISSING:
		return "file is missing";
	case ALLOT_SYMBOLS_REBUILT:
		return "file was rebuilt, not used";
	case ALLOT_SYMBOLS_NONE:
		return "no names at all";
	default:
		return "not asked for";
	}
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void write_lost(FILE *out, const struct allot_trust *trust, const char *prefix)
{
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		if (trust->lost[i])
			fprintf(out, "%s%" PRIu64 " event%s lost, so the numbers are not exact: %s.\n", prefix,
				trust->lost[i], ALLOT_PLURAL(trust->lost[i]), allotp_lost_text(i));
	if (trust->stopped)
		fprintf(out, "%sRecording stopped before the program ended: later allocations and frees are missing.\n",
			prefix);
}

/* The module with the most truncated walks after the previous one (UINT32_MAX: of all); UINT32_MAX: no more. */
static uint32_t next_worst(const struct allot_snapshot *snapshot, uint32_t previous)
{
	uint32_t worst = UINT32_MAX;
	const struct allot_module *modules = snapshot->modules;

	for (uint32_t i = 0; i < snapshot->module_count; i++) {
		uint64_t n = modules[i].truncated;

		if (!n || (previous != UINT32_MAX &&
			   (n > modules[previous].truncated || (n == modules[previous].truncated && i <= previous))))
			continue;
		if (worst == UINT32_MAX || n > modules[worst].truncated)
			worst = i;
	}
	return worst;
}

static void write_truncated(FILE *out, const struct allot_snapshot *snapshot, const char *prefix)
{
	const struct allot_trust *trust = &snapshot->trust;
	uint32_t module = UINT32_MAX;

	if (trust->limited)
		fprintf(out, "%s%" PRIu64 " of %" PRIu64 " stacks reach the depth limit of %" PRIu32 " frames.\n",
			prefix, trust->limited, trust->walks, snapshot->depth_limit);
	if (!trust->truncated)
		return;
	fprintf(out, "%s%" PRIu64 " of %" PRIu64 " stacks (%.1f %%) end early for want of unwind data", prefix,
		trust->truncated, trust->walks, percent(trust->truncated, trust->walks));
	for (int i = 0; i < WORST_MODULES; i++) {
		module = next_worst(snapshot, module);
		if (module == UINT32_MAX)
			break;
		fputs(i ? ", " : ", in ", out);
		allotp_put(out, module ? allotp_base_name(snapshot->modules[module].path) : "code of no file");
		fprintf(out, " (%" PRIu64 ")", snapshot->modules[module].truncated);
	}
	fputs(".\n", out);
}

/* Modules whose names could not be had because the file has gone or has changed. */
static void write_modules(FILE *out, const struct allot_view *view, const char *prefix)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	uint32_t written = 0, more = 0;

	for (uint32_t i = 1; i < snapshot->module_count; i++) {
		enum allot_module_symbols symbols = allotp_module_symbols(view->resolver, i);

		if (symbols != ALLOT_SYMBOLS_MISSING && symbols != ALLOT_SYMBOLS_REBUILT)
			continue;
		if (written == NAMED_MODULES) {
			more++;
			continue;
		}
		written++;
		fputs(prefix, out);
		allotp_put(out, snapshot->modules[i].path);
		fputs(symbols == ALLOT_SYMBOLS_MISSING
			      ? ": no such file here, so its functions have no names.\n"
			      : ": not the file that ran (its build-id differs), so its functions have no names.\n",
		      out);
	}
	if (more)
		fprintf(out, "%s%" PRIu32 " more module%s like that; `allot info` lists them.\n", prefix, more,
			ALLOT_PLURAL(more));
}

void allotp_trust_write(FILE *out, const struct allot_view *view, const struct allot_trust_summary *summary,
			const char *prefix)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	const struct allot_trust *trust = &snapshot->trust;
	bool perfect = !summary->lost && !trust->stopped;
	const char *state = !perfect ? "Incomplete:" : snapshot->sampling_bytes ? "Samples recorded:" : "All recorded:";
	char end[160];

	if (snapshot->sampling_bytes)
		fprintf(out,
			"%sSampled: one block in about %s allocated; sizes and counts are estimates ± standard error.\n",
			prefix, allotp_size((double)snapshot->sampling_bytes).text);
	allotp_exit_text(snapshot, end, sizeof(end));
	fprintf(out, "%s%s %" PRIu64 " event%s; %s.\n", prefix, state, trust->events, ALLOT_PLURAL(trust->events), end);
	write_lost(out, trust, prefix);
	write_truncated(out, snapshot, prefix);
	if (summary->unsymbolized_bytes)
		fprintf(out, "%s%s (%.1f %%) of the live bytes come from functions without a name.\n", prefix,
			allotp_size((double)summary->unsymbolized_bytes).text,
			percent(summary->unsymbolized_bytes, snapshot->live.bytes));
	write_modules(out, view, prefix);
	if (trust->differing)
		fprintf(out, "%s%" PRIu64 " of %" PRIu64 " verified stacks differ from the reference unwinder's.\n",
			prefix, trust->differing, trust->verified);
	if (trust->mismatched)
		fprintf(out,
			"%s%" PRIu64 " block%s freed by the wrong function (new[] by delete, malloc by delete, ...).\n",
			prefix, trust->mismatched, trust->mismatched == 1 ? " was" : "s were");
	if (trust->unknown_frees)
		fprintf(out,
			"%s%" PRIu64 " block%s freed that nobody was seen to allocate: some code calls past allot.\n",
			prefix, trust->unknown_frees, trust->unknown_frees == 1 ? " was" : "s were");
	if (trust->double_allocations)
		fprintf(out,
			"%s%" PRIu64
			" block%s allocated where another was live: its free was not seen, or the allocator "
			"calls itself by name and counts twice.\n",
			prefix, trust->double_allocations, trust->double_allocations == 1 ? " was" : "s were");
	if (trust->untraced_children)
		fprintf(out, "%s%" PRIu64 " child process%s not followed (`allot run --follow`).\n", prefix,
			trust->untraced_children, trust->untraced_children == 1 ? " was" : "es were");
	if (*snapshot->note) {
		fputs(prefix, out);
		allotp_put(out, snapshot->note);
		putc('\n', out);
	}
}
