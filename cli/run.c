/* SPDX-License-Identifier: MIT */
/* allot run: traces a program, keeps a snapshot, prints a report. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "common/clock.h"
#include "launch.h"
#include "library.h"
#include "options.h"
#include "outcome.h"
#include "pace.h"
#include "render.h"
#include "rescue.h"
#include "store/weight.h"
#include "symbol/inspect.h"
#include "tracees.h"

static const struct allot_option options[] = {
	{ "output", 'o', "FILE",
	  "where the snapshot goes (default: allot.PROG.PID.snap); that of a followed child to FILE.PID" },
	ALLOT_RENDER_TOP,
	ALLOT_RENDER_BY,
	ALLOT_RENDER_GROUP_BY("line"),
	{ "report", 'r', "FILE", "write the report to FILE instead of standard error" },
	{ "interval", 'i', "S",
	  "also keep a snapshot every S seconds: FILE.001, FILE.002, …, and tell what grows per second" },
	{ "repeat-mark", 0, "NAME",
	  "tell what grows from one mark of this name to the next: allot_mark(NAME) in the program" },
	{ "depth", 'd', "N", "keep the innermost N frames of each stack (default: all, up to 65535)" },
	{ "sample", 's', "BYTES",
	  "record only one block about every BYTES allocated (512KiB, 1M): counts are estimates then" },
	{ "follow", 0, NULL, "trace the processes that the program starts, too, and stay until they have ended" },
	{ "leaks", 'l', NULL, "look for leaks when the program exits, and report them" },
	ALLOT_LEAKS_ERROR_ON,
	ALLOT_LEAKS_SHOW,
	ALLOT_LEAKS_SUPPRESSIONS,
	ALLOT_LEAKS_HEURISTICS,
	ALLOT_LEAKS_WHY,
	{ "mmap", 0, NULL, "record mmap, munmap and mremap as a domain of their own" },
	{ 0 },
};

struct settings {
	struct allot_outcome outcome;
	struct allot_launch_plan plan;
	double interval; /* seconds; 0: none */
	char library[4200];
};

static int read_interval(const struct allot_arguments *arguments, double *interval, struct allot_error *error)
{
	const char *text = allotp_option_value(&command_run, arguments, "interval");
	char *end;

	if (!text)
		return 0;
	*interval = strtod(text, &end);
	if (end == text || *end || !(*interval >= 0.01 && *interval <= 1e6))
		return allotp_error(error, -EINVAL, "--interval: '%s' is not a number of seconds from 0.01 to 1000000",
				    text);
	return 0;
}

static bool asks(const struct allot_arguments *arguments, const char *option)
{
	return allotp_option_value(&command_run, arguments, option);
}

static int read_leaks(const struct allot_arguments *arguments, struct settings *settings, struct allot_error *error)
{
	struct allot_leak_options *leaks = &settings->outcome.leaks;
	int result = allotp_leak_options(&command_run, arguments, leaks, error);

	if (result)
		return result;
	settings->plan.leaks = settings->outcome.look = asks(arguments, "leaks");
	settings->plan.heuristics = leaks->heuristics;
	settings->plan.why = leaks->why_address;
	settings->outcome.growth = settings->plan.repeat || settings->interval > 0;
	settings->outcome.growth_wanted = settings->plan.repeat || leaks->error_on & ALLOT_LEAK_GROWTH;
	if (leaks->error_on & ALLOT_LEAK_GROWTH && !settings->outcome.growth)
		return allotp_error(error, -EINVAL, "--error-on growth needs --repeat-mark or --interval");
	if (!settings->plan.leaks &&
	    (leaks->error_on & ~ALLOT_LEAK_GROWTH || asks(arguments, "show") || asks(arguments, "heuristics") ||
	     leaks->why || (asks(arguments, "suppressions") && !settings->outcome.growth)))
		return allotp_error(error, -EINVAL,
				    "--error-on, --show, --suppressions, --heuristics and --why need --leaks");
	if (settings->plan.leaks && settings->plan.sampling_bytes)
		return allotp_error(error, -EINVAL,
				    "--leaks does not go with --sample: blocks that are not recorded may hold others");
	return 0;
}

static int read_settings(const struct allot_arguments *arguments, struct settings *settings, struct allot_error *error)
{
	uint64_t depth = 0;
	int result = allotp_render_options(&command_run, arguments, &settings->outcome.report, error);

	if (!result)
		result = allotp_option_number(&command_run, arguments, "depth", 1, 65535, &depth, error);
	if (!result)
		result = allotp_option_size(&command_run, arguments, "sample", 1, ALLOT_SAMPLING_MAX,
					    &settings->plan.sampling_bytes, error);
	if (!result)
		result = read_interval(arguments, &settings->interval, error);
	if (!result)
		result = allotp_library_find(settings->library, sizeof(settings->library), error);
	settings->plan.repeat = allotp_option_value(&command_run, arguments, "repeat-mark");
	if (!result && settings->plan.repeat && !*settings->plan.repeat)
		result = allotp_error(error, -EINVAL, "--repeat-mark: a mark has a name");
	settings->outcome.output = allotp_option_value(&command_run, arguments, "output");
	settings->outcome.report_path = allotp_option_value(&command_run, arguments, "report");
	settings->plan.library = settings->library;
	settings->plan.depth = (uint32_t)depth;
	settings->plan.follow = allotp_option_value(&command_run, arguments, "follow") != NULL;
	settings->plan.mmap = allotp_option_value(&command_run, arguments, "mmap") != NULL;
	return result ? result : read_leaks(arguments, settings, error);
}

/* A program that has run for so long makes it worth while to read ahead for its report. */
#define FORESIGHT_NS 200000000

