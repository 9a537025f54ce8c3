/* SPDX-License-Identifier: MIT */
/* Sizes as people read them, by the rules of CPython's tracemalloc (_format_size). */
#include "report/size.h"

#include <math.h>
#include <stdio.h>

static struct allot_size format(double bytes, const char *one_decimal, const char *no_decimal)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	enum { LAST = sizeof(units) / sizeof(units[0]) - 1 };
	struct allot_size size;

	for (int i = 0;; i++) {
		if (i > 0 && fabs(bytes) < 100) {
			snprintf(size.text, sizeof(size.text), one_decimal, bytes, units[i]);
			return size;
		}
		if (fabs(bytes) < 10 * 1024 || i == LAST) {
			snprintf(size.text, sizeof(size.text), no_decimal, bytes, units[i]);
			return size;
		}
		bytes /= 1024;
	}
}

struct allot_size allotp_size(double bytes)
{
	return format(bytes, "%.1f %s", "%.0f %s");
}

struct allot_size allotp_size_change(double bytes)
{
	return format(bytes, "%+.1f %s", "%+.0f %s");
}

struct allot_size allotp_size_error(double variance)
{
	return format(sqrt(variance), " ± %.1f %s", " ± %.0f %s");
}

struct allot_size allotp_count_error(double variance)
{
	double error = sqrt(variance);
	struct allot_size size;

	snprintf(size.text, sizeof(size.text), error < 10 ? " ± %.1f" : " ± %.0f", error);
	return size;
}
