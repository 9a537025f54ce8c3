/* SPDX-License-Identifier: MIT */
/*
 * Where small objects lie: blocks of up to 512 bytes come in 32 classes, 16 bytes apart, from pools of 16 KiB, each of one
 * class, in arenas of 1 MiB, as in CPython's pymalloc. Larger objects come from malloc. See object.h.
 */
#ifndef ALLOT_POOL_H
#define ALLOT_POOL_H

#include <stdbool.h>

#include <allot/object.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define ALLOT_POOL_CLASSES 32
#define ALLOT_POOL_CLASS_SIZE 16 /* class i has blocks of (i + 1) times this */
#define ALLOT_POOL_SIZE 16384
#define ALLOT_POOL_ARENA_SIZE 1048576

struct allot_pool_class {
	size_t pools;
	size_t used_blocks; /* an object lies in them */
	size_t free_blocks;
};

/* The six parts, in bytes, add up to total, which is arenas times the size of an arena. */
struct allot_pool_usage {
	struct allot_pool_class classes[ALLOT_POOL_CLASSES];
	size_t arenas; /* now; ever: arenas_ever; most at once: arenas_peak */
	size_t arenas_ever;
	size_t arenas_peak;
	size_t free_pools; /* no block is used, and no class has them */
	size_t total;
	size_t in_used_blocks;
	size_t in_free_blocks;
	size_t in_free_pools;
	size_t in_pool_headers;
	size_t in_quantization; /* ends of pools that are too small for a block */
	size_t in_arena_alignment; /* ends of arenas; 0 as they are aligned */
	size_t large_blocks; /* from malloc, and not in total */
	size_t in_large_blocks;
};

void allot_pool_stats(struct allot_heap *heap, struct allot_pool_usage *stats);

/*
 * The same as text, in the manner of Python's sys._debugmallocstats(). As snprintf: writes at most size bytes, returns how
 * many characters it would be.
 */
size_t allot_pool_stats_format(const struct allot_pool_usage *stats, char *buffer, size_t size);

/* Whether an address lies in a pool of this heap. Any address is fine, also one that cannot be read. Any thread. */
bool allot_pool_owns(struct allot_heap *heap, const void *address);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
