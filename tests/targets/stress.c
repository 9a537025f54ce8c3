/* SPDX-License-Identifier: MIT */
/*
 * Random allocations and frees by several threads, also of each other's blocks, counted by the program itself:
 * `stress THREADS EVENTS`. Prints what each of its functions allocated, and what of that is live at the end.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "target.h"

#define OWN 256     /* blocks a thread keeps for itself */
#define SHARED 1024 /* blocks that any thread takes from any other */
#define THREADS 64

struct count {
	long blocks, bytes;
};

enum { SMALL, MIDDLE, ZEROED, MOVED, KINDS };
static const char *const names[KINDS] = { "small", "middle", "zeroed", "moved" };

struct worker {
	pthread_t thread;
	uint64_t random;
	long events;
	struct count ever[KINDS], freed[KINDS];
	void *own[OWN];
};

static struct worker workers[THREADS];
static _Atomic(void *) shared[SHARED];

/* Every block begins with its size and the kind it is of. */
struct block {
	uint32_t size, kind;
};

SITE void *small(size_t size)
{
	return malloc(size);
}

SITE void *middle(size_t size)
{
	return malloc(size);
}

SITE void *zeroed(size_t size)
{
	return calloc(1, size);
}

SITE void *moved(void *old, size_t size)
{
	return realloc(old, size);
}

static uint64_t next(struct worker *me)
{
	me->random ^= me->random << 13;
	me->random ^= me->random >> 7;
	me->random ^= me->random << 17;
	return me->random;
}

static void *made(struct worker *me, struct block *block, size_t size, int kind)
{
	REQUIRE(block);
	block->size = (uint32_t)size;
	block->kind = (uint32_t)kind;
	me->ever[kind].blocks++;
	me->ever[kind].bytes += (long)size;
	me->events++;
	return block;
}

static void *allocate(struct worker *me)
{
	uint64_t random = next(me);
	size_t size;

	switch (random & 7) {
	case 0:
		size = 1024 + (random >> 8) % 4096;
		return made(me, middle(size), size, MIDDLE);
	case 1:
		size = sizeof(struct block) + (random >> 8) % 512;
		return made(me, zeroed(size), size, ZEROED);
	default:
		size = sizeof(struct block) + (random >> 8) % 120;
		return made(me, small(size), size, SMALL);
	}
}

static void forget(struct worker *me, const struct block *block)
{
	me->freed[block->kind].blocks++;
	me->freed[block->kind].bytes += block->size;
}

static void release(struct worker *me, struct block *block)
{
	if (!block)
		return;
	forget(me, block);
	me->events++;
	free(block);
}

static void *resize(struct worker *me, struct block *block)
{
	size_t size = sizeof(struct block) + next(me) % 700;

	if (block)
		forget(me, block);
	return made(me, moved(block, size), size, MOVED);
}

static void *run(void *argument)
{
	struct worker *me = argument;
	long wanted = me->events;
	uint64_t random;
	void **place;

	me->events = 0;
	while (me->events < wanted) {
		random = next(me);
		place = &me->own[random % OWN];
		if (random >> 60 == 0) {
			*place = resize(me, *place);
		} else if (random >> 61 == 1) {
			release(me, atomic_exchange(&shared[(random >> 20) % SHARED], allocate(me)));
		} else {
			release(me, *place);
			*place = random >> 59 & 1 ? allocate(me) : NULL;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 1 ? atol(argv[1]) : 2, events = argc > 2 ? atol(argv[2]) : 1000000, i;
	struct count ever[KINDS], freed[KINDS];
	int kind;

	REQUIRE(threads > 0 && threads <= THREADS);
	for (i = 0; i < threads; i++) {
		workers[i].random = 88172645463325252ull + (uint64_t)i * 7919;
		workers[i].events = events / threads;
		REQUIRE(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0);
	}
	memset(ever, 0, sizeof ever);
	memset(freed, 0, sizeof freed);
	for (i = 0; i < threads; i++) {
		REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
		for (kind = 0; kind < KINDS; kind++) {
			ever[kind].blocks += workers[i].ever[kind].blocks;
			ever[kind].bytes += workers[i].ever[kind].bytes;
			freed[kind].blocks += workers[i].freed[kind].blocks;
			freed[kind].bytes += workers[i].freed[kind].bytes;
		}
	}
	/* Lines as the tests ask for them: function, then its counters. */
	for (kind = 0; kind < KINDS; kind++)
		printf("%s live=%ld/%ld ever=%ld/%ld\n", names[kind], ever[kind].bytes - freed[kind].bytes,
		       ever[kind].blocks - freed[kind].blocks, ever[kind].bytes, ever[kind].blocks);
	return 0;
}
