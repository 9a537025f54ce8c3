/* SPDX-License-Identifier: MIT */
/* What the target programs share: call sites that stay functions of their own, and a check that ends the program. */
#ifndef ALLOT_TESTS_TARGET_H
#define ALLOT_TESTS_TARGET_H

#include <stdio.h>
#include <stdlib.h>

/*
 * A function whose name the tests look for as a call site: never inlined, cloned, folded or left by a tail
 * call, and each allocation in it is made, however the rest is compiled.
 */
#if defined(__clang__)
#define SITE __attribute__((noinline, optnone, unused)) static
#else
#define SITE __attribute__((noipa, optimize("O0"), unused)) static
#endif

/* What the test relies on besides counting. Says which and ends the program with status 99. */
#define REQUIRE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                        \
			_Exit(99);                                                                                     \
		}                                                                                                      \
	} while (0)

#endif
