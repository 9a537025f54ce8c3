/* SPDX-License-Identifier: MIT */
/* Repetitions, each marked, after which more is live of some call sites: by so much each time, once, at times, never. */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "allot/trace.h"
#include "target.h"

struct kept {
	struct kept *next;
	char rest[];
};

static struct kept *all; /* whatever grows is reachable */

static void keep(struct kept *one)
{
	one->next = all;
	all = one;
}

SITE void leak_4801(void)
{
	keep(malloc(4801));
}

SITE void third_4813(void)
{
	keep(malloc(4813));
}

SITE void cache_4817(void)
{
	keep(malloc(4817));
}

SITE void before_4831(void)
{
	keep(malloc(4831));
}

SITE void in_thread_4861(void)
{
	keep(malloc(4861));
}

SITE void nothing_0(void)
{
	static void *volatile last;

	last = malloc(0);
	REQUIRE(last);
}

/* Ten blocks, and then none. */
SITE void batch_4871(void)
{
	static void *batch[10];
	static int count;

	if (count == 10) {
		while (count)
			free(batch[--count]);
	}
	batch[count++] = malloc(4871);
}

SITE void vector_doubles(void)
{
	static char *vector;
	static size_t used, room;

	if (used == room) {
		room = room ? 2 * room : 4;
		vector = realloc(vector, room * 16);
		REQUIRE(vector);
	}
	memset(vector + 16 * used++, 1, 16);
}

SITE void temporary_4877(void)
{
	free(malloc(4877));
}

static void request(int i)
{
	leak_4801();
	if (i % 3 == 0)
		third_4813();
	if (i < 4)
		cache_4817();
	batch_4871();
	vector_doubles();
	temporary_4877();
	nothing_0();
}

static sem_t turn, done;

static void *work(void *data)
{
	(void)data;
	for (;;) {
		while (sem_wait(&turn))
			;
		if (!all)
			return NULL;
		in_thread_4861();
		sem_post(&done);
	}
}

/* What another thread has done before the mark belongs to before it. */
static void in_turns(int count)
{
	pthread_t thread;

	REQUIRE(!sem_init(&turn, 0, 0) && !sem_init(&done, 0, 0));
	before_4831();
	REQUIRE(!pthread_create(&thread, NULL, work, NULL));
	for (int i = 0; i < count; i++) {
		sem_post(&turn);
		while (sem_wait(&done))
			;
		allot_mark("request");
	}
	all = NULL;
	sem_post(&turn);
	pthread_join(thread, NULL);
}

/* A block for each line that comes in, with an answer. */
static void by_line(void)
{
	char line;

	while (read(0, &line, 1) == 1) {
		leak_4801();
		REQUIRE(write(1, &line, 1) == 1);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;

	if (argc > 2 && !strcmp(argv[2], "in-turns")) {
		in_turns(count);
		return 0;
	}
	if (!count) {
		by_line();
		return 0;
	}
	before_4831();
	for (int i = 0; i < count; i++) {
		request(i);
		allot_mark("request");
		allot_mark("something else");
	}
	return 0;
}
