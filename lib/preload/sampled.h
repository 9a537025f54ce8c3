/* SPDX-License-Identifier: MIT */
/*
 * The sampled blocks that are live, so that the frees of all others pass. In front stands a filter, one look at a byte:
 * addresses fall into buckets, and each bucket's byte counts its blocks. Blocks beside each other share a bucket, and
 * buckets beside each other a cache line, so that what the filter touches stays small beside what the program does.
 *
 * Private to the process; a forked child has its parent's, and knows its parent's blocks by it. Any thread,
 * async-signal-safe, never waits. What is done with one block is in order by the program itself: it does not free a
 * block in one thread before another has it, nor does the allocator give an address out before it was freed.
 */
#ifndef ALLOT_PRELOAD_SAMPLED_H
#define ALLOT_PRELOAD_SAMPLED_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ALLOT_SAMPLED_BUCKETS = 1 << 17,
	ALLOT_SAMPLED_GRAIN = 9, /* blocks within 2^9 bytes share a bucket */
};

extern uint8_t allotp_sampled_counts[ALLOT_SAMPLED_BUCKETS]; /* atomic */

/* Regions of 2^24 bytes, where heaps begin alike, are shifted against each other. */
static inline uint32_t allotp_sampled_bucket(const void *block)
{
	uintptr_t address = (uintptr_t)block;

	return (uint32_t)((address >> ALLOT_SAMPLED_GRAIN) + (address >> 24) * UINT64_C(0x9e3779b1)) &
	       (ALLOT_SAMPLED_BUCKETS - 1);
}

/* False: the block was not sampled. */
static inline bool allotp_sampled_maybe(const void *block)
{
	return __atomic_load_n(&allotp_sampled_counts[allotp_sampled_bucket(block)], __ATOMIC_RELAXED) != 0;
}

/* Enters a block; before any other thread has it. False: there is no memory for it. */
bool allotp_sampled_add(const void *block);

/* Takes a block out, before it is really freed. False: it was not there. */
bool allotp_sampled_remove(const void *block);

/* Makes the filter stop at a block that is not in it, and no longer. */
void allotp_sampled_hold(const void *block);
void allotp_sampled_release(const void *block);

/* Gets memory ahead, so that no system call is made for the first hundred thousand lines of blocks. */
void allotp_sampled_reserve(void);

/* Makes the filter stop at everything from here to there, for good. */
void allotp_sampled_stop_at(const void *start, const void *end);

#endif
