/* SPDX-License-Identifier: MIT */
/* The aligned allocations: each as asked for, each of the requested size, and what posix_memalign refuses. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

#include "target.h"

static int aligned(const void *block, uintptr_t alignment)
{
	return block && (uintptr_t)block % alignment == 0;
}

SITE void *memalign_6007(void)
{
	return memalign(64, 6007);
}

SITE void *aligned_alloc_6400(void)
{
	return aligned_alloc(256, 6400);
}

SITE void *posix_memalign_6011(void)
{
	void *block = NULL;

	REQUIRE(posix_memalign(&block, 4096, 6011) == 0);
	return block;
}

SITE void posix_memalign_einval(void)
{
	void *block = &block;
	volatile size_t three_words = 3 * sizeof(void *);

	REQUIRE(posix_memalign(&block, three_words, 6029) == EINVAL);
	REQUIRE(block == &block);
}

SITE void posix_memalign_enomem(void)
{
	void *block = &block;
	volatile size_t huge = PTRDIFF_MAX;

	REQUIRE(posix_memalign(&block, 64, huge) == ENOMEM);
	REQUIRE(block == &block);
}

SITE void *valloc_6037(void)
{
	return valloc(6037);
}

SITE void *pvalloc_6043(void)
{
	return pvalloc(6043);
}

SITE void temporary_aligned_6047(void)
{
	free(aligned_alloc(128, 6047));
}

int main(void)
{
	REQUIRE(aligned(memalign_6007(), 64));
	REQUIRE(aligned(aligned_alloc_6400(), 256));
	REQUIRE(aligned(posix_memalign_6011(), 4096));
	posix_memalign_einval();
	posix_memalign_enomem();
	REQUIRE(aligned(valloc_6037(), 4096));
	REQUIRE(aligned(pvalloc_6043(), 4096));
	temporary_aligned_6047();
	return 0;
}
