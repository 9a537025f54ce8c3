/* SPDX-License-Identifier: MIT */
/* Whether a snapshot is complete enough to be judged by. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gate/verdict.h"
#include "report/print.h"
#include "report/trust.h"

static int add(struct allot_verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int add(struct allot_verdict *verdict, const char *format, ...)
{
	char **bigger = reallocarray(verdict->incomplete, verdict->incomplete_count + (size_t)1, sizeof(*bigger)),
	     *text;
	va_list args;
	int length;

	if (!bigger)
		return -ENOMEM;
	verdict->incomplete = bigger;
	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	bigger[verdict->incomplete_count++] = text;
	return 0;
}

static int find_lost(struct allot_verdict *verdict, const struct allot_trust *trust, const char *prefix)
{
	int rc = 0;

	for (int i = 0; i < ALLOT_LOST_REASONS && rc == 0; i++)
		if (trust->lost[i])
			rc = add(verdict, "%s%" PRIu64 " event%s lost: %s", prefix, trust->lost[i],
				 trust->lost[i] == 1 ? " was" : "s were", allotp_lost_text(i));
	if (rc == 0 && trust->stopped)
		rc = add(verdict, "%srecording stopped before the program ended", prefix);
	if (rc == 0 && !trust->events)
		rc = add(verdict, "%sno allocation was recorded", prefix);
	return rc;
}

static int find_end(struct allot_verdict *verdict, const struct allot_snapshot *snapshot, const char *prefix)
{
	char end[160];

	if (snapshot->trust.exit != ALLOT_EXIT_SIGNALED && snapshot->trust.exit != ALLOT_EXIT_UNKNOWN)
		return 0;
	allotp_exit_text(snapshot, end, sizeof(end));
	return add(verdict, "%sthe program was %s", prefix, end);
}

static int find_truncated(struct allot_verdict *verdict, const struct allot_trust *trust, const char *prefix)
{
	double limit = verdict->judged->budget->truncated_percent;
	double percent = trust->walks ? 100.0 * (double)trust->truncated / (double)trust->walks : 0;

	if (percent <= limit)
		return 0;
	return add(verdict, "%s%.1f %% of the stacks end early for want of unwind data, at most %g %% may", prefix,
		   percent, limit);
}

int allotp_verdict_find_incomplete(struct allot_verdict *verdict, const struct allot_view *view, const char *prefix)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	int rc = find_lost(verdict, &snapshot->trust, prefix);

	if (rc == 0)
		rc = find_end(verdict, snapshot, prefix);
	if (rc == 0)
		rc = find_truncated(verdict, &snapshot->trust, prefix);
	if (rc == 0 && snapshot->dropped_regions && allotp_budget_has(verdict->judged->budget, ALLOT_SCOPE_REGION))
		rc = add(verdict, "%sa region could not be entered %" PRIu64 " time%s, for want of room", prefix,
			 snapshot->dropped_regions, ALLOT_PLURAL(snapshot->dropped_regions));
	return rc;
}
