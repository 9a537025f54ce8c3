/* SPDX-License-Identifier: MIT */
/* What glibc keeps of threads in memory: the stacks of those that live, and of those that have ended. */
#ifndef ALLOT_SCAN_THREADS_H
#define ALLOT_SCAN_THREADS_H

#include "scan/mappings.h"
#include "scan/roots.h"
#include "store/layout.h"

/* The stack that a thread was given; for the main thread (whose tid is pid) the kernel's. Empty: not known. */
struct allot_range allotp_threads_stack(const struct allot_mappings *mappings, const struct allot_held_thread *thread,
					uint32_t pid);

/*
 * Tells of each stack that was a thread's which has ended, with all that lies in it, and what it keeps all the same: for the
 * next thread a block, the table of dynamic thread-local memory; for whoever joins it the thread's result, or 0. fields: where in
 * struct pthread that stands. held: those that live.
 */
void allotp_threads_dead(struct allot_mappings *mappings, const struct allot_thread_fields *fields,
			 const uint64_t *held, uint64_t held_count,
			 void (*found)(void *context, struct allot_range stack, uint64_t table, uint64_t result),
			 void *context);

/*
 * Whether a word is in thread-local memory of the thread, in the part that it was given at its start: of which module, as the loader
 * counts, and where in its part; or with 0 for the module, how far it is in what libc itself keeps of the thread.
 */
bool allotp_threads_local(const struct allot_mappings *mappings, const struct allot_held_thread *thread,
			  uint64_t address, uint32_t *module, uint64_t *place);

#endif
