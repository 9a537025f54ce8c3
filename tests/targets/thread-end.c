/* SPDX-License-Identifier: MIT */
/*
 * Destructors of thread-specific data that free and allocate, round after round, when the tracer's own thread state may
 * be gone already: 4 threads, and a destructor that sets its key again so that it is called a second time.
 */
#include <pthread.h>

#include "target.h"

#define THREADS 4

static pthread_key_t keys[8];

SITE void *value_401(void)
{
	return malloc(401);
}

SITE void *again_409(void)
{
	return malloc(409);
}

SITE void temporary_419(void)
{
	free(malloc(419));
}

static void last(void *block)
{
	free(block);
	temporary_419();
}

static pthread_key_t last_key;

static void first(void *block)
{
	free(block);
	temporary_419();
	/* Seen in the next round of destructors, one of the last the thread goes through. */
	if (!pthread_getspecific(last_key))
		pthread_setspecific(last_key, again_409());
}

static void *run(void *unused)
{
	int i;

	for (i = 0; i < 8; i++)
		pthread_setspecific(keys[i], value_401());
	return unused;
}

int main(void)
{
	pthread_t threads[THREADS];
	int i;

	REQUIRE(pthread_key_create(&last_key, last) == 0);
	for (i = 0; i < 8; i++)
		REQUIRE(pthread_key_create(&keys[i], first) == 0);
	for (i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, run, NULL) == 0);
	for (i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	return 0;
}
