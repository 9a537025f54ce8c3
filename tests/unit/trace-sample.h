/* SPDX-License-Identifier: MIT */
/* Snapshots of single traces, as CPython's tests have them, made through the public interface. */
#ifndef ALLOT_TESTS_TRACE_SAMPLE_H
#define ALLOT_TESTS_TRACE_SAMPLE_H

#include <allot/snapshot.h>

/* One live block: its domain, its size, and its frames "file:line", the most recent first, with ';' between. */
struct trace_sample {
	unsigned domain;
	uint64_t size;
	const char *stack;
};

/*
 * A snapshot with one call site for each trace, in their order; a stack of NULL ends them. Domains are "malloc", "mmap",
 * "two", "three", "four". Ends the test if it cannot be made.
 */
allot_snapshot_t *trace_sample_new(const struct trace_sample *traces);

/* The two that CPython's test_tracemalloc compares: b.py:1 and the unknown are gone in the second, c.py:578 is new. */
extern const struct trace_sample trace_sample_old[], trace_sample_young[];

/* A snapshot's call sites as trace_sample_new takes them, "1 2 a.py:5;b.py:4\n" for each; to be freed by free(). */
char *trace_sample_text(const allot_snapshot_t *snapshot);

#endif
