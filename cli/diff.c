/* SPDX-License-Identifier: MIT */
/* allot diff: what has changed between two snapshots, of one run or of two. */
#include "command.h"
#include "filters.h"
#include "render.h"

static const struct allot_option options[] = {
	ALLOT_RENDER_TOP,
	ALLOT_RENDER_BY,
	ALLOT_RENDER_GROUP_BY("line"),
	ALLOT_RENDER_CUMULATIVE,
	ALLOT_FILTERS_FILTER,
	ALLOT_FILTERS_ALL_FRAMES,
	ALLOT_FILTERS_DOMAIN,
	ALLOT_FILTERS_REGION,
	ALLOT_RENDER_FORMAT,
	{ 0 },
};

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	const struct allot_report_options standard = { 0 };

	return allotp_render(&command_diff, arguments, arguments->operands[1], arguments->operands[0], &standard,
			     error);
}

const struct allot_command command_diff = {
	.name = "diff",
	.operands = "OLD NEW",
	.summary = "show what has changed between two snapshots, the largest change first",
	.help = "Groups are the same if they have the same name: file and line, function, module, or all the lines of "
		"a stack. Addresses are not compared, for they differ from run to run. JSON and CSV hold the unchanged "
		"groups, too.",
	.options = options,
	.min_operands = 2,
	.max_operands = 2,
	.run = run,
};
