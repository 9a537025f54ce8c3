/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the program `leak` share. Blocks are made by make_N, functions of their own whose name tells the size; a place
 * is a function that loses blocks, or keeps each by one pointer, and is compiled as the level of optimisation says.
 */
#ifndef ALLOT_TESTS_LEAK_H
#define ALLOT_TESTS_LEAK_H

#include <stdint.h>
#include <string.h>

#include "target.h"

#define MAKER(size)                                                                                                    \
	SITE void *make_##size(void)                                                                                   \
	{                                                                                                              \
		return memset(malloc(size), 0, size);                                                                  \
	}

MAKER(1601)
MAKER(1602)
MAKER(1603)
MAKER(24)
MAKER(48)

#define PLACE __attribute__((noinline)) static void

/* A list of them ends with one that has no name. */
struct leak_place {
	const char *name;
	void (*run)(void);
};

/* clang-format off */
#define AT(name) { #name, name }
/* clang-format on */

extern const struct leak_place leak_shapes[], leak_memory[], leak_stacks[], leak_ends[];

extern void *volatile leak_global;
extern __thread void *volatile leak_own;

/* A place by its name. */
void leak_run(const char *name);
/* Nothing of what was called before is left below the caller's frame, nor in the registers that calls may spoil. */
void leak_clear(void);
/* Anonymous memory, zeroed. */
void *leak_map(size_t size);

#endif
