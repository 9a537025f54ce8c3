/* SPDX-License-Identifier: MIT */
/* Very many short threads, two at a time, each of which allocates. Argument: how many, in all. */
#include <pthread.h>

#include "target.h"

SITE void freed_in_thread_211(void)
{
	free(malloc(211));
}

SITE void *freed_by_main_223(void)
{
	return malloc(223);
}

static void *run(void *unused)
{
	(void)unused;
	freed_in_thread_211();
	return freed_by_main_223();
}

int main(int argc, char **argv)
{
	long i, count = argc > 1 ? atol(argv[1]) : 20000;
	pthread_t one, other;
	void *block;

	for (i = 0; i < count; i += 2) {
		REQUIRE(pthread_create(&one, NULL, run, NULL) == 0);
		REQUIRE(pthread_create(&other, NULL, run, NULL) == 0);
		REQUIRE(pthread_join(one, &block) == 0);
		free(block);
		REQUIRE(pthread_join(other, &block) == 0);
		free(block);
	}
	return 0;
}
