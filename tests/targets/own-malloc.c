/* SPDX-License-Identifier: MIT */
/* A program with an allocator of its own, which libc uses too: it must run as it does alone, and nobody can trace it. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "target.h"

static char arena[1 << 22] __attribute__((aligned(16)));
static size_t used;
static int calls;

static void *take(size_t size)
{
	size_t whole = 16 + ((size + 15) & ~(size_t)15);
	char *block = arena + used + 16;

	calls++;
	if (size > sizeof arena || whole > sizeof arena - used) {
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
