/* SPDX-License-Identifier: MIT */
/* The functions of include/allot/trace.h as liballot.so exports them: by their names and in the table. */
#ifndef ALLOT_PRELOAD_API_H
#define ALLOT_PRELOAD_API_H

#define ALLOT_TRACE_TYPES_ONLY
#include "allot/trace.h"

int allot_start(int frames);
int allot_stop(void);
int allot_is_tracing(void);
int allot_get_traced_memory(size_t *current, size_t *peak);
int allot_reset_peak(void);
int allot_clear_traces(void);
int allot_get_traceback_limit(void);
size_t allot_get_overhead(void);
int allot_get_domain_traceback(int domain, const void *pointer, void **frames, int capacity);
int allot_domain(const char *name);
int allot_track(int domain, const void *pointer, size_t size);
int allot_untrack(int domain, const void *pointer);
void *allot_domain_calloc(int domain, size_t count, size_t size);
void allot_domain_free(int domain, void *block);
int allot_take_snapshot(const char *path);
int allot_take_snapshot_in_memory(void **data, size_t *size);
void allot_free_snapshot(void *data, size_t size);

int allot_check_leaks(struct allot_leak_counts *found);
int allot_leak_ignore(const void *block);
void allot_leaks_disable(void);
void allot_leaks_enable(void);
int allot_root_register(const void *memory, size_t size);
int allot_root_unregister(const void *memory, size_t size);

unsigned long long allot_region_begin(const char *name);
void allot_region_end(unsigned long long region);
int allot_mark(const char *name);

/* In the table alone: what the blocks of region.h and check.h are made of. */
unsigned long long allotp_api_region_enter(const char *name, void *guard, const void *frame);
int allotp_api_budget_enter(const char *file, int line, void *guard, const void *frame,
			    unsigned long long *budget);
int allotp_api_budget_leave(unsigned long long budget, const struct allot_limits *limits, char *text, size_t size);

/* Likewise, for liballot-object: what walks its heaps, whose objects are in that domain. 0. */
int allotp_api_objects_announce(int domain, allot_object_walk *walk);

#endif
