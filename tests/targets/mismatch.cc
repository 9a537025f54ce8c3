// SPDX-License-Identifier: MIT
// Blocks given back by the wrong family of functions, in each of the three ways, and by the right one.
#include <new>

#include "target.h"

SITE void *new_array_1201()
{
	return ::operator new[](1201);
}

SITE void *new_1213()
{
	return ::operator new(1213);
}

SITE void *malloc_1217()
{
	return malloc(1217);
}

SITE void *right_1223()
{
	return ::operator new(1223);
}

int main()
{
	// The pointers pass through volatile so that no compiler warns of what this program is for.
	void *volatile block = new_array_1201();
	::operator delete(block);
	block = new_1213();
	free(block);
	block = malloc_1217();
	::operator delete(block);
	block = malloc_1217();
	::operator delete[](block);
	block = right_1223();
	::operator delete(block);
	return 0;
}
