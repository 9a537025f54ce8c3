/* SPDX-License-Identifier: MIT */
/* allot leaks: blocks that were never freed, by the stack that allocated them. */
#include "command.h"
#include "filters.h"
#include "render.h"

static const struct allot_option options[] = {
	ALLOT_RENDER_TOP,     ALLOT_RENDER_GROUP_BY("stack"), ALLOT_FILTERS_FILTER, ALLOT_FILTERS_ALL_FRAMES,
	ALLOT_FILTERS_DOMAIN, ALLOT_FILTERS_REGION,           ALLOT_RENDER_FORMAT,  { 0 },
};

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	const struct allot_report_options standard = {
		.group_by = ALLOT_GROUP_STACK,
		.measure = ALLOT_MEASURE_LIVE,
		.leaks = true,
	};

	return allotp_render(&command_leaks, arguments, arguments->operands[0], NULL, &standard, error);
}

const struct allot_command command_leaks = {
	.name = "leaks",
	.operands = "SNAP",
	.summary = "show the blocks that were never freed, most bytes first",
	.help = "A snapshot of a running program shows the blocks that were not freed yet. What a program still uses "
		"when it ends is shown, too.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
