/* SPDX-License-Identifier: MIT */
/* What the writers of the formats are given. */
#ifndef ALLOT_LEAKS_WRITER_H
#define ALLOT_LEAKS_WRITER_H

#include "leaks/cycles.h"
#include "leaks/leaks.h"
#include "report/writer.h"

/* The groups of one class: of each, `live` is what it has, `ever` what its blocks lead to, `temporary` what is new. */
struct allot_leaks_list {
	struct allot_snapshot snapshot; /* a shadow of the one that was looked at, with other sites */
	struct allot_view view;
	struct allot_statistics *statistics;
	struct allot_report report;
};

struct allot_leaks_report {
	const struct allot_leaks_options *options;
	const struct allot_view *view;
	const struct allot_tally *tally;
	const char *complaint; /* why the program's own suppressions are not used; NULL: nothing is wrong with them */
	struct allot_report_options how; /* of the lists */
	struct allot_leaks_list lists[ALLOT_LEAKS];
	struct allot_cycles cycles;
};

/* Each returns 0 or -ENOMEM. */
int allotp_leaks_write_text(FILE *out, const struct allot_leaks_report *report);
int allotp_leaks_write_json(FILE *out, const struct allot_leaks_report *report);

#endif
