/* SPDX-License-Identifier: MIT */
/*
 * Two threads that allocate, and SIGKILL when each has made exactly its share; no thread is inside the allocator then,
 * but the blocks are anywhere in rings that nobody has read. Argument: blocks for each thread.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "target.h"

static long count = 50000;
static pthread_barrier_t done;

SITE void left_631(void)
{
	REQUIRE(malloc(631));
}

SITE void freed_641(void)
{
	free(malloc(641));
}

static void *run(void *unused)
{
	long i;

	for (i = 0; i < count; i++) {
		left_631();
		freed_641();
	}
	pthread_barrier_wait(&done);
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int i;

	if (argc > 1)
		count = atol(argv[1]);
	REQUIRE(pthread_barrier_init(&done, NULL, 3) == 0);
	for (i = 0; i < 2; i++)
		REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
	pthread_barrier_wait(&done);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}
