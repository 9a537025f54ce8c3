/* SPDX-License-Identifier: MIT */
/* Mappings in every way they come and go: whole, part of it in the middle, moved, mapped over, failed. */
#include <string.h>
#include <sys/mman.h>

#include "target.h"

#define PAGE 4096
#define KIND (MAP_PRIVATE | MAP_ANONYMOUS)

SITE char *kept_4_pages(void)
{
	return mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, KIND, -1, 0);
}

SITE void whole_8_pages(void)
{
	char *pages = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, KIND, -1, 0);

	REQUIRE(pages != MAP_FAILED);
	REQUIRE(munmap(pages, 8 * PAGE) == 0);
}

SITE char *holed_16_pages(void)
{
	char *pages = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, KIND, -1, 0);

	REQUIRE(pages != MAP_FAILED);
	REQUIRE(munmap(pages + 4 * PAGE, 2 * PAGE) == 0);
	return pages;
}

SITE char *remapped_from_3_pages(void)
{
	return mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, KIND, -1, 0);
}

SITE char *remapped_to_5_pages(char *old)
{
	return mremap(old, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
}

SITE char *under_6_pages(void)
{
	return mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, KIND, -1, 0);
}

SITE char *over_2_pages(char *where)
{
	return mmap(where, 2 * PAGE, PROT_READ | PROT_WRITE, KIND | MAP_FIXED, -1, 0);
}

SITE void fails(void)
{
	volatile size_t nothing = 0;

	REQUIRE(mmap(NULL, nothing, PROT_READ, KIND, -1, 0) == MAP_FAILED);
	REQUIRE(mremap((char *)1, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	REQUIRE(munmap((char *)1, PAGE) == -1);
}

SITE void *malloc_1439(void)
{
	return malloc(1439);
}

int main(void)
{
	char *pages;

	REQUIRE(kept_4_pages() != MAP_FAILED);
	whole_8_pages();
	memset(holed_16_pages(), 1, 4 * PAGE);
	pages = remapped_from_3_pages();
	REQUIRE(pages != MAP_FAILED);
	pages[0] = 'r';
	pages = remapped_to_5_pages(pages);
	REQUIRE(pages != MAP_FAILED && pages[0] == 'r');
	pages = under_6_pages();
	REQUIRE(pages != MAP_FAILED);
	REQUIRE(over_2_pages(pages + 2 * PAGE) == pages + 2 * PAGE);
	fails();
	malloc_1439();
	return 0;
}
