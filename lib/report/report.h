/* SPDX-License-Identifier: MIT */
/* Reports: what `allot report`, `diff` and `leaks` print, and `allot run` at the end. */
#ifndef ALLOT_REPORT_REPORT_H
#define ALLOT_REPORT_REPORT_H

#include <stdio.h>

#include "report/statistics.h"

/*
 * Writes the report of a snapshot; with before (not NULL), how it differs from that older one. Returns 0,
 * -EINVAL for cumulative by stack or domain, or -ENOMEM. Errors of the stream are left for its owner to see
 * (ferror).
 */
int allotp_report_write(FILE *out, const struct allot_view *now, const struct allot_view *before,
			const struct allot_report_options *options);

#endif
