/* SPDX-License-Identifier: MIT */
/*
 * Blocks, pools and arenas. A pool starts at a multiple of its size, so that a block's address gives its pool; an arena
 * starts at a multiple of its own size and is all pools. A freed block keeps its first four bytes and all from the
 * eighth on: the object's count and type, by which a later use of it is told.
 */
#ifndef ALLOT_OBJECT_POOL_H
#define ALLOT_OBJECT_POOL_H

#include <allot/pool.h>
#include <string.h>

#define ALLOTP_POOL_HEADER 48
#define ALLOTP_ARENA_POOLS (ALLOT_POOL_ARENA_SIZE / ALLOT_POOL_SIZE)
#define ALLOTP_BLOCK_UNIT 16

struct allotp_arena;
struct allotp_pools;

struct allotp_pool {
	struct allotp_pool *next, *prev; /* of its class, if a block is free; or next of the arena's free pools */
	struct allotp_pools *pools;
	struct allotp_arena *arena;
	uint16_t class_index;
	uint16_t room; /* free blocks */
	uint16_t capacity;
	uint16_t freed; /* the first freed block, in units from the pool's start; 0 for none */
	uint16_t fresh; /* the first block that was never used */
	uint16_t units; /* of a block */
	bool idle; /* was empty, and stayed with its class; may be in use again */
};

_Static_assert(sizeof(struct allotp_pool) <= ALLOTP_POOL_HEADER, "the header of a pool is in front of its blocks");

struct allotp_arena {
	struct allotp_arena *next, *prev; /* with as many free pools */
	struct allotp_arena *next_of_all, *prev_of_all;
	struct allotp_pools *pools;
	char *address;
	struct allotp_pool *free; /* given back */
	unsigned fresh; /* pools that were ever taken, and lie in front */
	unsigned free_count; /* given back and never taken */
	unsigned taken, idle; /* pools that a class has; those of them that are marked so */
};

/* The pools of one heap. Threads: the heap's. */
struct allotp_pools {
	struct allotp_pool *usable[ALLOT_POOL_CLASSES]; /* with a free block */
	struct allotp_arena *by_free[ALLOTP_ARENA_POOLS + 1]; /* the arenas by the number of their free pools */
	uint64_t by_free_bits; /* which of by_free[1 + i] there are */
	struct allotp_arena *all;
	size_t arenas, arenas_ever, arenas_peak;
};

/* A pool of a class that has no usable one, which it becomes. NULL without memory. */
struct allotp_pool *allotp_pool_take(struct allotp_pools *pools, unsigned class_index);

/* After a free: the pool was full, or is empty now. */
void allotp_pool_was_full(struct allotp_pool *pool);
void allotp_pool_is_empty(struct allotp_pool *pool);

/* Unmaps everything. */
void allotp_pools_release(struct allotp_pools *pools);

/* The arena in which an address lies, of any heap, or NULL. Any thread. */
struct allotp_arena *allotp_radix_find(const void *address);

/* -ENOMEM. With NULL, forgets; that does not fail. */
int allotp_radix_set(const void *address, struct allotp_arena *arena);

static inline char *allotp_pool_block(struct allotp_pool *pool, unsigned unit)
{
	return (char *)pool + unit * ALLOTP_BLOCK_UNIT;
}

static inline struct allotp_pool *allotp_pool_of(const void *block)
{
	return (struct allotp_pool *)((uintptr_t)block & ~(uintptr_t)(ALLOT_POOL_SIZE - 1));
}

/* A block of the first usable pool of its class; its contents are anything. */
static inline __attribute__((always_inline)) void *allotp_block_of(struct allotp_pools *pools, struct allotp_pool *pool)
{
	char *block;

	if (pool->freed) {
		block = allotp_pool_block(pool, pool->freed);
		memcpy(&pool->freed, block + 4, sizeof(pool->freed));
	} else {
		block = allotp_pool_block(pool, pool->fresh);
		pool->fresh += pool->units;
	}
	if (__builtin_expect(!--pool->room, 0)) {
		pools->usable[pool->class_index] = pool->next;
		if (pool->next)
			pool->next->prev = NULL;
	}
	return block;
}

/* The same of any pool. NULL without memory. */
static inline void *allotp_block_new(struct allotp_pools *pools, unsigned class_index)
{
	struct allotp_pool *pool = pools->usable[class_index];

	if (!pool)
		pool = allotp_pool_take(pools, class_index);
	return pool ? allotp_block_of(pools, pool) : NULL;
}

static inline __attribute__((always_inline)) void allotp_block_free(void *block)
{
	struct allotp_pool *pool = allotp_pool_of(block);
	uint16_t unit = (uint16_t)(((uintptr_t)block & (ALLOT_POOL_SIZE - 1)) / ALLOTP_BLOCK_UNIT);

	memcpy((char *)block + 4, &pool->freed, sizeof(pool->freed));
	pool->freed = unit;
	if (__builtin_expect(!pool->room++, 0))
		allotp_pool_was_full(pool);
	if (__builtin_expect(pool->room == pool->capacity, 0))
		allotp_pool_is_empty(pool);
}

#endif
