/* SPDX-License-Identifier: MIT */
/* What the programs that check budgets share: call sites with names that dladdr knows, and a failure that is printed. */
#ifndef ALLOT_TESTS_BUDGETS_H
#define ALLOT_TESTS_BUDGETS_H

#include "allot/check.h"

#if defined(__clang__)
#define NAMED __attribute__((noinline, optnone, visibility("default")))
#else
#define NAMED __attribute__((noipa, optimize("O0"), visibility("default")))
#endif

/* "failed 12: ALLOT_NO_LEAKS: …", and a blank line behind each. */
static inline void print_failure(const char *file, int line, const char *text)
{
	(void)file;
	printf("failed %d: %s\n", line, text);
}

#endif
