/* SPDX-License-Identifier: MIT */
/* Memory for the few allocations that are made before the real allocator is known. */
#include "preload/bootstrap.h"

_Alignas(64) unsigned char allotp_bootstrap_arena[ALLOT_BOOTSTRAP_SIZE];
static size_t used, count;

/* Stands right before each block. */
struct bootstrap_header {
	size_t size;
};

void *allotp_bootstrap_alloc(size_t alignment, size_t size)
{
	size_t old = __atomic_load_n(&used, __ATOMIC_RELAXED), start;

	__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	if (alignment < 16)
		alignment = 16;
	if (alignment & (alignment - 1) || alignment > ALLOT_BOOTSTRAP_SIZE || size > ALLOT_BOOTSTRAP_SIZE)
		return NULL;
	do {
		uintptr_t block = (uintptr_t)allotp_bootstrap_arena + old + sizeof(struct bootstrap_header);

		block = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
		start = block - (uintptr_t)allotp_bootstrap_arena;
		/* A block of no size has to lie inside, too. */
		if (start >= ALLOT_BOOTSTRAP_SIZE || size > ALLOT_BOOTSTRAP_SIZE - start)
			return NULL;
	} while (!__atomic_compare_exchange_n(&used, &old, start + size, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	((struct bootstrap_header *)(void *)(allotp_bootstrap_arena + start))[-1].size = size;
	return allotp_bootstrap_arena + start;
}

void *allotp_bootstrap_calloc(size_t members, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(members, size, &bytes))
		return NULL;
	return allotp_bootstrap_alloc(16, bytes);
}

size_t allotp_bootstrap_size(const void *block)
{
	return ((const struct bootstrap_header *)block)[-1].size;
}

size_t allotp_bootstrap_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_RELAXED);
}
