/* SPDX-License-Identifier: MIT */
/* Every way through realloc and reallocarray: grow, shrink, from NULL, to nothing, and the calls that fail. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "target.h"

SITE void *before_1009(void)
{
	return malloc(1009);
}

SITE void *grow_100003(void *old)
{
	return realloc(old, 100003);
}

SITE void *before_20011(void)
{
	return malloc(20011);
}

SITE void *shrink_10007(void *old)
{
	return realloc(old, 10007);
}

SITE void *from_null_3001(void)
{
	return realloc(NULL, 3001);
}

SITE void *before_2003(void)
{
	return malloc(2003);
}

SITE void *to_nothing(void *old)
{
	return realloc(old, 0);
}

SITE void *before_4001(void)
{
	return malloc(4001);
}

SITE void *fail_huge(void *old)
{
	volatile size_t huge = PTRDIFF_MAX;

	return realloc(old, huge);
}

SITE void *array_7_1013(void)
{
	return reallocarray(NULL, 7, 1013);
}

SITE void *array_9_1019(void *old)
{
	return reallocarray(old, 9, 1019);
}

SITE void *fail_array(void *old)
{
	volatile size_t half = SIZE_MAX / 2;

	return reallocarray(old, half, 4);
}

SITE void *chain(void)
{
	char *block = NULL;
	int i;

	for (i = 1; i <= 100; i++) {
		block = realloc(block, i * 1009);
		REQUIRE(block);
		block[i * 1009 - 1] = (char)i;
		if (i > 1)
			REQUIRE(block[(i - 1) * 1009 - 1] == i - 1);
	}
	return block;
}

int main(void)
{
	void *kept, *array;

	REQUIRE(grow_100003(before_1009()));
	REQUIRE(shrink_10007(before_20011()));
	REQUIRE(from_null_3001());
	REQUIRE(!to_nothing(before_2003()));

	kept = memset(before_4001(), 'k', 4001);
	errno = 0;
	REQUIRE(!fail_huge(kept));
	REQUIRE(errno == ENOMEM);
	REQUIRE(((char *)kept)[4000] == 'k');

	array = memset(array_7_1013(), 'a', 7 * 1013);
	array = array_9_1019(array);
	REQUIRE(((char *)array)[7 * 1013 - 1] == 'a');
	errno = 0;
	REQUIRE(!fail_array(array));
	REQUIRE(errno == ENOMEM);
	REQUIRE(((char *)array)[0] == 'a');

	REQUIRE(chain());
	return 0;
}
