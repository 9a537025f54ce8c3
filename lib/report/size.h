/* SPDX-License-Identifier: MIT */
/* Sizes as people read them, by the rules of CPython's tracemalloc (_format_size). */
#ifndef ALLOT_REPORT_SIZE_H
#define ALLOT_REPORT_SIZE_H

/* A formatted size, returned by value so that it can stand in a printf's arguments: allotp_size(n).text */
struct allot_size {
	char text[32];
};

/*
 * Bytes in the first unit of B, KiB, MiB, GiB, TiB that suits: one decimal below 100 (but for B), none below
 * 10240, else the next unit. 11878 gives "11.6 KiB".
 */
struct allot_size allotp_size(double bytes);
/* The same with a sign, also for zero: "+0 B". */
struct allot_size allotp_size_change(double bytes);

/* What an estimate of that variance may be off by, its standard error: " ± 1.5 KiB", " ± 12 blocks" without the unit. */
struct allot_size allotp_size_error(double variance);
struct allot_size allotp_count_error(double variance);

#endif
