/* SPDX-License-Identifier: MIT */
/* errno stays as it was over every call that succeeds, first ones in a thread included, and is ENOMEM after one that fails. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>

#include "target.h"

#define KEEPS(statement)                                                                                               \
	do {                                                                                                           \
		errno = 4711;                                                                                          \
		statement;                                                                                             \
		REQUIRE(errno == 4711);                                                                                \
	} while (0)

SITE void all_of_them(void)
{
	volatile size_t huge = PTRDIFF_MAX;
	void *block, *other;
	int i;

	for (i = 1; i < 20000; i += 97) {
		KEEPS(block = malloc(i));
		KEEPS(block = realloc(block, 2 * i));
		KEEPS(free(block));
		KEEPS(block = calloc(2, i));
		KEEPS(free(block));
		KEEPS(block = memalign(64, i));
		KEEPS(free(block));
		KEEPS(REQUIRE(posix_memalign(&other, 64, i) == 0));
		KEEPS(free(other));
		KEEPS(block = reallocarray(NULL, 3, i));
		KEEPS(free(block));
		KEEPS(free(NULL));
	}
	KEEPS(block = malloc(1 << 20));
	KEEPS(free(block));
	errno = 0;
	REQUIRE(!malloc(huge) && errno == ENOMEM);
	errno = 0;
	REQUIRE(!calloc(huge, 3) && errno == ENOMEM);
	REQUIRE(posix_memalign(&other, 64, huge) == ENOMEM);
}

static void *run(void *unused)
{
	all_of_them();
	return unused;
}

int main(void)
{
	pthread_t thread;
	int i;

	all_of_them();
	for (i = 0; i < 4; i++) {
		REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
		REQUIRE(pthread_join(thread, NULL) == 0);
	}
	return 0;
}
