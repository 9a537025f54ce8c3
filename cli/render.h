/* SPDX-License-Identifier: MIT */
/* From snapshot files to a report on standard output: what report, diff and leaks share. */
#ifndef ALLOT_CLI_RENDER_H
#define ALLOT_CLI_RENDER_H

#include <allot/snapshot.h>

#include "command.h"
#include "progress.h"

/* Rows for the tables of options. */
#define ALLOT_RENDER_TOP                                                                                               \
	{                                                                                                              \
		"top", 'n', "N", "show at most N groups (default: 10; in JSON and CSV, all)"                           \
	}
#define ALLOT_RENDER_BY                                                                                                \
	{                                                                                                              \
		"by", 'b', "MEASURE",                                                                                  \
			"rank by what is live, was live at the peak, or was ever allocated, each in bytes; by the "    \
			"count of blocks ever allocated; or by what was temporary: live, peak, ever, count, "          \
			"temporary (default: live; peak if nothing is live)"                                           \
	}
#define ALLOT_RENDER_GROUP_BY(standard)                                                                                \
	{                                                                                                              \
		"group-by", 'g', "KEY", "line, function, file, module, stack, domain, region, type (default: " standard ")"  \
	}
#define ALLOT_RENDER_CUMULATIVE                                                                                        \
	{                                                                                                              \
		"cumulative", 'c', NULL,                                                                               \
			"count each block on every frame of its stack, not only on the most recent one (a recursive "  \
			"function counts it more than once)"                                                           \
	}
#define ALLOT_RENDER_FORMAT                                                                                            \
	{                                                                                                              \
		"format", 'f', "FORMAT", "text, json, markdown, csv (default: text)"                                   \
	}

/* Reads those of these options that the command has. Returns 0 or -EINVAL with the error filled in. */
int allotp_render_options(const struct allot_command *command, const struct allot_arguments *arguments,
			  struct allot_report_options *options, struct allot_error *error);

/*
 * Writes a report (allot_snapshot_report) with the progress line behind it, which is gone before the first line of a report
 * that goes to a terminal. Returns what allot_snapshot_report does.
 */
int allotp_render_snapshots(FILE *out, const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			    const struct allot_report_options *options, struct allot_progress_line *progress,
			    struct allot_error *error);

/*
 * A whole command: reads its options over the standard ones, opens the snapshot (and the older one it is compared with,
 * unless NULL), filters, and writes the report to standard output, with progress on a terminal. Returns the exit status,
 * with the error filled in if it is not EXIT_OK.
 */
int allotp_render(const struct allot_command *command, const struct allot_arguments *arguments, const char *path,
		  const char *older_path, const struct allot_report_options *standard, struct allot_error *error);

#endif
