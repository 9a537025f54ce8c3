/* SPDX-License-Identifier: MIT */
/*
 * A process whose threads allocate all the time while it forks: the tracer must not be left locked in the child. Argument:
 * how many forks. Each child allocates; so do the threads, until the last child is gone.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

static atomic_bool stop;

SITE void busy_541(void)
{
	free(malloc(541));
}

SITE void in_child_547(void)
{
	REQUIRE(malloc(547));
}

static void *run(void *unused)
{
	while (!atomic_load(&stop))
		busy_541();
	return unused;
}

int main(int argc, char **argv)
{
	int i, j, state, forks = argc > 1 ? atoi(argv[1]) : 50;
	pthread_t threads[2];
	pid_t pid;

	for (i = 0; i < 2; i++)
		REQUIRE(pthread_create(&threads[i], NULL, run, NULL) == 0);
	for (i = 0; i < forks; i++) {
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			for (j = 0; j < 100; j++)
				in_child_547();
			_exit(0);
		}
		REQUIRE(waitpid(pid, &state, 0) == pid && state == 0);
	}
	atomic_store(&stop, 1);
	for (i = 0; i < 2; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	return 0;
}
