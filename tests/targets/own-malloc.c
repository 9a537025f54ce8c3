/* SPDX-License-Identifier: MIT */
/* A program with an allocator of its own, which libc uses too: it must run as it does alone, and nobody can trace it. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "target.h"

enum { ARENA_SIZE = 1 << 22 };
static char *arena;
static size_t used;
static int calls;

/* As real ones do, it begins by mapping memory under a lock of its own, and is not to be called again meanwhile. */
static void begin(void)
{
	static int beginning;

	if (beginning++)
		_Exit(98);
	arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		_Exit(97);
	beginning = 0;
}

static void *take(size_t size)
{
	size_t whole = 16 + ((size + 15) & ~(size_t)15);
	char *block;

	if (!arena)
		begin();
	block = arena + used + 16;
	calls++;
	if (size > ARENA_SIZE || whole > ARENA_SIZE - used) {
		errno = ENOMEM;
		return NULL;
	}
	used += whole;
	((size_t *)block)[-1] = size;
	return block;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return take(size);
}

__attribute__((visibility("default"))) void free(void *block)
{
	if (block)
		REQUIRE((char *)block > arena && (char *)block <= arena + used);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return take(bytes);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
	void *block = take(size);

	if (block && old)
		memcpy(block, old, ((size_t *)old)[-1] < size ? ((size_t *)old)[-1] : size);
	return block;
}

/* The first call may come before any library is set up. */
static void allocate_early(void)
{
	REQUIRE(malloc(1));
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(void) = allocate_early;

SITE void *mine_1409(void)
{
	return malloc(1409);
}

int main(void)
{
	int i, before = calls;

	for (i = 0; i < 100; i++)
		free(mine_1409());
	printf("%d\n", calls - before);
	return 0;
}
