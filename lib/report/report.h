/* SPDX-License-Identifier: MIT */
/* Reports: what `allot report`, `diff` and `leaks` print, and `allot run` at the end. */
#ifndef ALLOT_REPORT_REPORT_H
#define ALLOT_REPORT_REPORT_H

#include <stdio.h>

#include "report/statistics.h"

enum allot_format {
	ALLOT_FORMAT_TEXT,
	ALLOT_FORMAT_JSON,
	ALLOT_FORMAT_MARKDOWN,
	ALLOT_FORMAT_CSV,
	ALLOT_FORMATS,
};

/* "text", "json", … */
const char *allotp_format_name(enum allot_format format);

/* All zero is the default report. */
struct allot_report_options {
	enum allot_group_by group_by;
	enum allot_measure measure;
	enum allot_format format;
	bool cumulative; /* see struct allot_statistics_options */
	/*
	 * In text, when no measure was asked for and most of what was live at the peak is gone: a second list, by
	 * peak. At the end of a tidy program what is live tells little.
	 */
	bool also_peak;
	bool leaks; /* what is live was leaked: headings say so; for ALLOT_MEASURE_LIVE */
	/*
	 * How many groups at most; 0: ten in text and Markdown, all in JSON and CSV. Text and Markdown leave out groups
	 * that have nothing of the measure (in a diff: unchanged ones); JSON and CSV have every group.
	 */
	uint32_t top;
	unsigned width;              /* of the terminal, to fit long names in; 0: not a terminal, nothing is cut */
	allot_progress_fn *progress; /* may be NULL */
	void *context;               /* for progress */
};

/*
 * Writes the report of a snapshot; with before (not NULL), how it differs from that older one. Returns 0,
 * -EINVAL for cumulative by stack or domain, or -ENOMEM. Errors of the stream are left for its owner to see
 * (ferror).
 */
int allotp_report_write(FILE *out, const struct allot_view *now, const struct allot_view *before,
			const struct allot_report_options *options);

#endif
