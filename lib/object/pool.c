/* SPDX-License-Identifier: MIT */
/* Gives pools to classes and takes them back, from and to the arenas: the fullest arena first, so that others run empty. */
#include "object/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/sys.h"

/* ---- Arenas by the number of their free pools ---- */

static void arena_unlink(struct allotp_arena *arena)
{
	struct allotp_pools *pools = arena->pools;

	if (arena->prev)
		arena->prev->next = arena->next;
	else
		pools->by_free[arena->free_count] = arena->next;
	if (arena->next)
		arena->next->prev = arena->prev;
	if (arena->free_count && !pools->by_free[arena->free_count])
		pools->by_free_bits &= ~(UINT64_C(1) << (arena->free_count - 1));
}

static void arena_link(struct allotp_arena *arena)
{
	struct allotp_pools *pools = arena->pools;
	struct allotp_arena **head = &pools->by_free[arena->free_count];

	arena->prev = NULL;
	arena->next = *head;
	if (*head)
		(*head)->prev = arena;
	*head = arena;
	if (arena->free_count)
		pools->by_free_bits |= UINT64_C(1) << (arena->free_count - 1);
}

/* The system call itself: an arena is not an event for the tracer, which is told of the objects in it. */
static char *map_aligned(void)
{
	size_t size = ALLOT_POOL_ARENA_SIZE, before;
	char *address = allotp_sys_mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (allotp_sys_failed(address))
		return NULL;
	before = -(uintptr_t)address & (size - 1);
	if (before)
		allotp_sys_munmap(address, before);
	allotp_sys_munmap(address + before + size, size - before);
	return address + before;
}

static struct allotp_arena *arena_new(struct allotp_pools *pools)
{
	struct allotp_arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->address = map_aligned();
	if (!arena->address || allotp_radix_set(arena->address, arena)) {
		if (arena->address)
			allotp_sys_munmap(arena->address, ALLOT_POOL_ARENA_SIZE);
		free(arena);
		return NULL;
	}
	arena->pools = pools;
	arena->free_count = ALLOTP_ARENA_POOLS;
	arena_link(arena);
	arena->next_of_all = pools->all;
	if (pools->all)
		pools->all->prev_of_all = arena;
	pools->all = arena;
	pools->arenas++;
	pools->arenas_ever++;
	if (pools->arenas > pools->arenas_peak)
		pools->arenas_peak = pools->arenas;
	return arena;
}

static void arena_free(struct allotp_arena *arena)
{
	struct allotp_pools *pools = arena->pools;

	arena_unlink(arena);
	if (arena->prev_of_all)
		arena->prev_of_all->next_of_all = arena->next_of_all;
	else
		pools->all = arena->next_of_all;
	if (arena->next_of_all)
		arena->next_of_all->prev_of_all = arena->prev_of_all;
	pools->arenas--;
	allotp_radix_set(arena->address, NULL);
	allotp_sys_munmap(arena->address, ALLOT_POOL_ARENA_SIZE);
	free(arena);
}

/* ---- Pools of a class ---- */

static void pool_link(struct allotp_pool *pool)
{
	struct allotp_pool **head = &pool->pools->usable[pool->class_index];

	pool->prev = NULL;
	pool->next = *head;
	if (*head)
		(*head)->prev = pool;
	*head = pool;
}

static void pool_unlink(struct allotp_pool *pool)
{
	if (pool->prev)
		pool->prev->next = pool->next;
	else
		pool->pools->usable[pool->class_index] = pool->next;
	if (pool->next)
		pool->next->prev = pool->prev;
}

struct allotp_pool *allotp_pool_take(struct allotp_pools *pools, unsigned class_index)
{
	struct allotp_arena *arena;
	struct allotp_pool *pool;
	size_t size = (class_index + 1) * ALLOT_POOL_CLASS_SIZE;

	if (pools->by_free_bits)
		arena = pools->by_free[1 + __builtin_ctzll(pools->by_free_bits)];
	else
		arena = arena_new(pools);
	if (!arena)
		return NULL;
	pool = arena->free;
	if (pool)
		arena->free = pool->next;
	else
		pool = (struct allotp_pool *)(arena->address + (size_t)arena->fresh++ * ALLOT_POOL_SIZE);
	arena_unlink(arena);
	arena->free_count--;
	arena_link(arena);

	pool->pools = pools;
	pool->arena = arena;
	pool->class_index = (uint16_t)class_index;
	pool->room = pool->capacity = (uint16_t)((ALLOT_POOL_SIZE - ALLOTP_POOL_HEADER) / size);
	pool->idle = false;
	arena->taken++;
	pool->freed = 0;
	pool->fresh = ALLOTP_POOL_HEADER / ALLOTP_BLOCK_UNIT;
	pool->units = (uint16_t)(size / ALLOTP_BLOCK_UNIT);
	pool_link(pool);
	return pool;
}

void allotp_pool_was_full(struct allotp_pool *pool)
{
	pool_link(pool);
}

/* capacity 0 marks a pool that no class has. */
static void pool_give_back(struct allotp_pool *pool)
{
	struct allotp_arena *arena = pool->arena;

	pool_unlink(pool);
	arena->taken--;
	arena->idle -= pool->idle;
	pool->capacity = 0;
	pool->next = arena->free;
	arena->free = pool;
	arena_unlink(arena);
	arena->free_count++;
	arena_link(arena);
}

/* Whether no pool of an arena has a used block; those that are in use again lose the mark. */
static bool is_idle(struct allotp_arena *arena)
{
	for (unsigned i = 0; i < arena->fresh; i++) {
		struct allotp_pool *pool = (struct allotp_pool *)(arena->address + (size_t)i * ALLOT_POOL_SIZE);

		if (pool->capacity && pool->idle && pool->room < pool->capacity) {
			pool->idle = false;
			arena->idle--;
		}
	}
	return arena->idle == arena->taken;
}

static void give_back_all(struct allotp_arena *arena)
{
	for (unsigned i = 0; i < arena->fresh; i++) {
		struct allotp_pool *pool = (struct allotp_pool *)(arena->address + (size_t)i * ALLOT_POOL_SIZE);

		if (pool->capacity)
			pool_give_back(pool);
	}
}

/*
 * The only usable pool of a class stays: an object that is made and dropped again and again would otherwise take a pool
 * each time. Such pools do not keep an arena, but for the last one. That one is in use again is not noted when it happens,
 * but when it matters.
 */
void allotp_pool_is_empty(struct allotp_pool *pool)
{
	struct allotp_arena *arena = pool->arena;

	if (pool->prev || pool->next) {
		pool_give_back(pool);
	} else if (!pool->idle) {
		pool->idle = true;
		arena->idle++;
	}
	if (arena->idle == arena->taken && arena->pools->arenas > 1 && is_idle(arena)) {
		give_back_all(arena);
		arena_free(arena);
	}
}

void allotp_pools_release(struct allotp_pools *pools)
{
	while (pools->all)
		arena_free(pools->all);
	memset(pools->usable, 0, sizeof(pools->usable));
}
