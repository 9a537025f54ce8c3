/* SPDX-License-Identifier: MIT */
/* Whether a series of values grows; the header says how that is judged. */
#include "leaks/trend.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { LEAST = 3, LEAST_FOR_OUTLIER = 6, LEAST_FOR_BEND = 5, LEAST_FOR_QUARTERS = 8, NO_OUTLIER = -1 };

static const double warm_up_limit = 3, outlier_limit = 6, alike_limit = 0.3, fair_share = 1.0 / 3, slow_limit = 2.0 / 3;

/* The points that count: from `first` on, but for one. */
struct series {
	const double *x, *y;
	uint32_t first, count;
	int64_t outlier; /* NO_OUTLIER: none */
};

struct line {
	double mean_x, mean_y, slope, sxx, syy;
	double sse;    /* what the line leaves of the squares */
	double alike;  /* how neighbouring residuals correlate; 0: not positively */
	double degree; /* of freedom, after the correction for that */
	uint32_t n;
};

/* The parabola as the line and a term that is orthogonal to it: bend * (u^2 - skew * u - level), where u = x - mean_x. */
struct parabola {
	double bend, skew, level, sqq, sse, degree;
};

static bool counts(const struct series *s, uint32_t i)
{
	return i != s->outlier;
}

/* ---- Student's t ---- */

double allotp_student(enum allot_student level, double degrees)
{
	static const double table[][30] = {
		[ALLOT_STUDENT_20] = { 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
				       2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
				       2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042 },
		[ALLOT_STUDENT_1000] = { 636.619, 31.599, 12.924, 8.610, 6.869, 5.959, 5.408, 5.041, 4.781, 4.587,
					 4.437,   4.318,  4.221,  4.140, 4.073, 4.015, 3.965, 3.922, 3.883, 3.850,
					 3.819,   3.792,  3.768,  3.745, 3.725, 3.707, 3.690, 3.674, 3.659, 3.646 },
	};
	static const double normal[] = { 1.95996, 3.29053 };
	double z = normal[level];

	if (!(degrees >= 1))
		return INFINITY;
	if (degrees < 31)
		return table[level][(int)degrees - 1];
	/* The first terms of Cornish and Fisher's expansion. */
	return z + (pow(z, 3) + z) / (4 * degrees) +
	       (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * degrees * degrees);
}

/* ---- least squares ---- */

static double residual(const struct line *line, const struct parabola *parabola, double x, double y)
{
	double u = x - line->mean_x, e = y - line->mean_y - line->slope * u;

	return parabola ? e - parabola->bend * (u * u - parabola->skew * u - parabola->level) : e;
}

/* How many independent ones n are worth whose neighbours correlate by r. */
static double worth(double n, double r)
{
	return n * (1 - r) / (1 + r);
}

/* Squares of what is left, and how neighbours of that correlate. */
static double left(const struct series *s, const struct line *line, const struct parabola *parabola, double *alike)
{
	double squares = 0, products = 0, last = 0;

	for (uint32_t i = s->first; i < s->count; i++) {
		double e = residual(line, parabola, s->x[i], s->y[i]);

		if (!counts(s, i))
			continue;
		squares += e * e;
		products += e * last;
		last = e;
	}
	/* What rounding leaves is nothing. */
	if (squares <= 1e-18 * line->syy)
		squares = 0;
	*alike = squares > 0 && products > 0 ? products / squares : 0;
	return squares;
}

static struct line fit_line(const struct series *s)
{
	struct line line = { 0 };
	double sxy = 0;

	for (uint32_t i = s->first; i < s->count; i++) {
		if (!counts(s, i))
			continue;
		line.n++;
		line.mean_x += (s->x[i] - line.mean_x) / line.n;
		line.mean_y += (s->y[i] - line.mean_y) / line.n;
	}
	for (uint32_t i = s->first; i < s->count; i++) {
		double u = s->x[i] - line.mean_x, v = s->y[i] - line.mean_y;

		if (!counts(s, i))
			continue;
		line.sxx += u * u;
		line.syy += v * v;
		sxy += u * v;
	}
	line.slope = line.sxx > 0 ? sxy / line.sxx : 0;
	line.sse = left(s, &line, NULL, &line.alike);
	line.degree = worth(line.n, line.alike) - 2;
	return line;
}

static struct parabola fit_parabola(const struct series *s, const struct line *line)
{
	struct parabola parabola = { 0 };
	double cubes = 0, sqy = 0, alike;

	for (uint32_t i = s->first; i < s->count; i++)
		cubes += counts(s, i) ? pow(s->x[i] - line->mean_x, 3) : 0;
	parabola.skew = cubes / line->sxx;
	parabola.level = line->sxx / line->n;
	for (uint32_t i = s->first; i < s->count; i++) {
		double u = s->x[i] - line->mean_x, q = u * u - parabola.skew * u - parabola.level;

		if (!counts(s, i))
			continue;
		parabola.sqq += q * q;
		sqy += q * (s->y[i] - line->mean_y);
	}
	parabola.bend = parabola.sqq > 0 ? sqy / parabola.sqq : 0;
	parabola.sse = left(s, line, &parabola, &alike);
	parabola.degree = worth(line->n, alike) - 3;
	return parabola;
}

