/* SPDX-License-Identifier: MIT */
/* malloc, calloc and free: kept, freed at once, freed later, of no bytes, none. */
#include "target.h"

static void *kept[5];

SITE void *leak_12001(void)
{
	return malloc(12001);
}

SITE void *calloc_3_4000(void)
{
	return calloc(3, 4000);
}

SITE void temporary_101(void)
{
	free(malloc(101));
}

SITE void keep_5003(int i)
{
	kept[i] = malloc(5003);
}

SITE void *malloc_0(void)
{
	return malloc(0);
}

SITE void *too_much(void)
{
	volatile size_t huge = (size_t)-1;

	REQUIRE(!malloc(huge));
	REQUIRE(!calloc(huge, 2));
	return NULL;
}

SITE void *by_three_callers(void)
{
	return malloc(307);
}

SITE void *caller_1(void)
{
	return by_three_callers();
}

SITE void *caller_2(void)
{
	return by_three_callers();
}

SITE void *caller_3(void)
{
	return by_three_callers();
}

int main(void)
{
	const char *zero = calloc_3_4000();
	int i;

	for (i = 0; i < 12000; i++)
		REQUIRE(!zero[i]);
	leak_12001();
	for (i = 0; i < 7; i++)
		temporary_101();
	for (i = 0; i < 5; i++)
		keep_5003(i);
	for (i = 0; i < 5; i++)
		free(kept[i]);
	free(NULL);
	malloc_0();
	too_much();
	caller_1();
	caller_2();
	caller_3();
	return 0;
}
