/* SPDX-License-Identifier: MIT */
/*
 * An allocator to preload, that may be called from a signal handler at any moment: it hands out memory from one piece by one
 * atomic addition and never takes any back.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA ((size_t)1 << 36)
#define EXPORT __attribute__((visibility("default")))

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **out, size_t alignment, size_t size);

static atomic_uintptr_t next;

/* Whoever comes first maps the arena; who comes second at the same time gives his back. */
static void start(void)
{
	uintptr_t none = 0;
	void *arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (arena == MAP_FAILED)
		__builtin_trap();
	if (!atomic_compare_exchange_strong(&next, &none, (uintptr_t)arena))
		munmap(arena, ARENA);
}

/* The size is kept in the 16 bytes before the block, for realloc. */
static void *take(size_t alignment, size_t size)
{
	size_t whole = 16 + alignment + ((size + 15) & ~(size_t)15);
	uintptr_t block;

	if (size > ARENA / 2) {
		errno = ENOMEM;
		return NULL;
	}
	if (!atomic_load(&next))
		start();
	block = (atomic_fetch_add(&next, whole) + 16 + alignment - 1) & ~(uintptr_t)(alignment - 1);
	((size_t *)block)[-1] = size;
	return (void *)block;
}

EXPORT void *malloc(size_t size)
{
	return take(16, size);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	return take(alignment < 16 ? 16 : alignment, size);
}

EXPORT void free(void *block)
{
	(void)block;
}

EXPORT void *calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return take(16, bytes);
}

EXPORT void *realloc(void *old, size_t size)
{
	void *block = take(16, size);

	if (block && old)
		memcpy(block, old, ((size_t *)old)[-1] < size ? ((size_t *)old)[-1] : size);
	return block;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return take(alignment < 16 ? 16 : alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *block = take(alignment, size);

	if (!block)
		return ENOMEM;
	*out = block;
	return 0;
}
