/* SPDX-License-Identifier: MIT */
/* The trust header in words: what a reader must know before believing the numbers. */
#ifndef ALLOT_REPORT_TRUST_H
#define ALLOT_REPORT_TRUST_H

#include <stdio.h>

#include "report/backtrace.h"

struct allot_trust_summary {
	uint64_t lost; /* events, for whatever reason */
	/*
	 * Live bytes of sites whose most recent frame, allocation functions left out, has no function name; so it is 0
	 * when nothing is live.
	 */
	uint64_t unsymbolized_bytes;
	bool clean_exit; /* the program ended by exit, _exit or quick_exit */
};

/* Returns 0 and *out, or -ENOMEM. Names the most recent frame of each live site. */
int allotp_trust_summarize(const struct allot_view *view, struct allot_trust_summary *out);

/*
 * Writes one short line if all is well, else a line for each thing that is not. Each line starts with prefix
 * ("" or, say, "old: ").
 */
void allotp_trust_write(FILE *out, const struct allot_view *view, const struct allot_trust_summary *summary,
			const char *prefix);

/* How the program ended, as a part of a sentence: "exit status 0", "killed by signal 9 (Killed)" … */
void allotp_exit_text(const struct allot_snapshot *snapshot, char *buffer, size_t size);
/* Why events were lost: "the store could not grow" … */
const char *allotp_lost_text(enum allot_lost reason);
/* "full", "dynamic symbols only", "file is missing" … */
const char *allotp_symbols_text(enum allot_module_symbols symbols);

#endif
