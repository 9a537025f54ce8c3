/* SPDX-License-Identifier: MIT */
/* Tells the caller's progress function how far a slow step is, at most about ten times a second. */
#ifndef ALLOT_SYMBOL_PROGRESS_H
#define ALLOT_SYMBOL_PROGRESS_H

#include <stdint.h>

#include "symbol/symbol.h"

struct allot_progress {
	allot_progress_fn *report; /* NULL: nobody wants to know */
	void *context;
	char what[128];       /* the step under way */
	uint64_t done, total; /* how far the whole is; kept up to date by the resolver */
	uint64_t last_ns;
};

/* report may be NULL. */
void allotp_progress_init(struct allot_progress *progress, allot_progress_fn *report, void *context, uint64_t total);
/* Begins a step named by printf-style arguments and reports it at once. */
void allotp_progress_begin(struct allot_progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Reports the step again if the last report is 100 ms old; cheap enough for an inner loop. */
void allotp_progress_tick(struct allot_progress *progress);

#endif
