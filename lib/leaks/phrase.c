/* SPDX-License-Identifier: MIT */
/* How a look for leaks was made, or why there was none, in words. */
#include "leaks/phrase.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "leaks/leaks.h"
#include "report/size.h"

const char *allotp_look_method_name(const struct allot_leaks *leaks)
{
	static const char *const names[ALLOT_LOOK_METHODS] = { "alone", "ptrace", "signals" };

	return names[leaks->method];
}

void allotp_look_text(const struct allot_leaks *leaks, char *buffer, size_t size)
{
	char who[64];

	if (leaks->method == ALLOT_LOOK_ALONE)
		snprintf(who, sizeof(who), "its one thread");
	else
		snprintf(who, sizeof(who), "%" PRIu32 " thread%s, stopped by %s,", leaks->threads,
			 leaks->threads == 1 ? "" : "s", allotp_look_method_name(leaks));
	snprintf(buffer, size, "Looked for %s: %s stood still for %.1f ms, the copy was looked through in %.1f ms",
		 leaks->at_exit ? "at exit" : "while it ran", who, (double)leaks->stop_ns / 1e6,
		 (double)leaks->scan_ns / 1e6);
}

/* Why threads could not be stopped. */
static const char *stop_failure(const struct allot_leaks *leaks)
{
	if (leaks->method == ALLOT_LOOK_SIGNALS && leaks->error == EBUSY)
		return "its threads may not be traced, or a debugger is attached, and one of them blocks all signals";
	if (leaks->method == ALLOT_LOOK_SIGNALS)
		return "its threads may not be traced, or a debugger is attached, and one of them answers no signal";
	return "a thread cannot be stopped";
}

void allotp_leaks_failure(const struct allot_snapshot *snapshot, char *buffer, size_t size)
{
	static const char *const steps[ALLOT_LOOK_STEPS] = {
		[ALLOT_LOOK_AT_NOTHING] = "the program did not end by exit",
		[ALLOT_LOOK_AT_LOCK] = "the store was held by somebody who is stopped",
		[ALLOT_LOOK_AT_FORK] = "the process cannot be copied",
		[ALLOT_LOOK_AT_MAPPINGS] = "/proc does not tell what is mapped",
		[ALLOT_LOOK_AT_MEMORY] = "there is not enough memory to look",
		[ALLOT_LOOK_AT_STORE] = "there is no room for what was found",
		[ALLOT_LOOK_AT_COPY] = "the copy ended before all of it was looked through",
		[ALLOT_LOOK_AT_FILTER] = "the program has forbidden itself system calls",
		[ALLOT_LOOK_AT_SAMPLES] = "only some blocks were recorded",
	};
	const struct allot_leaks *leaks = &snapshot->leaks;
	const char *what =
		leaks->failed_step == ALLOT_LOOK_AT_THREADS ? stop_failure(leaks) : steps[leaks->failed_step];

	if (leaks->error)
		snprintf(buffer, size, "no verdict on leaks: %s (%s)", what, strerror(leaks->error));
	else
		snprintf(buffer, size, "no verdict on leaks: %s", what);
}
