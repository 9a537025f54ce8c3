/* SPDX-License-Identifier: MIT */
/*
 * Memory for the few allocations that are made before the real allocator is known: while dlsym looks it up, and by
 * the loader before that. A fixed arena that is never given back.
 */
#ifndef ALLOT_PRELOAD_BOOTSTRAP_H
#define ALLOT_PRELOAD_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALLOT_BOOTSTRAP_SIZE 65536

/* Zeroed memory; NULL when the arena is used up, or alignment is no power of two. Any thread; async-signal-safe. */
void *allotp_bootstrap_alloc(size_t alignment, size_t size);
/* The same for members × size; NULL if that overflows. */
void *allotp_bootstrap_calloc(size_t members, size_t size);
/* Where the blocks lie; for allotp_bootstrap_owns. */
extern unsigned char allotp_bootstrap_arena[ALLOT_BOOTSTRAP_SIZE] __attribute__((visibility("hidden")));

/* Whether the block came from here. */
static inline bool allotp_bootstrap_owns(const void *block)
{
	return (uintptr_t)block - (uintptr_t)allotp_bootstrap_arena < ALLOT_BOOTSTRAP_SIZE;
}
/* The size that was asked for; of a block that came from here. */
size_t allotp_bootstrap_size(const void *block);
/* How many blocks were asked of it so far. */
size_t allotp_bootstrap_count(void);

#endif
