/* SPDX-License-Identifier: MIT */
/*
 * Tests the choice of blocks: that it has the probabilities that weights are made for, and that estimates made with both
 * are right on the average and as wrong as they say. All with fixed seeds.
 */
#include <math.h>

#include "preload/sampler.h"
#include "store/weight.h"
#include "unit.h"

/* What every test here stays within: it fails by chance once in two million times, and with fixed seeds never. */
#define SIGMAS 5

static bool chosen(struct allot_sampler *sampler, uint64_t sampling_bytes, size_t size)
{
	return !allotp_sampler_passes(sampler, size) && allotp_sampler_takes(sampler, sampling_bytes, size);
}

static struct allot_sampler fresh(uint64_t seed)
{
	allotp_sampler_seed(seed);
	return (struct allot_sampler){ 0 };
}

START_TEST(nothing_passes_before_the_first_draw)
{
	struct allot_sampler sampler = { 0 };

	ck_assert(!allotp_sampler_passes(&sampler, 0));
	ck_assert(!allotp_sampler_passes(&sampler, 100));
	ck_assert_uint_eq(sampler.left, 0);
}
END_TEST

START_TEST(counting_down)
{
	struct allot_sampler sampler = { .left = 100, .random = 1 };

	ck_assert(allotp_sampler_passes(&sampler, 0));
	ck_assert_uint_eq(sampler.left, 99);
	ck_assert(allotp_sampler_passes(&sampler, 9));
	ck_assert_uint_eq(sampler.left, 89);
	ck_assert(!allotp_sampler_passes(&sampler, 89));
	ck_assert(!allotp_sampler_passes(&sampler, SIZE_MAX));
	ck_assert_uint_eq(sampler.left, 89);
	ck_assert(allotp_sampler_passes(&sampler, 88));
	ck_assert_uint_eq(sampler.left, 0);
	ck_assert(!allotp_sampler_passes(&sampler, 0));
}
END_TEST

START_TEST(seeds)
{
	struct allot_sampler a = fresh(1), b, c;

	allotp_sampler_begin(&a, 1 << 20);
	b = fresh(1);
	allotp_sampler_begin(&b, 1 << 20);
	ck_assert_uint_eq(a.left, b.left);
	/* The second thread of a process, and the first of another. */
	c = (struct allot_sampler){ 0 };
	allotp_sampler_begin(&c, 1 << 20);
	ck_assert_uint_ne(c.left, b.left);
	c = fresh(2);
	allotp_sampler_begin(&c, 1 << 20);
	ck_assert_uint_ne(c.left, b.left);
	/* It begins once. */
	allotp_sampler_begin(&b, 1 << 20);
	ck_assert_uint_eq(a.left, b.left);
}
END_TEST

/* The distances are exponential: how many are n or more, for n in tenths of the mean. */
START_TEST(distances)
{
	enum { DRAWS = 400000, MEAN = 100000, BINS = 60 };
	struct allot_sampler sampler = fresh(3);
	uint32_t or_more[BINS] = { 0 };
	double sum = 0;

	for (uint32_t i = 0; i < DRAWS; i++) {
		sampler.left = 0;
		ck_assert(allotp_sampler_takes(&sampler, MEAN, SIZE_MAX));
		sum += (double)sampler.left;
		for (uint32_t bin = 0; bin < BINS && sampler.left >= (uint64_t)bin * MEAN / 10; bin++)
			or_more[bin]++;
	}
	/* Whole numbers are half a byte less on the average. */
	ck_assert_double_eq_tol(sum / DRAWS, MEAN - 0.5, SIGMAS * MEAN / sqrt(DRAWS));
	for (uint32_t bin = 0; bin < BINS; bin++) {
		double p = exp(-(double)bin / 10);

		ck_assert_double_eq_tol(or_more[bin], DRAWS * p, SIGMAS * sqrt(DRAWS * p * (1 - p)) + 1e-9);
	}
}
END_TEST

static const size_t sizes[] = { 0, 1, 24, 100, 1000, 4096, 10000, 100000 };
#define SIZES (int)(sizeof(sizes) / sizeof(sizes[0]))

START_TEST(probabilities)
{
	enum { BLOCKS = 1000000, MEAN = 1000 };
	struct allot_sampler sampler = fresh(10 + (uint64_t)_i);
	double p = -expm1(-((double)sizes[_i] + 1) / MEAN);
	uint64_t count = 0;

	for (uint32_t i = 0; i < BLOCKS; i++)
		count += chosen(&sampler, MEAN, sizes[_i]);
	ck_assert_double_eq_tol((double)count, BLOCKS * p, SIGMAS * sqrt(BLOCKS * p * (1 - p)) + 1e-9);
}
END_TEST

/* Many runs of a program that allocates blocks of all sizes in turn; a signal handler that puts old values back. */
START_TEST(estimates)
{
	enum { RUNS = 2000, ROUNDS = 200, MEAN = 5000 };
	double bytes = 0, blocks = 0, error_bytes = 0, error_blocks = 0, variance_bytes = 0, variance_blocks = 0;
	double true_bytes = 0, true_blocks = (double)ROUNDS * SIZES;

	for (int i = 0; i < SIZES; i++)
		true_bytes += (double)ROUNDS * (double)sizes[i];
	for (uint64_t run = 0; run < RUNS; run++) {
		struct allot_sampler sampler = fresh(1000 + run);
		double run_bytes = 0, run_blocks = 0;

		for (int i = 0; i < ROUNDS * SIZES; i++) {
			size_t size = sizes[i % SIZES];
			struct allot_weight weight;

			if (_i && i % 3 == 0) {
				uint64_t left = sampler.left;

				chosen(&sampler, MEAN, 700);
				if (left)
					sampler.left = left;
			}
			if (!chosen(&sampler, MEAN, size))
				continue;
			weight = allotp_weigh(MEAN, size);
			run_bytes += ldexp((double)weight.bytes, -ALLOT_FRACTION_BYTES);
			run_blocks += ldexp((double)weight.blocks, -ALLOT_FRACTION_BLOCKS);
			variance_bytes += ldexp((double)weight.variance.bytes, -2 * ALLOT_FRACTION_BYTES);
			variance_blocks += ldexp((double)weight.variance.blocks, -2 * ALLOT_FRACTION_BLOCKS);
		}
		bytes += run_bytes;
		blocks += run_blocks;
		error_bytes += (run_bytes - true_bytes) * (run_bytes - true_bytes);
		error_blocks += (run_blocks - true_blocks) * (run_blocks - true_blocks);
	}
	ck_assert_double_eq_tol(bytes / RUNS, true_bytes, SIGMAS * sqrt(variance_bytes) / RUNS);
	ck_assert_double_eq_tol(blocks / RUNS, true_blocks, SIGMAS * sqrt(variance_blocks) / RUNS);
	/* What a run is wrong by is what it says; a variance of 2000 normal numbers is known to 3 %. */
	ck_assert_double_eq_tol(error_bytes / variance_bytes, 1, SIGMAS * sqrt(2.0 / RUNS));
	ck_assert_double_eq_tol(error_blocks / variance_blocks, 1, SIGMAS * sqrt(2.0 / RUNS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sampler");
	TCase *tcase = tcase_create("sampler");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, nothing_passes_before_the_first_draw);
	tcase_add_test(tcase, counting_down);
	tcase_add_test(tcase, seeds);
	tcase_add_test(tcase, distances);
	tcase_add_loop_test(tcase, probabilities, 0, SIZES);
	tcase_add_loop_test(tcase, estimates, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
