/* SPDX-License-Identifier: MIT */
/* Where in memory the calling thread's own stack lies. Async-signal-safe; leaves errno alone. */
#ifndef ALLOT_PRELOAD_EXTENT_H
#define ALLOT_PRELOAD_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

struct allot_stack_extent {
	uintptr_t low, high; /* both 0: not looked up yet; high 1: it cannot be told */
};

/*
 * Whether both addresses are in the thread's own stack, so that the lower one is of a frame that was called later; not so
 * on the stacks of coroutines and of signal handlers. *extent is the thread's, looked up when it is first needed.
 */
bool allotp_extent_holds(struct allot_stack_extent *extent, uintptr_t a, uintptr_t b);

#endif
