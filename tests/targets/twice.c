/* SPDX-License-Identifier: MIT */
/* calloc and realloc, for allocators that make two calls of one. */
#include "target.h"

SITE void *zeroed_1487(void)
{
	return calloc(1, 1487);
}

SITE void *grown_1489(void *block)
{
	return realloc(block, 1489);
}

int main(void)
{
	int i;

	for (i = 0; i < 5; i++)
		free(zeroed_1487());
	for (i = 0; i < 3; i++)
		grown_1489(zeroed_1487());
	return 0;
}
