/* SPDX-License-Identifier: MIT */
/* Whether a series grows: slopes worked out by hand, and series that only look as if they did. */
#include "leaks/trend.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

enum { MOST = 64 };

static double x[MOST], y[MOST];
static struct allot_trend trend;
static uint64_t random_state;

static void set_up(void)
{
	random_state = 20261121;
	for (int i = 0; i < MOST; i++)
		x[i] = i + 1;
}

static double random_real(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(random_state >> 11) / (double)(UINT64_C(1) << 53);
}

/* As good as normal: mean 0, variance 1. */
static double noise(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += random_real();
	return sum;
}

static enum allot_trend_kind judge(uint32_t n)
{
	allotp_trend_judge(&trend, x, y, n, 0);
	return trend.kind;
}

static enum allot_trend_kind judge_values(uint32_t n, const double *values)
{
	for (uint32_t i = 0; i < n; i++)
		y[i] = values[i];
	return judge(n);
}

#define JUDGE(...)                                                                                                     \
	judge_values(sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double), (const double[]){ __VA_ARGS__ })

/* Fills y with n values of an expression of i. */
#define FILL(n, value)                                                                                                 \
	do {                                                                                                           \
		for (int i = 0; i < (int)(n); i++)                                                                     \
			y[i] = (value);                                                                                \
	} while (0)

START_TEST(student)
{
	ck_assert_double_eq(allotp_student(ALLOT_STUDENT_20, 1), 12.706);
	ck_assert_double_eq(allotp_student(ALLOT_STUDENT_20, 10.9), 2.228);
	ck_assert_double_eq(allotp_student(ALLOT_STUDENT_1000, 2), 31.599);
	ck_assert_double_eq(allotp_student(ALLOT_STUDENT_1000, 30), 3.646);
	/* From tables, where there is none in the file. */
	ck_assert_double_eq_tol(allotp_student(ALLOT_STUDENT_20, 40), 2.0211, 0.0001);
	ck_assert_double_eq_tol(allotp_student(ALLOT_STUDENT_1000, 40), 3.5510, 0.001);
	ck_assert_double_eq_tol(allotp_student(ALLOT_STUDENT_1000, 60), 3.4602, 0.0005);
	ck_assert(isinf(allotp_student(ALLOT_STUDENT_20, 0.9)));
}
END_TEST

START_TEST(a_line_worked_out_by_hand)
{
	/* Means 2 and 7/3, sxx 2, sxy 3, syy 14/3; what is left 1/6, of one degree of freedom. */
	ck_assert_int_eq(JUDGE(1, 2, 4), ALLOT_TREND_UNSTEADY);
	ck_assert_double_eq_tol(trend.slope, 1.5, 1e-12);
	ck_assert_double_eq_tol(trend.r_squared, 1 - 1.0 / 6 / (14.0 / 3), 1e-12);
	ck_assert_double_eq_tol(trend.error, 12.706 * sqrt(1.0 / 6 / 2), 1e-9);
	/* Means 3 and 4.6, sxx 10, sxy 4, syy 3.2; what is left 1.6, of three; neighbours are not alike. */
	JUDGE(4, 4, 5, 4, 6);
	ck_assert_double_eq_tol(trend.slope, 0.4, 1e-12);
	ck_assert_double_eq_tol(trend.r_squared, 0.5, 1e-12);
	ck_assert_double_eq_tol(trend.error, 3.182 * sqrt(1.6 / 3 / 10), 1e-9);
	ck_assert_uint_eq(trend.first, 0);
	ck_assert_double_eq(trend.low, 4);
	ck_assert_double_eq(trend.high, 6);
}
END_TEST

START_TEST(neighbours_that_are_alike_count_for_less)
{
	/*
	 * A line of slope 1 and +1 +1 -1 -1 +1 +1 -1 -1, whose own line has slope -4/21, leaves 136/21. Neighbouring residuals
	 * correlate by 13/136, so 8 count for 984/149, and there are 686/149 = 4.6 degrees of freedom.
	 */
	FILL(8, 10 + i + (i % 4 < 2 ? 1 : -1));
	judge(8);
	ck_assert_double_eq_tol(trend.slope, 1 - 4.0 / 21, 1e-12);
	ck_assert_double_eq_tol(trend.error, 2.776 * sqrt(136.0 / 21 / (686.0 / 149) / 42), 1e-9);
}
END_TEST

