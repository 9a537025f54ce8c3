/* SPDX-License-Identifier: MIT */
/*
 * Two threads that hand blocks to and fro: what one frees, the other gets again from malloc at the same address at
 * once. Arguments: rounds. Each round allocates and frees one block in each direction.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "target.h"

#define PLACES 8

static _Atomic(void *) places[2][PLACES];
static long rounds = 100000;

SITE void *ping_777(void)
{
	return malloc(777);
}

SITE void *pong_778(void)
{
	return malloc(778);
}

/* Puts a block into each place for the other thread and frees what it finds there: its own unfetched, or the other's. */
static void play(int me, void *(*allocate)(void))
{
	long i;

	for (i = 0; i < rounds; i++) {
		free(atomic_exchange(&places[me][i % PLACES], allocate()));
		free(atomic_exchange(&places[!me][i % PLACES], NULL));
	}
}

static void *ping(void *unused)
{
	play(0, ping_777);
	return unused;
}

static void *pong(void *unused)
{
	play(1, pong_778);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	int i, j;

	if (argc > 1)
		rounds = atol(argv[1]);
	REQUIRE(pthread_create(&threads[0], NULL, ping, NULL) == 0);
	REQUIRE(pthread_create(&threads[1], NULL, pong, NULL) == 0);
	for (i = 0; i < 2; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	for (i = 0; i < 2; i++)
		for (j = 0; j < PLACES; j++)
			free(places[i][j]);
	return 0;
}
