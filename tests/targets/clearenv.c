/* SPDX-License-Identifier: MIT */
/* Clears its environment, then puts a new one together, and goes on allocating: the tracer must not need it any more. */
#include <stdlib.h>

#include "target.h"

SITE void *before_1423(void)
{
	return malloc(1423);
}

SITE void *after_1427(void)
{
	return malloc(1427);
}

int main(void)
{
	int i;

	before_1423();
	REQUIRE(clearenv() == 0);
	for (i = 0; i < 1000; i++)
		free(after_1427());
	REQUIRE(!getenv("PATH"));
	after_1427();
	return 0;
}
