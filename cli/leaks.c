/* SPDX-License-Identifier: MIT */
/* allot leaks: what a program has lost; of a snapshot in which leaks were not looked for, what was never freed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "command.h"
#include "filters.h"
#include "growth.h"
#include "leak-options.h"
#include "library/handle.h"
#include "options.h"
#include "render.h"
#include "terminal.h"

static const struct allot_option options[] = {
	ALLOT_RENDER_TOP,
	ALLOT_RENDER_GROUP_BY("line"),
	ALLOT_LEAKS_SHOW,
	ALLOT_LEAKS_ERROR_ON,
	ALLOT_LEAKS_NEW,
	ALLOT_GROWTH_OPTION,
	ALLOT_LEAKS_SUPPRESSIONS,
	ALLOT_FILTERS_FILTER,
	ALLOT_FILTERS_ALL_FRAMES,
	ALLOT_LEAKS_HEURISTICS,
	ALLOT_FILTERS_DOMAIN,
	ALLOT_FILTERS_REGION,
	ALLOT_RENDER_FORMAT,
	ALLOT_LEAKS_WHY,
	{ "dot", 0, NULL, "draw the cycles of lost blocks, or what --why asks for, for graphviz's dot" },
	{ 0 },
};

/* What the options ask for. */
struct request {
	const struct allot_arguments *arguments;
	struct allot_report_options report;
	struct allot_leak_options leaks;
	struct allot_filter_options filters;
	struct allot_progress_line progress;
	bool dot, asked; /* asked: the process itself, just now */
	struct allot_error *error;
};

static int read_options(struct request *request)
{
	int rc = allotp_render_options(&command_leaks, request->arguments, &request->report, request->error);

	if (rc == 0)
		rc = allotp_leak_options(&command_leaks, request->arguments, &request->leaks, request->error);
	if (rc == 0)
		rc = allotp_filter_options(&command_leaks, request->arguments, &request->filters, request->error);
	request->dot = allotp_option_value(&command_leaks, request->arguments, "dot") != NULL;
	request->leaks.report.group_by = request->report.group_by;
	request->leaks.report.format = request->report.format;
	request->leaks.report.top = request->report.top;
	request->leaks.report.width = allotp_terminal_width(STDOUT_FILENO);
	return rc;
}

/* Nobody has looked: whatever was not freed may have leaked. */
static int show_never_freed(struct request *request, const allot_snapshot_t *snapshot)
{
	if (request->leaks.error_on || request->leaks.report.suppressions || request->leaks.report.fresh ||
	    request->leaks.why || request->dot) {
		allotp_error(request->error, -ENODATA,
			     "%s: leaks were not looked for; 'allot run --leaks' does, or 'allot leaks PID'",
			     request->arguments->operands[0]);
		return EXIT_USAGE;
	}
	request->report.group_by = allotp_option_value(&command_leaks, request->arguments, "group-by")
					   ? request->report.group_by
					   : ALLOT_GROUP_STACK;
	return allotp_render_snapshots(stdout, snapshot, NULL, &request->report, &request->progress, request->error) < 0
		       ? EXIT_USAGE
		       : EXIT_OK;
}

static int show_leaks(struct request *request, const struct allot_view *view)
{
	struct allot_count counts[ALLOT_LEAKS];

	if (request->report.format != ALLOT_FORMAT_TEXT && request->report.format != ALLOT_FORMAT_JSON) {
		allotp_error(request->error, -EINVAL, "--format: leaks are told as text or json");
		return EXIT_USAGE;
	}
	if (request->leaks.why)
		return allotp_leak_options_why(stdout, &request->leaks, view, request->asked, request->dot,
					       request->error) < 0
			       ? EXIT_USAGE
			       : EXIT_OK;
	if ((request->dot ? allotp_leaks_write_dot(stdout, view)
			  : allotp_leaks_write(stdout, view, &request->leaks.report, counts)) < 0) {
		allotp_error(request->error, -ENOMEM, "out of memory");
		return EXIT_USAGE;
	}
	return request->dot ? EXIT_OK : allotp_leak_options_status(&request->leaks, counts);
}

