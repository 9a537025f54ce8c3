/* SPDX-License-Identifier: MIT */
/* One line on the terminal that tells how far a slow step is, and goes away when it is done. */
#ifndef ALLOT_CLI_PROGRESS_H
#define ALLOT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct allot_progress_line {
	bool terminal;       /* standard error is one; nothing is written otherwise */
	bool shown;          /* the line is there */
	uint64_t started_ns; /* CLOCK_MONOTONIC */
	uint64_t written_ns;
};

/* To be called when the work begins: nothing is shown in its first second. */
void allotp_progress_line_init(struct allot_progress_line *progress);
/* An allot_progress_fn (allot/snapshot.h); context is the struct allot_progress_line. */
void allotp_progress_line_show(void *context, const char *what, uint64_t done, uint64_t total);
/* Wipes the line, before anything else is written. */
void allotp_progress_line_clear(struct allot_progress_line *progress);

#endif
