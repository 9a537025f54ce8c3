// SPDX-License-Identifier: MIT
// operator new that fails: the new handler is called until it gives up, then bad_alloc, or null if nothrow. A handler
// that frees its reserve and lets the next try succeed is not tried: no block is so big and yet small enough.
#include <cstdint>
#include <new>

#include "target.h"

static int called;
static void *reserve;

SITE void *reserve_5003()
{
	return malloc(5003);
}

static void handler()
{
	if (++called == 3) {
		free(reserve);
		std::set_new_handler(nullptr);
	}
}

SITE bool fails_plain(std::size_t size)
{
	try {
		::operator delete(::operator new(size));
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

SITE bool fails_aligned(std::size_t size)
{
	try {
		::operator delete (::operator new (size, std::align_val_t{ 64 }), std::align_val_t{ 64 });
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

SITE bool fails_nothrow(std::size_t size)
{
	return !::operator new(size, std::nothrow) && !::operator new[](size, std::nothrow) &&
	       !::operator new (size, std::align_val_t{ 64 }, std::nothrow);
}

SITE void *afterwards_5009()
{
	return ::operator new(5009);
}

int main()
{
	volatile std::size_t huge = PTRDIFF_MAX;

	reserve = reserve_5003();
	std::set_new_handler(handler);
	REQUIRE(fails_plain(huge));
	REQUIRE(called == 3);
	REQUIRE(fails_aligned(huge));
	REQUIRE(fails_nothrow(huge));
	REQUIRE(called == 3);
	afterwards_5009();
	return 0;
}