/* The standard error of a coefficient, whose regressor has so large a sum of squares. */
static double error_of(double sse, double degree, double squares)
{
	if (sse <= 0)
		return 0;
	return degree > 0 ? sqrt(sse / degree / squares) : INFINITY;
}

/* Whether a coefficient differs from 0. */
static bool differs(double coefficient, double error, double degree)
{
	if (error <= 0)
		return coefficient != 0;
	return fabs(coefficient) > error * allotp_student(ALLOT_STUDENT_1000, degree);
}

/* ---- points that do not count ---- */

/* How many standard deviations a point is off the line through others. */
static bool is_off(const struct line *line, double x, double y, double limit)
{
	double off = fabs(residual(line, NULL, x, y));

	if (line->n <= 2 || line->sse <= 0)
		return off > 1e-9 * (fabs(line->mean_y) + fabs(y));
	return off > limit * sqrt(line->sse / (line->n - 2));
}

static void leave_out_warm_up(struct series *s)
{
	uint32_t most = s->count / 4;

	while (s->first < most) {
		struct series rest = *s;
		struct line line;

		rest.first++;
		line = fit_line(&rest);
		if (!is_off(&line, s->x[s->first], s->y[s->first], warm_up_limit))
			break;
		s->first++;
	}
}

static void leave_out_outlier(struct series *s)
{
	struct series others = *s;
	struct line line;
	double most = 0;

	if (s->count - s->first < LEAST_FOR_OUTLIER)
		return;
	line = fit_line(s);
	for (uint32_t i = s->first; i < s->count; i++) {
		double e = fabs(residual(&line, NULL, s->x[i], s->y[i]));

		if (e > most) {
			most = e;
			others.outlier = i;
		}
	}
	if (others.outlier == NO_OUTLIER)
		return;
	line = fit_line(&others);
	if (is_off(&line, s->x[others.outlier], s->y[others.outlier], outlier_limit))
		s->outlier = others.outlier;
}

/* ---- verdicts ---- */

static void look_over(struct allot_trend *trend, const double *y, uint32_t n)
{
	trend->low = trend->high = y[0];
	for (uint32_t i = 1; i < n; i++) {
		trend->low = fmin(trend->low, y[i]);
		trend->high = fmax(trend->high, y[i]);
		if (y[i] == y[i - 1])
			continue;
		trend->settle = i;
		if (!trend->begin)
			trend->begin = i;
	}
}

/* Steps from value to value, per 1 of x. */
struct steps {
	double mean, squares, products;
	uint32_t n;
};

/* Those between the points from..to. */
static struct steps take_steps(const struct series *s, uint32_t from, uint32_t to)
{
	struct steps steps = { 0 };
	double last = 0;

	for (int pass = 0; pass < 2; pass++) {
		uint32_t before = to;

		for (uint32_t i = from; i < to; i++) {
			double step;

			if (!counts(s, i))
				continue;
			step = before < i ? (s->y[i] - s->y[before]) / (s->x[i] - s->x[before]) : 0;
			if (before < i && !pass) {
				steps.mean += (step - steps.mean) / ++steps.n;
			} else if (before < i) {
				steps.squares += (step - steps.mean) * (step - steps.mean);
				steps.products += (step - steps.mean) * last;
				last = step - steps.mean;
			}
			before = i;
		}
	}
	if (steps.squares <= 1e-18 * steps.n * steps.mean * steps.mean)
		steps.squares = 0;
	return steps;
}

static bool drifts(const struct series *s)
{
	struct steps steps = take_steps(s, s->first, s->count);
	double r = steps.squares > 0 && steps.products > 0 ? steps.products / steps.squares : 0;
	double n = worth(steps.n, r);

	return steps.n >= LEAST - 1 && steps.mean > 0 && differs(steps.mean, error_of(steps.squares, n - 1, n), n - 1);
}

/* Whether the steps have become less. */
static bool shortens(const struct series *s)
{
	uint32_t middle = s->first + (s->count - s->first) / 2;
	struct steps before = take_steps(s, s->first, middle + 1), after = take_steps(s, middle, s->count);
	double error;

	if (before.n < 2 || after.n < 2 || after.mean >= slow_limit * before.mean)
		return false;
	error = hypot(error_of(before.squares, before.n - 1, before.n), error_of(after.squares, after.n - 1, after.n));
	return before.mean - after.mean > error * allotp_student(ALLOT_STUDENT_20, (double)before.n + after.n - 2);
}

static bool bends_down(const struct series *s, const struct line *line)
{
	double u = s->x[s->count - 1] - line->mean_x;
	struct parabola parabola;

	if (line->n < LEAST_FOR_BEND || line->sse <= 0)
		return false;
	parabola = fit_parabola(s, line);
	return differs(parabola.bend, error_of(parabola.sse, parabola.degree, parabola.sqq), parabola.degree) &&
	       line->slope + parabola.bend * (2 * u - parabola.skew) < slow_limit * line->slope;
}

