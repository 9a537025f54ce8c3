/* SPDX-License-Identifier: MIT */
/* What a fresh store begins with, before its first event. */
#ifndef ALLOT_STORE_BEGIN_H
#define ALLOT_STORE_BEGIN_H

#include "store/store.h"

struct allot_store_start {
	uint32_t flags; /* ALLOT_STORE_* */
	uint32_t pid, parent_pid;
	uint32_t depth_limit;    /* 0: none */
	uint64_t sampling_bytes; /* 0: every block is recorded */
	uint32_t ring_events;    /* in a segment of a ring; a power of two */
	bool counter;            /* stamps come from the cycle counter */
};

/*
 * Fills the header of a store that was just created and sets up its stack tree and live table. What else there is to
 * say goes in after that, and then `ready` is set. Async-signal-safe. 0 or a negative errno.
 */
int allotp_store_begin(struct allot_store *store, const struct allot_store_start *start);

#endif
