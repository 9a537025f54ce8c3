/* SPDX-License-Identifier: MIT */
/*
 * SIGKILL at any moment: `kill-any FILE AFTER`. Two threads allocate and free without end, each counting in FILE what it has
 * done; when one has come to AFTER blocks, the process kills itself, wherever the threads are. FILE holds four numbers of 8
 * bytes: allocated and freed, by each thread. A call that was not over at the kill is not counted there.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

#define KEPT 100

struct counts {
	atomic_long allocated, freed;
};

static struct counts *counts;

SITE void *allocate_643(void)
{
	return malloc(643);
}

static void *run(void *argument)
{
	struct counts *mine = argument;
	void *kept[KEPT] = { NULL };
	long i;

	for (i = 0;; i++) {
		if (kept[i % KEPT]) {
			free(kept[i % KEPT]);
			atomic_fetch_add(&mine->freed, 1);
		}
		kept[i % KEPT] = allocate_643();
		atomic_fetch_add(&mine->allocated, 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long after;
	int fd, i;

	REQUIRE(argc == 3);
	after = atol(argv[2]);
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
	REQUIRE(fd >= 0 && ftruncate(fd, 2 * sizeof *counts) == 0);
	counts = mmap(NULL, 2 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(counts != MAP_FAILED);
	for (i = 0; i < 2; i++)
		REQUIRE(pthread_create(&thread, NULL, run, &counts[i]) == 0);
	while (atomic_load(&counts[0].allocated) < after && atomic_load(&counts[1].allocated) < after)
		;
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}
