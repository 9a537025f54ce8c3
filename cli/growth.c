/* SPDX-License-Identifier: MIT */
/* allot leaks --growth: which call sites hold more and more, of kept snapshots. */
#include "growth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "filters.h"
#include "leak-options.h"
#include "leaks/growth.h"
#include "library/handle.h"
#include "options.h"
#include "render.h"
#include "terminal.h"

struct request {
	const struct allot_command *command;
	const struct allot_arguments *arguments;
	struct allot_report_options report;
	struct allot_leak_options leaks;
	struct allot_filter_options filters;
	struct allot_progress_line progress;
	struct allot_error *error;
	allot_snapshot_t **snapshots; /* as many as operands; NULL: not there */
	struct allot_view *views;
	uint32_t locked; /* how many of them are */
};

/* What says nothing of growth must not be taken to. */
static int refuse_others(const struct request *request)
{
	static const char *const others[] = { "show", "new", "heuristics", "why", "dot" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (allotp_option_value(request->command, request->arguments, others[i]))
			return allotp_error(request->error, -EINVAL, "--%s does not go with --growth", others[i]);
	}
	if (request->report.group_by == ALLOT_GROUP_TYPE)
		return allotp_error(request->error, -EINVAL, "--group-by type does not go with --growth");
	if (request->leaks.error_on & ~ALLOT_LEAK_GROWTH)
		return allotp_error(request->error, -EINVAL, "--growth: --error-on can only be growth");
	return 0;
}

static int read_options(struct request *request)
{
	int rc = allotp_render_options(request->command, request->arguments, &request->report, request->error);

	if (rc == 0)
		rc = allotp_leak_options(request->command, request->arguments, &request->leaks, request->error);
	if (rc == 0)
		rc = allotp_filter_options(request->command, request->arguments, &request->filters, request->error);
	return rc ? rc : refuse_others(request);
}

/* Loads, filters and locks all of them; their names can be looked up then. */
static int open_all(struct request *request)
{
	int rc = 0;

	for (int i = 0; i < request->arguments->operand_count && rc == 0; i++) {
		rc = allot_snapshot_load(request->arguments->operands[i], &request->snapshots[i], request->error);
		if (rc < 0)
			break;
		allot_snapshot_set_progress(request->snapshots[i], allotp_progress_line_show, &request->progress);
		rc = allotp_filter_options_apply(&request->filters, &request->snapshots[i], request->error);
		if (rc == 0 && allotp_handle_lock(request->snapshots[i], &request->views[i]) < 0)
			rc = allotp_error(request->error, -ENOMEM, "out of memory");
		if (rc == 0)
			request->locked++;
	}
	return rc;
}

static int show(struct request *request)
{
	const struct allot_growth_options how = {
		.group_by = request->report.group_by,
		.format = request->report.format,
		.top = request->report.top,
		.suppressions = request->leaks.report.suppressions,
		.width = allotp_terminal_width(STDOUT_FILENO),
	};
	uint32_t count = (uint32_t)request->arguments->operand_count, grows;

	if (allotp_growth_check(request->views, count, (const char *const *)request->arguments->operands,
				request->error))
		return EXIT_USAGE;
	if (allotp_growth_write(stdout, request->views, count, &how, &grows) < 0) {
		allotp_error(request->error, -ENOMEM, "out of memory");
		return EXIT_USAGE;
	}
	return grows && request->leaks.error_on & ALLOT_LEAK_GROWTH ? EXIT_GATE : EXIT_OK;
}

int allotp_growth(const struct allot_command *command, const struct allot_arguments *arguments,
		  struct allot_error *error)
{
	struct request request = {
		.command = command,
		.arguments = arguments,
		.report = { .measure = ALLOT_MEASURE_LIVE },
		.error = error,
		.snapshots = calloc((size_t)arguments->operand_count, sizeof(allot_snapshot_t *)),
		.views = calloc((size_t)arguments->operand_count, sizeof(struct allot_view)),
	};
	int status = EXIT_USAGE, rc;

	allotp_progress_line_init(&request.progress);
	rc = request.snapshots && request.views ? read_options(&request)
						: allotp_error(error, -ENOMEM, "out of memory");
	if (rc == 0)
		rc = open_all(&request);
	if (rc == 0)
		status = show(&request);
	allotp_progress_line_clear(&request.progress);
	while (request.locked)
		allotp_handle_unlock(request.snapshots[--request.locked]);
	for (int i = 0; request.snapshots && i < arguments->operand_count; i++)
		allot_snapshot_free(request.snapshots[i]);
	free(request.snapshots);
	free(request.views);
	allotp_filter_options_release(&request.filters);
	allotp_leak_options_release(&request.leaks);
	return status;
}
