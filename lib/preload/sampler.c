/* SPDX-License-Identifier: MIT */
/* Which blocks are recorded when only some are: the distances between them. */
#include "preload/sampler.h"

static uint64_t first_seed, threads;

/* The generator is splitmix64: a counter, and a mixing of it. */
#define STEP UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

/*
 * -ln(u) for u from 2^-53 to 1, without the mathematical library: by the exponent, and the series of the inverse
 * hyperbolic tangent for the rest, which leaves an error below 2^-40.
 */
static double minus_log(uint64_t u53)
{
	static const double ln2 = 0.693147180559945309;
	int exponent = 63 - __builtin_clzll(u53);
	double m = (double)u53 / (double)(UINT64_C(1) << exponent), z, square, sum = 0;

	if (m > 1.4142135623730951) {
		m /= 2;
		exponent++;
	}
	z = (m - 1) / (m + 1);
	square = z * z;
	for (int i = 15; i > 0; i -= 2)
		sum = sum * square + 1.0 / i;
	return (53 - exponent) * ln2 - 2 * z * sum;
}

/* How many bytes pass before the one that is struck: a whole number n or more with the probability exp(-n / mean). */
static uint64_t draw(struct allot_sampler *sampler, uint64_t mean)
{
	sampler->random += STEP;
	return (uint64_t)(minus_log((mix(sampler->random) >> 11) + 1) * (double)mean);
}

void allotp_sampler_seed(uint64_t seed)
{
	first_seed = seed;
	__atomic_store_n(&threads, 0, __ATOMIC_RELAXED);
}

void allotp_sampler_begin(struct allot_sampler *sampler, uint64_t sampling_bytes)
{
	uint64_t thread;

	if (sampler->random)
		return;
	thread = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	sampler->random = mix(mix(first_seed) + thread * STEP) | 1;
	sampler->left = draw(sampler, sampling_bytes);
}

bool allotp_sampler_takes(struct allot_sampler *sampler, uint64_t sampling_bytes, size_t size)
{
	allotp_sampler_begin(sampler, sampling_bytes);
	if (allotp_sampler_passes(sampler, size))
		return false;
	sampler->left = draw(sampler, sampling_bytes);
	return true;
}
