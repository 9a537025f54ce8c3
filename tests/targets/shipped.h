/* SPDX-License-Identifier: MIT */
/*
 * What ships with calls of its tracer in it: a program, position-independent or not, static, in C or C++, or a library that
 * is opened later. Each says in the same way what the calls do.
 */
#ifndef ALLOT_TESTS_SHIPPED_H
#define ALLOT_TESTS_SHIPPED_H

#include <stdio.h>
#include <stdlib.h>

#include "allot/trace.h"

/* Whether a number is what it should be while the program is traced, and what it says otherwise. */
static inline const char *shipped_word(int result, int traced)
{
	if (result == ALLOT_NOT_TRACING)
		return "not tracing";
	return traced ? "done" : "failed";
}

/* One line: "tracing: …" or "not tracing: …", and what each call has said. */
static inline int ship(void)
{
	static char pool[16];
	void *block, *data = NULL, *frame = NULL;
	char *own;
	size_t size = 0, current = 0, most = 0;
	int domain, result;

	printf("%s:", allot_is_tracing() ? "tracing" : "off");
	result = allot_start(20);
	printf(" start %s,", shipped_word(result, result == 0));
	result = allot_clear_traces();
	printf(" clear %s,", shipped_word(result, result == 0));
	block = malloc(1201);
	result = allot_get_traced_memory(&current, &most);
	printf(" memory %s,", shipped_word(result, current >= 1201 && most >= current));
	result = allot_get_traceback(block, &frame, 1);
	printf(" traceback %s,", shipped_word(result, result > 0 && frame));
	domain = allot_domain("shipped");
	printf(" domain %s,", shipped_word(domain, domain >= 2));
	result = allot_track(domain, pool, sizeof(pool));
	printf(" track %s,", shipped_word(result, result == 0));
	result = allot_get_domain_traceback(domain, pool, &frame, 1);
	printf(" domain traceback %s,", shipped_word(result, result > 0));
	result = allot_untrack(domain, pool);
	printf(" untrack %s,", shipped_word(result, result == 0));
	own = (char *)allot_domain_calloc(domain, 1, 1203);
	if (!own || own[0] || own[1202])
		abort();
	allot_domain_free(domain, own);
	result = allot_reset_peak();
	printf(" reset %s,", shipped_word(result, result == 0));
	result = allot_take_snapshot("shipped.image");
	printf(" snapshot %s,", shipped_word(result, result == 0));
	result = allot_take_snapshot_in_memory(&data, &size);
	printf(" in memory %s,", shipped_word(result, result == 0 && data && size));
	allot_free_snapshot(data, size);
	printf(" limit %s, overhead %s,", allot_get_traceback_limit() ? "some" : "none",
	       allot_get_overhead() ? "some" : "none");
	free(block);
	result = allot_stop();
	printf(" stop %s\n", shipped_word(result, result == 0));
	return 0;
}

#endif
