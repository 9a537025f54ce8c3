/* SPDX-License-Identifier: MIT */
/* One line on the terminal that tells how far a slow step is, and goes away when it is done. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "terminal.h"

#define FIRST_NS UINT64_C(1000000000) /* a person waits that long without asking */
#define EACH_NS UINT64_C(100000000)

void allotp_progress_line_init(struct allot_progress_line *progress)
{
	*progress = (struct allot_progress_line){ .terminal = isatty(STDERR_FILENO),
						  .started_ns = allotp_clock_ns(CLOCK_MONOTONIC) };
}

void allotp_progress_line_show(void *context, const char *what, uint64_t done, uint64_t total)
{
	struct allot_progress_line *progress = context;
	unsigned width;
	uint64_t now;
	char line[256];

	if (!progress->terminal)
		return;
	now = allotp_clock_ns(CLOCK_MONOTONIC);
	if (now - progress->started_ns < FIRST_NS || now - progress->written_ns < EACH_NS)
		return;
	if (total)
		snprintf(line, sizeof(line), "%s: %" PRIu64 " %%", what, done >= total ? 100 : done * 100 / total);
	else
		snprintf(line, sizeof(line), "%s", what);
	width = allotp_terminal_width(STDERR_FILENO);
	/* a line as wide as the terminal would wrap and could not be wiped */
	fprintf(stderr, "\r\033[K%.*s", (int)(width ? width - 1 : 0), line);
	fflush(stderr);
	progress->shown = true;
	progress->written_ns = now;
}

void allotp_progress_line_clear(struct allot_progress_line *progress)
{
	if (!progress->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->shown = false;
}
