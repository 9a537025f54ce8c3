/* SPDX-License-Identifier: MIT */
/* A program whose segments lie far apart (see how it is linked), as node's do: the loader knows it only piece by piece. */
#include "target.h"

SITE void *leak_1427(void)
{
	return malloc(1427);
}

int main(void)
{
	REQUIRE(leak_1427());
	return 0;
}
