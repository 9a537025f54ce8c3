/* SPDX-License-Identifier: MIT */
/*
 * What a sampled block stands for. Sampling is a Poisson process over the bytes that are allocated: it strikes about once
 * in `sampling_bytes`, and a block that it strikes is recorded. So a block of `size` bytes is recorded with the probability
 * p = 1 - exp(-(size + 1) / sampling_bytes), and counted as 1/p blocks it makes up, on the average, for those of its
 * size that were not (the estimator of Horvitz and Thompson). Every block has one byte more here than was asked for, so
 * that one of no bytes has its chance, too.
 *
 * All in whole numbers, so that every process gets the same: a free takes out what its allocation put in.
 */
#ifndef ALLOT_STORE_WEIGHT_H
#define ALLOT_STORE_WEIGHT_H

#include "store/layout.h"

/* More than this for sampling_bytes counts as this. */
#define ALLOT_SAMPLING_MAX (UINT64_C(1) << 40)

struct allot_weight {
	uint64_t bytes;  /* size/p, with a fraction of ALLOT_FRACTION_BYTES bits */
	uint64_t blocks; /* 1/p, with a fraction of ALLOT_FRACTION_BLOCKS bits */
	/* What the block adds to the variance of estimates: (1-p)/p² times size² or 1. */
	struct allot_spread variance;
};

/* sampling_bytes is not 0. */
struct allot_weight allotp_weigh(uint64_t sampling_bytes, uint64_t size);

#endif
