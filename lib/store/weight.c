/* SPDX-License-Identifier: MIT */
/* What a sampled block stands for. */
#include "store/weight.h"

/* Fractions are in units of 2^-63. */
#define ONE (UINT64_C(1) << 63)

enum {
	CERTAIN = 44, /* exp(-44) is less than such a unit */
	TERMS = 12,   /* the rest of the series is, too */
};

static uint64_t multiply(uint64_t a, uint64_t b)
{
	return (uint64_t)((unsigned __int128)a * b >> 63);
}

/* 1 - exp(-bytes / interval) */
static uint64_t probability(uint64_t bytes, uint64_t interval)
{
	unsigned int halvings = 0;
	uint64_t x, p = ONE;

	if (bytes / interval >= CERTAIN)
		return ONE;
	while ((unsigned __int128)interval << halvings <= (unsigned __int128)bytes * 16)
		halvings++;
	x = (uint64_t)(((unsigned __int128)bytes << (63 - halvings)) / interval);
	/* x - x²/2! + x³/3! … for x below 1/16 */
	for (unsigned int i = TERMS; i > 1; i--)
		p = ONE - multiply(x, p) / i;
	p = multiply(x, p);
	/* 1 - exp(-2x) is p (2 - p) where p is 1 - exp(-x) */
	while (halvings--)
		p = 2 * p - multiply(p, p);
	return p ? p : 1;
}

struct allot_weight allotp_weigh(uint64_t sampling_bytes, uint64_t size)
{
	uint64_t interval = sampling_bytes < ALLOT_SAMPLING_MAX ? sampling_bytes : ALLOT_SAMPLING_MAX;
	uint64_t p = probability(size + 1, interval);
	unsigned __int128 bytes, blocks;
	struct allot_weight weight;

	bytes = (((unsigned __int128)size << (63 + ALLOT_FRACTION_BYTES)) + p / 2) / p;
	blocks = (((unsigned __int128)1 << (63 + ALLOT_FRACTION_BLOCKS)) + p / 2) / p;
	weight.bytes = (uint64_t)bytes;
	weight.blocks = (uint64_t)blocks;
	/* (1-p)/p² = 1/p (1/p - 1) */
	weight.variance.bytes = bytes * (bytes - ((unsigned __int128)size << ALLOT_FRACTION_BYTES));
	weight.variance.blocks = blocks * (blocks - ((unsigned __int128)1 << ALLOT_FRACTION_BLOCKS));
	return weight;
}
