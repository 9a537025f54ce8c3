/* SPDX-License-Identifier: MIT */
/*
 * The malloc/free loop: `loop DEPTH LIVE THREADS PAIRS ROUNDS [moving]`. LIVE blocks of 16 to 512 bytes in all, of which
 * each thread replaces PAIRS of its own, picked at random, in every round. The stack stands still while it does, or, with
 * `moving`, is left and entered again by another way, up to MOVING frames of it, for each block.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

#define MOVING 5

static long live, pairs;

static inline void replace(void **blocks, uint64_t random)
{
	void **place = &blocks[((random & 0xffffffff) * (uint64_t)live) >> 32];

	free(*place);
	*place = worker_need(malloc(worker_size(random)));
	/* A block that nobody writes to may be optimized away, and is no program's. */
	*(volatile char *)*place = 1;
}

static void **blocks_of(struct worker *worker)
{
	return (void **)worker->own + worker->number * live;
}

/* The blocks are there before the first round's loop, so the first round is never the shortest. */
static void fill(struct worker *worker)
{
	void **blocks = blocks_of(worker);

	for (long i = 0; worker->round == 0 && i < live; i++) {
		blocks[i] = worker_need(malloc(worker_size(worker_random(worker))));
		*(volatile char *)blocks[i] = 1;
	}
}

static void work(struct worker *worker)
{
	void **blocks = blocks_of(worker);

	fill(worker);
	for (long i = 0; i < pairs; i++)
		replace(blocks, worker_random(worker));
}

/* Two calls from here, two return addresses: each level halves the chance that a stack is the one before. */
WORKER_FRAME static void move(void **blocks, uint64_t random, int frames)
{
	if (frames == 0) {
		replace(blocks, random);
		WORKER_STAY(0);
	} else if (random >> (32 + frames) & 1) {
		WORKER_STAY(1);
		move(blocks, random, frames - 1);
		WORKER_STAY(1);
	} else {
		WORKER_STAY(2);
		move(blocks, random, frames - 1);
		WORKER_STAY(2);
	}
}

static int moving_frames;

static void work_moving(struct worker *worker)
{
	void **blocks = blocks_of(worker);

	fill(worker);
	for (long i = 0; i < pairs; i++)
		move(blocks, worker_random(worker), moving_frames);
}

int main(int argc, char **argv)
{
	struct workers workers = { .work = work };

	if (argc < 6 || argc > 7 || (argc == 7 && strcmp(argv[6], "moving"))) {
		fprintf(stderr, "usage: %s DEPTH LIVE THREADS PAIRS ROUNDS [moving]\n", argv[0]);
		return 2;
	}
	workers.depth = (int)worker_number(argv[1], 4, 10000);
	workers.threads = (int)worker_number(argv[3], 1, WORKER_THREADS);
	live = worker_number(argv[2], workers.threads, 100000000) / workers.threads;
	pairs = worker_number(argv[4], 1, 1000000000);
	workers.rounds = (int)worker_number(argv[5], 1, 1000);
	workers.own = worker_need(calloc((size_t)(live * workers.threads), sizeof(void *)));
	if (argc == 7) {
		/* work_moving and the last of move stand in for descend and work: as many frames as without. */
		moving_frames = workers.depth - 5 < MOVING ? workers.depth - 5 : MOVING;
		if (moving_frames < 1) {
			fputs("moving needs a depth of 6 or more\n", stderr);
			return 2;
		}
		workers.depth -= moving_frames + 1;
		workers.work = work_moving;
	}
	workers_run(&workers);
	return 0;
}
