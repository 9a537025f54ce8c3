/* SPDX-License-Identifier: MIT */
/* Tests what sampled blocks count for: against the mathematical library, and that it makes estimates right on the average. */
#include <math.h>

#include "store/weight.h"
#include "unit.h"

static double fraction(uint64_t value, unsigned int bits)
{
	return ldexp((double)value, -(int)bits);
}

static double probability(uint64_t sampling_bytes, uint64_t size)
{
	return -expm1(-((double)size + 1) / (double)sampling_bytes);
}

/* As near as the fraction's bits allow, and in proportion. */
static void near(double found, double expected, double step, uint64_t sampling_bytes, uint64_t size)
{
	ck_assert_msg(fabs(found - expected) <= step / 2 + 1e-6 * expected, "%.17g is not %.17g, for %llu in %llu",
		      found, expected, (unsigned long long)size, (unsigned long long)sampling_bytes);
}

START_TEST(as_computed)
{
	static const uint64_t intervals[] = {
		1, 2, 7, 64, 1000, 4096, 524288, 1 << 20, UINT64_C(1) << 30, ALLOT_SAMPLING_MAX
	};

	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		for (uint64_t size = 0; size < UINT64_C(1) << 47; size += size / 3 + 1) {
			struct allot_weight weight = allotp_weigh(intervals[i], size);
			double p = probability(intervals[i], size), bytes = (double)size / p;
			double q = exp(-((double)size + 1) / (double)intervals[i]);

			near(fraction(weight.blocks, ALLOT_FRACTION_BLOCKS), 1 / p, 0x1p-20, intervals[i], size);
			near(fraction(weight.bytes, ALLOT_FRACTION_BYTES), bytes, 0x1p-10, intervals[i], size);
			/* Where p is almost 1 the variance is what rounding has left of the difference. */
			near(ldexp((double)weight.variance.blocks, -2 * ALLOT_FRACTION_BLOCKS), q / p / p, 0x1p-20 / p,
			     intervals[i], size);
			near(ldexp((double)weight.variance.bytes, -2 * ALLOT_FRACTION_BYTES), bytes * bytes * q,
			     bytes * 0x1p-9, intervals[i], size);
		}
	}
}
END_TEST

/* Computed with 50 digits. */
START_TEST(exact_values)
{
	static const struct {
		uint64_t sampling_bytes, size, bytes, blocks;
	} expected[] = {
		{ 524288, 0, UINT64_C(0), UINT64_C(549756338176) },
		{ 524288, 100, UINT64_C(531606560), UINT64_C(5443651175) },
		{ 524288, 524287, UINT64_C(849315657), UINT64_C(1658823) },
		{ 524288, 1048576, UINT64_C(1241800992), UINT64_C(1212696) },
		{ 64, 24, UINT64_C(76001), UINT64_C(3242689) },
		{ 1, 0, UINT64_C(0), UINT64_C(1658823) },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct allot_weight weight = allotp_weigh(expected[i].sampling_bytes, expected[i].size);

		ck_assert_uint_eq(weight.bytes, expected[i].bytes);
		ck_assert_uint_eq(weight.blocks, expected[i].blocks);
	}
}
END_TEST

START_TEST(large_blocks_are_certain)
{
	for (uint64_t interval = 1; interval <= ALLOT_SAMPLING_MAX; interval *= 32) {
		uint64_t size = 44 * interval;
		struct allot_weight weight = allotp_weigh(interval, size);

		ck_assert_uint_eq(weight.bytes, size << ALLOT_FRACTION_BYTES);
		ck_assert_uint_eq(weight.blocks, 1 << ALLOT_FRACTION_BLOCKS);
		ck_assert(weight.variance.bytes == 0 && weight.variance.blocks == 0);
	}
}
END_TEST

/* What a block counts for, times how often it is chosen, is the block. */
START_TEST(right_on_the_average)
{
	for (uint64_t interval = 16; interval <= 1 << 20; interval *= 4) {
		for (uint64_t size = 1; size < 8 << 20; size = size * 3 + 1) {
			struct allot_weight weight = allotp_weigh(interval, size);
			double p = probability(interval, size);

			ck_assert_double_eq_tol(p * fraction(weight.blocks, ALLOT_FRACTION_BLOCKS), 1, 1e-6);
			ck_assert_double_eq_tol(p * fraction(weight.bytes, ALLOT_FRACTION_BYTES) / (double)size, 1,
						5e-5);
		}
	}
}
END_TEST

START_TEST(monotonic)
{
	/* A larger block counts for fewer, and never for less than itself. */
	uint64_t last = UINT64_MAX;

	for (uint64_t size = 0; size < 100000; size += 7) {
		struct allot_weight weight = allotp_weigh(4096, size);

		ck_assert_uint_le(weight.blocks, last);
		ck_assert_uint_ge(weight.blocks, 1 << ALLOT_FRACTION_BLOCKS);
		ck_assert_uint_ge(weight.bytes, size << ALLOT_FRACTION_BYTES);
		last = weight.blocks;
	}
}
END_TEST

START_TEST(hostile_intervals)
{
	struct allot_weight most = allotp_weigh(ALLOT_SAMPLING_MAX, 100), weight = allotp_weigh(UINT64_MAX, 100);

	ck_assert_uint_eq(weight.bytes, most.bytes);
	ck_assert_uint_eq(weight.blocks, most.blocks);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("weight");
	TCase *tcase = tcase_create("weight");

	tcase_add_test(tcase, as_computed);
	tcase_add_test(tcase, exact_values);
	tcase_add_test(tcase, large_blocks_are_certain);
	tcase_add_test(tcase, right_on_the_average);
	tcase_add_test(tcase, monotonic);
	tcase_add_test(tcase, hostile_intervals);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
