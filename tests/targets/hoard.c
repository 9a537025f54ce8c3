/* SPDX-License-Identifier: MIT */
/* Keeps many blocks alive at once, more than a small store has room for, and then frees them: `hoard BLOCKS`. */
#include "target.h"

SITE void *hoarded_53(void)
{
	return malloc(53);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1000;
	void **blocks = calloc((size_t)count, sizeof(*blocks));

	REQUIRE(blocks);
	for (int i = 0; i < count; i++)
		REQUIRE(blocks[i] = hoarded_53());
	for (int i = 0; i < count; i++)
		free(blocks[i]);
	free(blocks);
	return 5;
}