/*
 * Waits a little and drains. program is the process whose end is for others to look after; 0: none. Returns when that was, by
 * CLOCK_MONOTONIC.
 */
static uint64_t step(struct allot_pace *pace, struct allot_launch *launch, struct allot_tracees *tracees,
		     struct allot_outcome *outcome, pid_t program)
{
	uint64_t now;
	bool look;

	allotp_launch_wait(launch, pace->pause);
	now = allotp_clock_ns(CLOCK_MONOTONIC);
	look = allotp_pace_look(pace, now);
	allotp_pace_drained(pace, allotp_tracees_poll(tracees, look));
	if (look)
		allotp_outcome_ended(outcome, tracees, program);
	return now;
}

/* Until the program ends. */
static void watch(struct allot_launch *launch, struct allot_tracees *tracees, struct settings *settings)
{
	const uint64_t interval = (uint64_t)(settings->interval * 1e9);
	struct allot_pace pace = ALLOT_PACE_START;
	uint64_t now = allotp_clock_ns(CLOCK_MONOTONIC), next_snapshot = now + interval, foresight = now + FORESIGHT_NS;
	unsigned int snapshots = 0;

	while (!launch->ended) {
		now = step(&pace, launch, tracees, &settings->outcome, launch->pid);
		if (pace.pause && now >= foresight && !launch->ended)
			allotp_outcome_foresee(&settings->outcome, tracees, launch->pid);
		if (interval && now >= next_snapshot && !launch->ended) {
			allotp_outcome_interval(&settings->outcome, tracees, launch->pid, ++snapshots);
			next_snapshot += interval;
		}
	}
}

/*
 * Followed children may outlast the program, as a daemon does; what they record after our end would be lost. So we stay
 * until all have ended, or somebody wants us to end.
 */
static void outlast(struct allot_launch *launch, struct allot_tracees *tracees, struct allot_outcome *outcome,
		    const char *program)
{
	struct allot_pace pace = ALLOT_PACE_START;
	uint64_t now = allotp_clock_ns(CLOCK_MONOTONIC), patience = now + 1000000000;
	struct allot_children orphans;

	for (;;) {
		allotp_launch_orphans(launch, &orphans);
		if (!orphans.count)
			return;
		if (launch->left)
			break;
		if (now >= patience) {
			allotp_outcome_tell_wait(program, &orphans);
			patience = UINT64_MAX;
		}
		now = step(&pace, launch, tracees, outcome, 0);
	}
	allotp_outcome_leave(outcome, tracees, &orphans);
}

static int trace(struct settings *settings, struct allot_tracees *tracees, char **argv, struct allot_error *error)
{
	struct allot_launch launch;
	int result = allotp_tracees_init(tracees, error);

	if (!result) {
		result = allotp_tracees_make_first(tracees, error);
		settings->plan.store_fd = result;
	}
	if (result < 0)
		return EXIT_USAGE;
	settings->plan.directory = tracees->directory;
	if (allotp_launch(&launch, &settings->plan, argv, error))
		return EXIT_USAGE;
	/* A limit on file size must be an error to report, not the end of us. */
	signal(SIGXFSZ, SIG_IGN);
	allotp_outcome_name(&settings->outcome, argv[0], launch.pid);
	allotp_tracees_note(tracees, settings->outcome.base);
	watch(&launch, tracees, settings);
	allotp_tracees_poll(tracees, true);
	allotp_outcome_keep(&settings->outcome, tracees, &launch);
	if (settings->plan.follow)
		outlast(&launch, tracees, &settings->outcome, argv[0]);
	allotp_tracees_poll(tracees, true);
	allotp_outcome_keep_rest(&settings->outcome, tracees);
	allotp_tracees_free(tracees);
	allotp_launch_finish(&launch);
	/* Soon nothing is lost any more by whoever has no patience for the names of functions. */
	allotp_saver_let_through(&settings->outcome.saver, &launch.inherited.mask);
	allotp_outcome_report(&settings->outcome, argv[0]);
	/* What the program says of itself counts more. */
	return allotp_launch_exit_status(&launch) ? allotp_launch_exit_status(&launch) : settings->outcome.leak_status;
}

/* A wish that cannot be met is told before anything runs. */
static int look_at(const struct settings *settings, const char *program, struct allot_error *error)
{
	struct allot_inspection inspection;
	int result = allotp_inspect(program, &inspection, error);

	if (result < 0)
		return result;
	/* Followed, what it starts is traced even so. */
	if (!settings->plan.follow || !inspection.passes_on)
		result = allotp_inspection_verdict(&inspection, error);
	allotp_inspection_release(&inspection);
	return result;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	struct settings settings = { 0 };
	struct allot_tracees tracees = { .owner = -1 };
	int status;

	if (read_settings(arguments, &settings, error) || look_at(&settings, arguments->operands[0], error) ||
	    allotp_outcome_open(&settings.outcome, error))
		return EXIT_USAGE;
	allotp_rescue();
	status = trace(&settings, &tracees, arguments->operands, error);
	allotp_tracees_free(&tracees);
	allotp_outcome_release(&settings.outcome);
	return status;
}

const struct allot_command command_run = {
	.name = "run",
	.operands = "-- PROG [ARG…]",
	.summary = "trace a program, keep a snapshot of its allocations, print the top call sites",
	.help = "The program runs as it would alone: its input, output, signals and exit status are passed on. The exit status is "
		"the program's own, or 128 + N if signal N ended it; 2 if it could not be started or traced. With --error-on, a "
		"program that exits with status 0 gives 1 if it has such leaks, or if something grows, 3 if that could not be told.",
	.options = options,
	.min_operands = 1,
	.max_operands = -1,
	.stop_at_operand = true,
	.run = run,
};
