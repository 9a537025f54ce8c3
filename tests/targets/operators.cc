// SPDX-License-Identifier: MIT
// Every operator new with the operator delete that belongs to it: plain, array, nothrow, aligned, sized.
#include <cstddef>
#include <cstdint>
#include <new>

#include "target.h"

// A compiler may not know that it may call the sized forms (-fsized-deallocation), but the library has them.
void operator delete(void *, std::size_t) noexcept;
void operator delete[](void *, std::size_t) noexcept;
void operator delete(void *, std::size_t, std::align_val_t) noexcept;
void operator delete[](void *, std::size_t, std::align_val_t) noexcept;

static constexpr std::align_val_t wide{ 256 };

template <class Pointer> static void *aligned(Pointer block)
{
	REQUIRE(block && reinterpret_cast<std::uintptr_t>(block) % 256 == 0);
	return block;
}

SITE void plain_2003()
{
	::operator delete(::operator new(2003));
}

SITE void array_2011()
{
	::operator delete[](::operator new[](2011));
}

SITE void nothrow_2017()
{
	::operator delete(::operator new(2017, std::nothrow), std::nothrow);
}

SITE void nothrow_array_2027()
{
	::operator delete[](::operator new[](2027, std::nothrow), std::nothrow);
}

SITE void sized_2029()
{
	::operator delete (::operator new(2029), std::size_t{ 2029 });
}

SITE void sized_array_2039()
{
	::operator delete[](::operator new[](2039), std::size_t{ 2039 });
}

SITE void aligned_2053()
{
	::operator delete(aligned(::operator new(2053, wide)), wide);
}

SITE void aligned_array_2063()
{
	::operator delete[](aligned(::operator new[](2063, wide)), wide);
}

SITE void aligned_nothrow_2069()
{
	::operator delete(aligned(::operator new(2069, wide, std::nothrow)), wide, std::nothrow);
}

SITE void aligned_nothrow_array_2081()
{
	::operator delete[](aligned(::operator new[](2081, wide, std::nothrow)), wide, std::nothrow);
}

SITE void aligned_sized_2083()
{
	::operator delete (aligned(::operator new(2083, wide)), std::size_t{ 2083 }, wide);
}

SITE void aligned_sized_array_2087()
{
	::operator delete[](aligned(::operator new[](2087, wide)), std::size_t{ 2087 }, wide);
}

SITE void *kept_2089()
{
	return ::operator new(2089);
}

SITE void *kept_array_2099()
{
	return new char[2099];
}

int main()
{
	::operator delete(nullptr);
	::operator delete[](nullptr);
	plain_2003();
	array_2011();
	nothrow_2017();
	nothrow_array_2027();
	sized_2029();
	sized_array_2039();
	aligned_2053();
	aligned_array_2063();
	aligned_nothrow_2069();
	aligned_nothrow_array_2081();
	aligned_sized_2083();
	aligned_sized_array_2087();
	kept_2089();
	kept_array_2099();
	return 0;
}
