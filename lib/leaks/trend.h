/* SPDX-License-Identifier: MIT */
/*
 * Whether a series of values grows: a straight line by least squares, with a test that it is one, and what else a series may
 * be that rises. Knows nothing of memory.
 *
 * How it is judged, in this order. n is the number of points.
 *
 * 1. Fewer than three points: no verdict. All values equal: flat.
 * 2. The second half of the points, or more, are equal and higher than the first: grew once. Equal and not higher: bounded.
 * 3. Warm-up: points are left out in front, n / 4 at the most, each only while it lies further from the line through those behind
 *    it than three times their standard deviation from that line.
 * 4. One outlier: of six points or more the one furthest from the line is left out, if it lies further from the line through the
 *    others than six times their standard deviation.
 * 5. Through what is left, Student's tests that it rises, each at 0.1 % (two-sided), so that among a thousand call sites chance names
 *    one at the most. Neighbours that are alike tell less than independent ones: where they correlate by r > 0 at lag 1, n counts
 *    for n (1 - r) / (1 + r) (the usual correction for trends of climate, Santer et al. 2000). It grows,
 *      a. if the slope of the line is positive by that test, and the values are around a line: their distances from it
 *         correlate by no more than 0.3, or they rise by quarters, as stairs do: of eight values or more none falls, and each
 *         quarter rises by a third of the mean at least (a random walk has slopes that mean nothing, a vector that doubles has
 *         long flat parts);
 *      b. or if the mean of the steps from value to value is: a random walk that drifts, such as a leak in every third request;
 *      c. or if they rise by quarters, each by no less than the one before: growth that accelerates;
 *    unless it is running out: a parabola fits better by the same test, and its slope at the end is less than two thirds of the
 *    line's, or the steps in the second half are, on the average, less than two thirds of those in the first, tested at 5 %.
 * 6. What fails: grew once, if one level up to a point in the first half and another from there on explain three quarters of the
 *    variance, and the second does not rise by a quarter of the difference; bounded, if the second half has no new
 *    maximum; slows, if the second half rises by less than two thirds of the first; else unsteady.
 */
#ifndef ALLOT_LEAKS_TREND_H
#define ALLOT_LEAKS_TREND_H

#include <stdint.h>

enum allot_trend_kind {
	ALLOT_TREND_NONE,     /* too few points */
	ALLOT_TREND_FLAT,     /* never changes */
	ALLOT_TREND_GROWS,    /* by a certain amount each time */
	ALLOT_TREND_UNSTEADY, /* comes to new heights, by no rule: as a vector that doubles does */
	ALLOT_TREND_SLOWS,    /* the same, in ever smaller steps: as a cache that fills */
	ALLOT_TREND_ONCE,     /* to another level, and has stayed there */
	ALLOT_TREND_BOUNDED,  /* goes up and down, or just down */
	ALLOT_TREND_KINDS,
};

struct allot_trend {
	enum allot_trend_kind kind;
	double slope;     /* by least squares, per 1 of x */
	double error;     /* half of the slope's 95 % confidence interval; INFINITY: not known */
	double r_squared; /* which part of the variance the line explains, 0 to 1; 0 if there is none */
	uint32_t first;   /* of the points that count: those before are warm-up */
	uint32_t begin,
		settle;   /* the points at which the values first changed, and at which they did so last; 0: never */
	double low, high; /* the least and the largest value */
};

/*
 * Judges n values at x, which ascends. noise is the standard deviation of the last value where values are estimates, 0 where
 * they are exact.
 */
void allotp_trend_judge(struct allot_trend *trend, const double *x, const double *y, uint32_t n, double noise);

/*
 * Student's t that a variable of so many degrees of freedom exceeds in absolute value once in 20 times, or once in 1000. Degrees
 * below 1: INFINITY.
 */
enum allot_student { ALLOT_STUDENT_20, ALLOT_STUDENT_1000 };
double allotp_student(enum allot_student level, double degrees);

#endif