static bool never_falls(const struct series *s)
{
	double last = -INFINITY;

	for (uint32_t i = s->first; i < s->count; i++) {
		if (!counts(s, i))
			continue;
		if (s->y[i] < last)
			return false;
		last = s->y[i];
	}
	return true;
}

/* None falls, and each quarter rises: by a fair share of the whole; or, if more and more is wanted, by no less than the one before. */
static bool rises_by_quarters(const struct series *s, bool more_and_more)
{
	uint32_t first = s->first, last = s->count - 1;
	double all, before = 0;

	if (last == s->outlier)
		last--;
	if (last - first + 1 < LEAST_FOR_QUARTERS || !never_falls(s))
		return false;
	all = (s->y[last] - s->y[first]) / (s->x[last] - s->x[first]);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t from = first + i * (last - first) / 4, to = first + (i + 1) * (last - first) / 4;
		double rise = (s->y[to] - s->y[from]) / (s->x[to] - s->x[from]);

		if (rise <= 0 || (more_and_more ? rise < before : rise < all * fair_share))
			return false;
		before = rise;
	}
	return true;
}

/* Fills in what there is of a line, and says whether it rises. */
static bool rises(struct allot_trend *trend, const struct series *s, double noise)
{
	struct line line = fit_line(s);
	double error = error_of(line.sse, line.degree, line.sxx);
	bool up, around;

	trend->first = s->first;
	trend->slope = line.slope;
	trend->error = INFINITY;
	trend->r_squared = line.syy > 0 ? 1 - line.sse / line.syy : 0;
	if (line.n < LEAST || line.sxx <= 0)
		return false;
	if (noise > 0)
		error = hypot(error, noise / (s->x[s->count - 1] - s->x[s->first]));
	trend->error = error > 0 ? error * allotp_student(ALLOT_STUDENT_20, line.degree) : 0;
	around = line.alike <= alike_limit || rises_by_quarters(s, false);
	up = around && line.slope > 0 && differs(line.slope, error, line.degree);
	if (!up && noise <= 0)
		up = drifts(s) || rises_by_quarters(s, true);
	return up && !bends_down(s, &line) && !shortens(s);
}

static double mean(const double *y, uint32_t from, uint32_t to)
{
	double sum = 0;

	for (uint32_t i = from; i < to; i++)
		sum += y[i] / (to - from);
	return sum;
}

static double squares_about(const double *y, uint32_t from, uint32_t to)
{
	double middle = mean(y, from, to), sum = 0;

	for (uint32_t i = from; i < to; i++)
		sum += (y[i] - middle) * (y[i] - middle);
	return sum;
}

/* Two levels: up to a point in the first half, and from there on. */
static bool is_step(struct allot_trend *trend, const double *x, const double *y, uint32_t n)
{
	double all = squares_about(y, 0, n), least = all, shift;
	struct series tail = { .x = x, .y = y, .count = n, .outlier = NO_OUTLIER };
	struct line line;
	uint32_t at = 0;

	for (uint32_t i = 1; i <= n / 2; i++) {
		double sum = squares_about(y, 0, i) + squares_about(y, i, n);

		if (sum < least) {
			least = sum;
			at = i;
		}
	}
	if (!at || least > all / 4)
		return false;
	tail.first = at;
	line = fit_line(&tail);
	shift = mean(y, at, n) - mean(y, 0, at);
	if (shift <= 0 || fabs(line.slope * (x[n - 1] - x[at])) > shift / 4)
		return false;
	trend->begin = trend->settle = at;
	return true;
}

static double highest(const struct series *s, uint32_t from, uint32_t to)
{
	double most = -INFINITY;

	for (uint32_t i = from; i < to; i++)
		most = counts(s, i) ? fmax(most, s->y[i]) : most;
	return most;
}

static enum allot_trend_kind kind_of_others(const struct series *s)
{
	uint32_t half = s->count / 2;
	double before = highest(s, 0, half), after = highest(s, half, s->count);

	if (after <= before)
		return ALLOT_TREND_BOUNDED;
	return after - before < slow_limit * (before - s->y[0]) ? ALLOT_TREND_SLOWS : ALLOT_TREND_UNSTEADY;
}

void allotp_trend_judge(struct allot_trend *trend, const double *x, const double *y, uint32_t n, double noise)
{
	struct series s = { .x = x, .y = y, .count = n, .outlier = NO_OUTLIER };

	*trend = (struct allot_trend){ .error = INFINITY };
	if (n)
		look_over(trend, y, n);
	if (n < LEAST)
		return;
	leave_out_warm_up(&s);
	leave_out_outlier(&s);
	if (rises(trend, &s, noise))
		trend->kind = ALLOT_TREND_GROWS;
	/* What has changed in the first half alone does not grow, whatever line fits it. */
	if (!trend->begin)
		trend->kind = ALLOT_TREND_FLAT;
	else if (2 * trend->settle <= n)
		trend->kind = y[n - 1] > y[0] ? ALLOT_TREND_ONCE : ALLOT_TREND_BOUNDED;
	else if (trend->kind != ALLOT_TREND_GROWS)
		trend->kind = is_step(trend, x, y, n) ? ALLOT_TREND_ONCE : kind_of_others(&s);
}
