/* SPDX-License-Identifier: MIT */
/* From any address to the arena that it lies in: a tree of three levels over the 28 upper bits of 48. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "object/pool.h"

#define ARENA_BITS 20
#define ADDRESS_BITS 48
#define LEAF_BITS 10
#define MIDDLE_BITS 9
#define ROOT_BITS (ADDRESS_BITS - ARENA_BITS - LEAF_BITS - MIDDLE_BITS)

_Static_assert(ALLOT_POOL_ARENA_SIZE == 1 << ARENA_BITS, "one entry for each arena");

/* Nodes are added under the lock and never go, so readers need none: each pointer is released here and acquired there. */
static void *root[1 << ROOT_BITS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static inline size_t root_index(const void *address)
{
	return (uintptr_t)address >> (ARENA_BITS + LEAF_BITS + MIDDLE_BITS);
}

static inline size_t middle_index(const void *address)
{
	return (uintptr_t)address >> (ARENA_BITS + LEAF_BITS) & ((1u << MIDDLE_BITS) - 1);
}

static inline size_t leaf_index(const void *address)
{
	return (uintptr_t)address >> ARENA_BITS & ((1u << LEAF_BITS) - 1);
}

struct allotp_arena *allotp_radix_find(const void *address)
{
	void **middle, **leaf;

	if ((uintptr_t)address >> ADDRESS_BITS)
		return NULL;
	middle = __atomic_load_n(&root[root_index(address)], __ATOMIC_ACQUIRE);
	if (!middle)
		return NULL;
	leaf = __atomic_load_n(&middle[middle_index(address)], __ATOMIC_ACQUIRE);
	return leaf ? __atomic_load_n(&leaf[leaf_index(address)], __ATOMIC_ACQUIRE) : NULL;
}

/* The node at a place, made if there is none. NULL without memory. */
static void **node(void **place, unsigned bits)
{
	if (!*place)
		__atomic_store_n(place, calloc((size_t)1 << bits, sizeof(void *)), __ATOMIC_RELEASE);
	return *place;
}

int allotp_radix_set(const void *address, struct allotp_arena *arena)
{
	void **middle, **leaf;

	if ((uintptr_t)address >> ADDRESS_BITS)
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	middle = node(&root[root_index(address)], MIDDLE_BITS);
	leaf = middle ? node(&middle[middle_index(address)], LEAF_BITS) : NULL;
	if (leaf)
		__atomic_store_n(&leaf[leaf_index(address)], arena, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	return leaf ? 0 : -ENOMEM;
}