START_TEST(constant)
{
	ck_assert_int_eq(JUDGE(7, 7, 7, 7, 7, 7, 7, 7), ALLOT_TREND_FLAT);
	ck_assert_double_eq(trend.slope, 0);
	ck_assert_int_eq(JUDGE(0, 0, 0), ALLOT_TREND_FLAT);
	ck_assert_int_eq(JUDGE(7, 7), ALLOT_TREND_NONE);
	ck_assert_int_eq(judge(0), ALLOT_TREND_NONE);
}
END_TEST

START_TEST(exactly_linear)
{
	for (uint32_t n = 3; n <= MOST; n++) {
		FILL(n, 1000 + 48 * i);
		ck_assert_int_eq(judge(n), ALLOT_TREND_GROWS);
		ck_assert_double_eq_tol(trend.slope, 48, 1e-9);
		ck_assert_double_eq(trend.error, 0);
		ck_assert_double_eq_tol(trend.r_squared, 1, 1e-12);
		ck_assert_uint_eq(trend.first, 0);
		FILL(n, 1e15 - 48 * i);
		ck_assert_int_eq(judge(n), ALLOT_TREND_BOUNDED);
	}
	/* Points that are not even, as those of a history that has been thinned out. */
	x[0] = 0.25;
	FILL(20, 3 * x[i]);
	ck_assert_int_eq(judge(20), ALLOT_TREND_GROWS);
	ck_assert_double_eq_tol(trend.slope, 3, 1e-9);
}
END_TEST

START_TEST(steps)
{
	ck_assert_int_eq(JUDGE(0, 5, 5), ALLOT_TREND_ONCE);
	ck_assert_uint_eq(trend.begin, 1);
	ck_assert_uint_eq(trend.settle, 1);
	ck_assert_int_eq(JUDGE(0, 2, 4, 6, 6, 6, 6, 6), ALLOT_TREND_ONCE);
	ck_assert_uint_eq(trend.settle, 3);
	/* It is too early to say that it has stayed. */
	ck_assert_int_eq(JUDGE(0, 0, 0, 0, 0, 5, 5, 5), ALLOT_TREND_UNSTEADY);
	ck_assert_int_eq(JUDGE(5, 5, 0, 0, 0, 0), ALLOT_TREND_BOUNDED);
	for (uint32_t n = 8; n <= MOST; n++) {
		FILL(n, (i < (int)n / 3 ? 1000 : 5000) + 150 * noise());
		ck_assert_int_eq(judge(n), ALLOT_TREND_ONCE);
		ck_assert_uint_eq(trend.settle, n / 3);
	}
}
END_TEST

START_TEST(a_warm_up_in_front)
{
	ck_assert_int_eq(JUDGE(0, 5000, 5048, 5096, 5144), ALLOT_TREND_GROWS);
	ck_assert_double_eq_tol(trend.slope, 48, 1e-9);
	ck_assert_uint_eq(trend.first, 1);
	FILL(20, 5000 + 48 * i);
	y[0] = 0;
	y[1] = 3000;
	y[2] = 4600;
	ck_assert_int_eq(judge(20), ALLOT_TREND_GROWS);
	ck_assert_double_eq_tol(trend.slope, 48, 1e-9);
	ck_assert_uint_eq(trend.first, 3);
	/* More than a quarter is no warm-up. */
	FILL(20, i < 6 ? 900 * i : 5400 + 48 * (i - 6));
	ck_assert_int_ne(judge(20), ALLOT_TREND_GROWS);
}
END_TEST

START_TEST(an_outlier)
{
	FILL(20, 100 + 48 * i);
	y[13] = 1e6;
	ck_assert_int_eq(judge(20), ALLOT_TREND_GROWS);
	ck_assert_double_eq_tol(trend.slope, 48, 1e-9);
	FILL(20, 100);
	y[19] = 1e6;
	ck_assert_int_eq(judge(20), ALLOT_TREND_BOUNDED);
	y[13] = 1e6;
	ck_assert_int_ne(judge(20), ALLOT_TREND_GROWS);
}
END_TEST

START_TEST(up_and_down)
{
	for (uint32_t n = 20; n <= MOST; n++) {
		FILL(n, i % 10 * 64);
		ck_assert_int_eq(judge(n), ALLOT_TREND_BOUNDED);
		FILL(n, i % (int)(n / 2) * 64);
		ck_assert_int_ne(judge(n), ALLOT_TREND_GROWS);
		FILL(n, 1000 * sin(2 * 3.14159265 * 2 * i / n));
		ck_assert_int_ne(judge(n), ALLOT_TREND_GROWS);
	}
}
END_TEST