static int show(struct request *request, const allot_snapshot_t *snapshot)
{
	struct allot_view view;
	char reason[256];
	int status;

	if (!snapshot->snapshot->leaks.looked && !snapshot->snapshot->leaks.error)
		return show_never_freed(request, snapshot);
	if (!snapshot->snapshot->leaks.looked) {
		allotp_leaks_failure(snapshot->snapshot, reason, sizeof(reason));
		allotp_error(request->error, -ENODATA, "%s: %s", request->arguments->operands[0], reason);
		return EXIT_INCOMPLETE;
	}
	if (allotp_handle_lock(snapshot, &view) < 0) {
		allotp_error(request->error, -ENOMEM, "out of memory");
		return EXIT_USAGE;
	}
	status = show_leaks(request, &view);
	allotp_handle_unlock(snapshot);
	return status;
}

static int look_into_process(struct request *request, int pid, allot_snapshot_t **out)
{
	struct allot_snapshot *snapshot;
	int rc = allotp_attach(pid, request->leaks.heuristics, request->leaks.why_address, &snapshot, request->error);

	if (rc < 0)
		return rc;
	request->asked = true;
	rc = allotp_handle_new(snapshot, out);
	if (rc < 0) {
		allotp_snapshot_free(snapshot);
		return allotp_error(request->error, rc, "out of memory");
	}
	return 0;
}

static int open_operand(struct request *request, allot_snapshot_t **out)
{
	const char *operand = request->arguments->operands[0];
	int pid;

	if (allotp_is_process(operand, &pid))
		return look_into_process(request, pid, out);
	if (allotp_option_value(&command_leaks, request->arguments, "heuristics"))
		return allotp_error(
			request->error, -EINVAL,
			"--heuristics: the leaks of a snapshot were looked for already; 'allot run --leaks' has it, too");
	return allot_snapshot_load(operand, out, request->error);
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	struct request request = {
		.arguments = arguments,
		.report = { .measure = ALLOT_MEASURE_LIVE, .leaks = true },
		.error = error,
	};
	allot_snapshot_t *snapshot = NULL;
	int status = EXIT_USAGE, rc;

	if (allotp_option_value(&command_leaks, arguments, "growth"))
		return allotp_growth(&command_leaks, arguments, error);
	allotp_progress_line_init(&request.progress);
	rc = read_options(&request);
	if (rc == 0 && arguments->operand_count > 1)
		rc = allotp_error(error, -EINVAL, "several snapshots go with --growth alone");
	if (rc == 0 && request.leaks.error_on & ALLOT_LEAK_GROWTH)
		rc = allotp_error(error, -EINVAL, "--error-on growth goes with --growth");
	if (rc == 0)
		rc = open_operand(&request, &snapshot);
	if (rc == 0) {
		allot_snapshot_set_progress(snapshot, allotp_progress_line_show, &request.progress);
		rc = allotp_filter_options_apply(&request.filters, &snapshot, error);
	}
	if (rc == 0)
		status = show(&request, snapshot);
	allotp_progress_line_clear(&request.progress);
	allot_snapshot_free(snapshot);
	allotp_filter_options_release(&request.filters);
	allotp_leak_options_release(&request.leaks);
	return status;
}

const struct allot_command command_leaks = {
	.name = "leaks",
	.operands = "SNAP|PID [SNAP…]",
	.summary = "show what a program has lost: blocks that no pointer leads to",
	.help = "The snapshot is one of 'allot run --leaks'; a running program that is traced is stopped for some milliseconds, "
		"copied, and the copy is looked through. Definitely lost is a block that no pointer leads to; indirectly lost, "
		"what only lost blocks point to; possibly lost, what only pointers into the middle of blocks lead to; the rest is "
		"still reachable. Of a snapshot in which leaks were not looked for, it shows what was never freed, by stack.\n\n"
		"--growth is about what is reachable and a leak all the same: the call sites that hold more with every repetition, told "
		"from those that grew once. It takes a snapshot of 'allot run --repeat-mark' or '--interval', or several snapshots.\n\n"
		"Exit status: 0; 1 with --error-on, if there are such leaks; 2 wrong usage or bad input; 3 leaks could not be looked "
		"for.",
	.options = options,
	.min_operands = 1,
	.max_operands = -1,
	.run = run,
};
