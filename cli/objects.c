/* SPDX-License-Identifier: MIT */
/* allot objects: the objects of liballot-object by their types, and what has grown. */
#include "command.h"
#include "filters.h"
#include "object-input.h"
#include "options.h"
#include "render.h"

static const struct allot_option options[] = {
	ALLOT_RENDER_TOP,     ALLOT_FILTERS_FILTER, ALLOT_FILTERS_ALL_FRAMES,
	ALLOT_FILTERS_REGION, ALLOT_RENDER_FORMAT,  { 0 },
};

static int open_input(const char *operand, const struct allot_filter_options *filters,
		      struct allot_progress_line *progress, allot_snapshot_t **out, struct allot_error *error)
{
	int status = allotp_object_input(operand, progress, out, error);

	if (status == EXIT_OK && allotp_filter_options_apply(filters, out, error) < 0)
		return EXIT_USAGE;
	return status;
}

static int show(const struct allot_arguments *arguments, const struct allot_filter_options *filters,
		const struct allot_report_options *how, struct allot_error *error)
{
	allot_snapshot_t *snapshot = NULL, *older = NULL;
	struct allot_progress_line progress;
	char **operands = arguments->operands;
	int status = EXIT_OK;

	allotp_progress_line_init(&progress);
	if (arguments->operand_count == 2)
		status = open_input(operands[0], filters, &progress, &older, error);
	if (status == EXIT_OK)
		status = open_input(operands[arguments->operand_count - 1], filters, &progress, &snapshot, error);
	if (status == EXIT_OK && allotp_render_snapshots(stdout, snapshot, older, how, &progress, error) < 0)
		status = EXIT_USAGE;
	allotp_progress_line_clear(&progress);
	allot_snapshot_free(snapshot);
	allot_snapshot_free(older);
	return status;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	struct allot_report_options how = { .group_by = ALLOT_GROUP_TYPE,
					    .measure = ALLOT_MEASURE_LIVE,
					    .objects = true };
	struct allot_filter_options filters;
	int status = EXIT_USAGE;

	if (allotp_render_options(&command_objects, arguments, &how, error) < 0)
		return EXIT_USAGE;
	if (allotp_filter_options(&command_objects, arguments, &filters, error) == 0)
		status = show(arguments, &filters, &how, error);
	allotp_filter_options_release(&filters);
	return status;
}

const struct allot_command command_objects = {
	.name = "objects",
	.operands = "[OLD] SNAP|PID",
	.summary = "count the objects of liballot-object by type; of two snapshots, what has grown",
	.help = "Of a program that uses liballot-object and was traced. A snapshot has the objects that there were when the program "
		"took it itself, or at its exit; a running program is stopped for some milliseconds, copied, and the copy is "
		"looked at. Objects are as large as the program says.\n\n"
		"Exit status: 0; 2 wrong usage or bad input, or no such program; 3 the objects are not known.",
	.options = options,
	.min_operands = 1,
	.max_operands = 2,
	.run = run,
};
