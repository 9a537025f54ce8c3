/* SPDX-License-Identifier: MIT */
/* Tells the caller's progress function how far a slow step is, at most about ten times a second. */
#include "symbol/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define INTERVAL_NS UINT64_C(100000000)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void allotp_progress_init(struct allot_progress *progress, allot_progress_fn *report, void *context, uint64_t total)
{
	*progress = (struct allot_progress){
		.report = report, .context = context, .what = "looking up names", .total = total, .last_ns = now_ns()
	};
}

void allotp_progress_begin(struct allot_progress *progress, const char *format, ...)
{
	va_list args;

	if (!progress->report)
		return;
	va_start(args, format);
	vsnprintf(progress->what, sizeof(progress->what), format, args);
	va_end(args);
	progress->last_ns = now_ns();
	progress->report(progress->context, progress->what, progress->done, progress->total);
}

void allotp_progress_tick(struct allot_progress *progress)
{
	uint64_t now;

	if (!progress->report)
		return;
	now = now_ns();
	if (now - progress->last_ns < INTERVAL_NS)
		return;
	progress->last_ns = now;
	progress->report(progress->context, progress->what, progress->done, progress->total);
}
