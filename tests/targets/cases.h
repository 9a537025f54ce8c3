/* SPDX-License-Identifier: MIT */
/*
 * A program that tests the tracer from inside: its cases, each a function that checks, and a line of TAP for each. What it
 * prints takes no memory that could be traced.
 */
#ifndef ALLOT_TESTS_CASES_H
#define ALLOT_TESTS_CASES_H

#include <stdio.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

#define CASE(function)                                                                                                 \
	{                                                                                                              \
#function, function                                                                                    \
	}

static int cases_failed; /* checks of this case */

/* A check; the case goes on. */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                               \
			cases_failed++;                                                                                \
		}                                                                                                      \
	} while (0)

/* Of two whole numbers. */
#define CHECK_IS(got, expected)                                                                                        \
	do {                                                                                                           \
		long long cases_got = (long long)(got), cases_expected = (long long)(expected);                        \
                                                                                                                       \
		if (cases_got != cases_expected) {                                                                     \
			printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, cases_got,                 \
			       cases_expected);                                                                        \
			cases_failed++;                                                                                \
		}                                                                                                      \
	} while (0)

/* Before anything is printed. */
static inline void cases_print_without_memory(void)
{
	static char buffer[BUFSIZ];

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
}

/* Runs them all. Returns the program's exit status. */
static inline int cases_run(const struct test_case *cases, int count)
{
	int failed = 0;

	cases_print_without_memory();
	for (int i = 0; i < count; i++) {
		cases_failed = 0;
		cases[i].run();
		printf("%sok %d - %s\n", cases_failed ? "not " : "", i + 1, cases[i].name);
		failed |= cases_failed;
	}
	return failed != 0;
}

#endif
