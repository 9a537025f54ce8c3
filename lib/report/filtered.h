/* SPDX-License-Identifier: MIT */
/* What is left of a snapshot after filters. */
#ifndef ALLOT_REPORT_FILTERED_H
#define ALLOT_REPORT_FILTERED_H

#include <stdio.h>

#include "report/statistics.h"

/* For filtered snapshots: which part of the measure is left, of what ranks first in it (bytes, or blocks for COUNT); 0 to 1. */
double allotp_filtered_share(const struct allot_snapshot *snapshot, enum allot_measure measure);

/* Writes a line that says so, beginning with prefix; nothing for snapshots that are whole. */
void allotp_filtered_write(FILE *out, const struct allot_snapshot *snapshot, enum allot_measure measure,
			   const char *prefix);

#endif
