// SPDX-License-Identifier: MIT
// A program that replaces the global operator new and delete itself: its own are called, and the malloc they use is seen.
#include <new>

#include "target.h"

static int news, deletes;

SITE void *own_allocate(std::size_t size)
{
	return malloc(size + 16);
}

void *operator new(std::size_t size)
{
	news++;
	return own_allocate(size);
}

void operator delete(void *block) noexcept
{
	deletes++;
	free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
	deletes++;
	free(block);
}

SITE void freed()
{
	::operator delete(::operator new(985));
}

SITE void *kept()
{
	return ::operator new(985);
}

int main()
{
	for (int i = 0; i < 10; i++)
		freed();
	kept();
	REQUIRE(news == 11 && deletes == 10);
	return 0;
}
