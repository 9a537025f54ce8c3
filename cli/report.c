/* SPDX-License-Identifier: MIT */
/* allot report: ranks the call sites of a snapshot. */
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

	return allotp_render(&command_report, arguments, arguments->operands[0], NULL, &standard, error);
}

const struct allot_command command_report = {
	.name = "report",
	.operands = "SNAP",
	.summary = "rank the call sites of a snapshot by the memory they hold",
	.help = "Blocks are live until they are freed. The peak is the moment when most bytes were live. A temporary "
		"block was freed by the thread that allocated it, with no other allocation of that thread in between.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
