/* SPDX-License-Identifier: MIT */
/*
 * Lets one allocation of the test program fail: linked with ALLOCATIONS_WRAPPED, all calls of malloc and its like come here.
 * For one thread.
 */
#ifndef ALLOT_TESTS_FAILING_H
#define ALLOT_TESTS_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The allocation after the next n fails, and no other. */
void failing_begin(unsigned long n);
/* None fails any more. Returns whether one has since failing_begin. */
bool failing_end(void);
/* What is allocated between true and false does not count, and does not fail. */
void failing_hold(bool hold);

/* For jansson, and for what a test needs itself. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
FILE *__real_open_memstream(char **text, size_t *size);

#endif
