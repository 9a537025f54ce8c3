/* SPDX-License-Identifier: MIT */
/*
 * 1000 threads at once, each of which allocates a little. Says how much private memory the process has for each of them while
 * they are there, and when they have gone, in KiB.
 */
#include <pthread.h>
#include <string.h>

#include "target.h"

enum { THREADS = 1000 };

static pthread_barrier_t all;

SITE void *in_crowd_1511(void)
{
	return malloc(1511);
}

static long private_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	long kib = -1;

	REQUIRE(file);
	while (kib < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld kB", &kib);
	fclose(file);
	return kib;
}

static void *work(void *unused)
{
	free(in_crowd_1511());
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&all);
	return unused;
}

int main(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t small;
	long there, gone;

	REQUIRE(pthread_barrier_init(&all, NULL, THREADS + 1) == 0);
	REQUIRE(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 65536) == 0);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], &small, work, NULL) == 0);
	pthread_barrier_wait(&all);
	there = private_kib();
	pthread_barrier_wait(&all);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	gone = private_kib();
	printf("%ld %ld\n", there / THREADS, gone / THREADS);
	return 0;
}
