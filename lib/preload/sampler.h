/* SPDX-License-Identifier: MIT */
/*
 * Which blocks are recorded when only some are. Each thread counts down, by the bytes that it allocates, to the byte where
 * the Poisson process strikes next; store/weight.h says what a block that is struck counts for. What remains of the
 * count does not depend on what went before, so a value that an interrupted thread puts back is as good as the one
 * that a signal handler has left there.
 */
#ifndef ALLOT_PRELOAD_SAMPLER_H
#define ALLOT_PRELOAD_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allot_sampler {
	uint64_t left; /* bytes that may still be allocated before the one that is struck; 0 where nothing was drawn */
	uint64_t random; /* state of the generator; 0: nothing was drawn yet, or every block is recorded */
	const void *
		newest; /* the last block recorded, and what was left then: if that is still so, it is the last allocated */
	uint64_t newest_left;
};

/*
 * Counts a block of this size, if it is not struck. False: it is, or it is not known yet, or every block is recorded: see
 * allotp_sampler_takes.
 */
static inline bool allotp_sampler_passes(struct allot_sampler *sampler, size_t size)
{
	uint64_t left = sampler->left;

	if (size >= left)
		return false;
	sampler->left = left - size - 1;
	return true;
}

/*
 * Whether a block that did not pass is to be recorded. Draws the first number if this is the thread's first block, and the
 * next one after a block that is struck.
 */
bool allotp_sampler_takes(struct allot_sampler *sampler, uint64_t sampling_bytes, size_t size);

/* Draws the first number if that was not done: a thread that only frees can tell then that blocks are sampled. */
void allotp_sampler_begin(struct allot_sampler *sampler, uint64_t sampling_bytes);

/* Once in a process, before all others: what the threads' generators start from. */
void allotp_sampler_seed(uint64_t seed);

#endif
