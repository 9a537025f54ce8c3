/* SPDX-License-Identifier: MIT */
/*
 * Loses blocks while it runs, one more at each line of its standard input, and says so; two other threads allocate and sleep all
 * the while, and must not notice when somebody looks. Says at the end what they have noticed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clear.h"
#include "target.h"

static void *volatile kept;
static volatile int over, interrupted;
static volatile long turns;

SITE void *make_1701(void)
{
	return memset(malloc(1701), 0, 1701);
}

SITE void *make_1702(void)
{
	return memset(malloc(1702), 0, 1702);
}

/* Holds a pointer in a block that moves all the time. */
static void *move(void *unused)
{
	void **block = malloc(64);

	block[0] = make_1702();
	while (!over) {
		block = realloc(block, 64 + (size_t)(turns++ % 64) * 64);
		REQUIRE(block);
	}
	kept = block;
	return unused;
}

static void *sleep_long(void *unused)
{
	const struct timespec pause = { .tv_nsec = 50000000 };

	while (!over) {
		if (nanosleep(&pause, NULL) && errno == EINTR)
			interrupted = 1;
	}
	return unused;
}

int main(void)
{
	pthread_t threads[2];
	char line[16];

	REQUIRE(!pthread_create(&threads[0], NULL, move, NULL) && !pthread_create(&threads[1], NULL, sleep_long, NULL));
	while (!turns)
		;
	for (int i = 0; read(0, line, 1) == 1; i++) {
		make_1701();
		clear();
		REQUIRE(write(1, "lost\n", 5) == 5);
	}
	over = 1;
	REQUIRE(!pthread_join(threads[0], NULL) && !pthread_join(threads[1], NULL));
	REQUIRE(!interrupted);
	return 0;
}