START_TEST(a_vector_that_doubles)
{
	uint32_t grew = 0;

	/* One element each time; and one that is looked at every hundredth time. */
	for (uint32_t n = 20; n <= 60; n++) {
		for (int scale = 1; scale <= 100; scale += 99) {
			double room = 4;

			for (uint32_t i = 0; i < n; i++) {
				while (room < (double)(i + 1) * scale)
					room *= 2;
				y[i] = 16 * room;
			}
			grew += judge(n) == ALLOT_TREND_GROWS;
		}
	}
	/* Right behind a step it may pass for a line. */
	ck_assert_uint_le(grew, 4);
}
END_TEST

START_TEST(growth_that_slows)
{
	for (uint32_t n = 10; n <= MOST; n++) {
		FILL(n, 1000 * log(i + 1));
		ck_assert_int_eq(judge(n), ALLOT_TREND_SLOWS);
		FILL(n, 1000 * sqrt(i));
		ck_assert_int_eq(judge(n), ALLOT_TREND_SLOWS);
		FILL(n, 1000 * (1 - exp(-4.0 * i / n)));
		ck_assert_int_eq(judge(n), ALLOT_TREND_SLOWS);
	}
}
END_TEST

START_TEST(growth_that_accelerates)
{
	for (uint32_t n = 16; n <= MOST; n++) {
		FILL(n, (double)i * i);
		ck_assert_int_eq(judge(n), ALLOT_TREND_GROWS);
		FILL(n, (i + 1) * log(i + 2));
		ck_assert_int_eq(judge(n), ALLOT_TREND_GROWS);
	}
}
END_TEST

START_TEST(stairs)
{
	FILL(MOST, i / 8 * 4096);
	ck_assert_int_eq(judge(MOST), ALLOT_TREND_GROWS);
	ck_assert_double_eq_tol(trend.slope, 512, 10);
	/* Two steps in all are too few. */
	FILL(MOST, i / 24 * 4096);
	ck_assert_int_ne(judge(MOST), ALLOT_TREND_GROWS);
}
END_TEST

/* How many of 2000 series are found to grow, in which the expression makes the next value v. */
#define GROWING(n, next)                                                                                               \
	({                                                                                                             \
		uint32_t found = 0;                                                                                    \
                                                                                                                       \
		for (int series = 0; series < 2000; series++) {                                                        \
			double v = 10000;                                                                              \
                                                                                                                       \
			for (uint32_t i = 0; i < (n); i++) {                                                           \
				v = (next);                                                                            \
				y[i] = v;                                                                              \
			}                                                                                              \
			found += judge(n) == ALLOT_TREND_GROWS;                                                        \
		}                                                                                                      \
		found;                                                                                                 \
	})

START_TEST(what_chance_makes)
{
	ck_assert_uint_le(GROWING(16, 10000 + 100 * noise()), 6);
	ck_assert_uint_le(GROWING(60, 10000 + 100 * noise()), 4);
	/* A random walk, and one that is drawn back. */
	ck_assert_uint_le(GROWING(60, v + noise()), 4);
	ck_assert_uint_le(GROWING(60, 10000 + 0.8 * (v - 10000) + noise()), 4);
}
END_TEST

START_TEST(growth_in_spite_of_chance)
{
	ck_assert_uint_ge(GROWING(60, 10000 + 48 * i + 200 * noise()), 1960);
	/* A block in three of ten requests. */
	ck_assert_uint_ge(GROWING(60, v + (random_real() < 0.3 ? 48 : 0)), 1600);
}
END_TEST

START_TEST(estimates)
{
	FILL(20, 1000 + 48 * i);
	allotp_trend_judge(&trend, x, y, 20, 100);
	ck_assert_int_eq(trend.kind, ALLOT_TREND_GROWS);
	ck_assert_double_eq_tol(trend.error, 2.101 * 100 / 19, 1e-9);
	allotp_trend_judge(&trend, x, y, 20, 500);
	ck_assert_int_ne(trend.kind, ALLOT_TREND_GROWS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trend");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, NULL);
	tcase_add_test(all, student);
	tcase_add_test(all, a_line_worked_out_by_hand);
	tcase_add_test(all, neighbours_that_are_alike_count_for_less);
	tcase_add_test(all, constant);
	tcase_add_test(all, exactly_linear);
	tcase_add_test(all, steps);
	tcase_add_test(all, a_warm_up_in_front);
	tcase_add_test(all, an_outlier);
	tcase_add_test(all, up_and_down);
	tcase_add_test(all, a_vector_that_doubles);
	tcase_add_test(all, growth_that_slows);
	tcase_add_test(all, growth_that_accelerates);
	tcase_add_test(all, stairs);
	tcase_add_test(all, what_chance_makes);
	tcase_add_test(all, growth_in_spite_of_chance);
	tcase_add_test(all, estimates);
	suite_add_tcase(suite, all);
	return unit_run(suite);
}
