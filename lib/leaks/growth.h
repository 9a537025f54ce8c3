/* SPDX-License-Identifier: MIT */
/* Growth: which call sites hold more and more, told of the history in one snapshot, or of several snapshots. */
#ifndef ALLOT_LEAKS_GROWTH_H
#define ALLOT_LEAKS_GROWTH_H

#include <stdio.h>

#include <allot/snapshot.h>

#include "gate/suppression.h"
#include "report/backtrace.h"

struct allot_error;

struct allot_growth_options {
	enum allot_group_by group_by;
	enum allot_format format;
	uint32_t top; /* how many groups; 0: as many as fit on a screen in text and Markdown, all in JSON and CSV */
	struct allot_suppressions *suppressions; /* NULL: none */
	unsigned width;                          /* of the terminal; 0: none */
	bool appendix;                           /* behind another report: what that has told is left out of the text */
};

enum { ALLOT_GROWTH_LEAST = 3 }; /* snapshots, or points of a history */

/*
 * Whether growth can be told of these: one snapshot that has a history of three points, or three snapshots of the same build of one
 * program, in order of time. names[] are theirs, for the error. 0; -ENODATA: there is too little; -EINVAL: they do not go together.
 */
int allotp_growth_check(const struct allot_view *views, uint32_t count, const char *const *names,
			struct allot_error *error);

/*
 * Writes the report of what allotp_growth_check has passed. *grows gets how many groups grow that no suppression holds. Returns 0 or
 * -ENOMEM; errors of the stream are its owner's.
 */
int allotp_growth_write(FILE *out, const struct allot_view *views, uint32_t count,
			const struct allot_growth_options *options, uint32_t *grows);

#endif
