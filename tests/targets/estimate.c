/* SPDX-License-Identifier: MIT */
/*
 * Allocates so much that estimates can be compared with it: `estimate THREADS ROUNDS`. Prints what each of its functions
 * allocated, what of that is live at the end, and what was temporary. With a third argument, frees all of it.
 */
#include <pthread.h>

#include "target.h"

#define THREADS 16

static long rounds;
static void **given[THREADS], **kept[THREADS];
static pthread_barrier_t turn;
static long threads;

SITE void *kept_48(void)
{
	return malloc(48);
}

SITE void *given_away_200(void)
{
	return malloc(200);
}

SITE void at_once_72(void)
{
	free(malloc(72));
}

SITE void *outer_96(void)
{
	return malloc(96);
}

SITE void *inner_24(void)
{
	return calloc(3, 8);
}

SITE void *grown_1000(void *old)
{
	return realloc(old, 1000);
}

SITE void *grown_3000(void *old)
{
	return realloc(old, 3000);
}

SITE void *large_20000(void)
{
	return malloc(20000);
}

static void *work(void *data)
{
	long me = (long)data, next = (me + 1) % threads;

	for (long i = 0; i < rounds; i++) {
		void *outer, *grown;

		kept[me][i] = kept_48();
		given[me][i] = given_away_200();
		at_once_72();
		outer = outer_96();
		free(inner_24());
		free(outer);
		grown = grown_3000(grown_1000(NULL));
		free(grown);
		if (i % 16 == 0)
			free(large_20000());
	}
	pthread_barrier_wait(&turn);
	for (long i = 0; i < rounds; i++)
		free(given[next][i]);
	return NULL;
}

static void print(const char *name, long size, long live, long ever, long temporary)
{
	printf("%s live=%ld/%ld ever=%ld/%ld temporary=%ld/%ld\n", name, size * live, live, size * ever, ever,
	       size * temporary, temporary);
}

int main(int argc, char **argv)
{
	static char buffer[BUFSIZ];
	pthread_t ids[THREADS];
	long all;

	REQUIRE(argc >= 3);
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	threads = atol(argv[1]);
	rounds = atol(argv[2]);
	REQUIRE(threads >= 1 && threads <= THREADS);
	REQUIRE(pthread_barrier_init(&turn, NULL, (unsigned int)threads) == 0);
	for (long i = 0; i < threads; i++) {
		kept[i] = calloc((size_t)rounds, sizeof(void *));
		given[i] = calloc((size_t)rounds, sizeof(void *));
		REQUIRE(kept[i] && given[i]);
	}
	for (long i = 1; i < threads; i++)
		REQUIRE(pthread_create(&ids[i], NULL, work, (void *)i) == 0);
	work((void *)0);
	for (long i = 1; i < threads; i++)
		REQUIRE(pthread_join(ids[i], NULL) == 0);
	all = threads * rounds;
	if (argc > 3) {
		for (long i = 0; i < threads; i++) {
			for (long j = 0; j < rounds; j++)
				free(kept[i][j]);
			free(kept[i]);
			free(given[i]);
		}
	}
	print("kept_48", 48, argc > 3 ? 0 : all, all, 0);
	print("given_away_200", 200, 0, all, 0);
	print("at_once_72", 72, 0, all, all);
	print("outer_96", 96, 0, all, 0);
	print("inner_24", 24, 0, all, all);
	print("grown_1000", 1000, 0, all, 0);
	print("grown_3000", 3000, 0, all, all);
	print("large_20000", 20000, 0, threads * ((rounds + 15) / 16), threads * ((rounds + 15) / 16));
	return 0;
}
