/* SPDX-License-Identifier: MIT */
/* A library to preload that is no allocator: says that it is there, when it starts, and what malloc it sees give. */
#include <stdlib.h>
#include <unistd.h>

#include "target.h"

SITE void *logged_1429(void)
{
	return malloc(1429);
}

__attribute__((constructor)) static void start(void)
{
	REQUIRE(logged_1429());
	REQUIRE(write(STDERR_FILENO, "logger is here\n", 15) == 15);
}
