/* SPDX-License-Identifier: MIT */
/*
 * Compares liballot-object with other ways to have objects in C, and with python3: nanoseconds for a new object that is freed,
 * for a reference taken and given up, and for each object of a full collection. The shortest of several rounds, each
 * library in a process of its own.
 */
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 15
#define GRAPH_ROUNDS 3
#define TIMES 200000

size_t object_random(size_t *state)
{
	*state = (*state * 2862933555777941757u + 3037000493u) & 0x7fffffffffffffffu;
	return *state / 65536 % GRAPH_NODES;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void tell(double nanoseconds)
{
	if (nanoseconds < 0)
		printf("  %9s", "-");
	else
		printf("  %9.1f", nanoseconds);
	fflush(stdout);
}

static double shortest(void (*function)(size_t))
{
	double least = -1;

	for (int i = 0; function && i < ROUNDS; i++) {
		double began = now(), took;

		function(TIMES);
		took = (now() - began) / TIMES;
		if (least < 0 || took < least)
			least = took;
	}
	return least;
}

static double once(void (*function)(void))
{
	double began = now();

	function();
	return (now() - began) / GRAPH_NODES;
}

static void keep_least(double *least, double value)
{
	if (*least < 0 || value < *least)
		*least = value;
}

static void measure(const struct object_library *library)
{
	double live = -1, dead = -1;

	if (library->set_up)
		library->set_up();
	printf("%-10s", library->name);
	tell(shortest(library->new_and_free));
	tell(shortest(library->ref_and_unref));
	tell(shortest(library->ref_and_unref_shared));
	for (int i = 0; library->build && i < GRAPH_ROUNDS; i++) {
		library->build();
		library->collect();
		for (int j = 0; j < GRAPH_ROUNDS; j++)
			keep_least(&live, once(library->collect));
		library->drop();
		keep_least(&dead, once(library->collect_dead));
	}
	tell(live);
	tell(dead);
	printf("\n");
	fflush(stdout);
}

int main(int count, char **words)
{
	static const struct object_library *const libraries[] = {
		&object_malloc, &object_allot,
#ifdef HAVE_GLIB
		&object_rc_box, &object_gobject,
#endif
#ifdef HAVE_TALLOC
		&object_talloc,
#endif
#ifdef HAVE_BOEHM
		&object_boehm,
#endif
	};

	printf("nanoseconds   new+free  ref+unref     shared  live/node  dead/node\n");
	fflush(stdout);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		pid_t child = fork();

		if (!child) {
			measure(libraries[i]);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	if (count == 3) {
		fflush(stdout);
		execlp(words[1], words[1], "-B", words[2], (char *)NULL);
		perror(words[1]);
	}
	return 0;
}
