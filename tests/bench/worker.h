/* SPDX-License-Identifier: MIT */
/* What the benchmark programs share: threads that work in rounds, at a given stack depth, under one stopwatch. */
#ifndef ALLOT_BENCH_WORKER_H
#define ALLOT_BENCH_WORKER_H

#include <stddef.h>
#include <stdint.h>

#define WORKER_THREADS 64

/* Keeps a function a frame of its own: not inlined, not cloned. Its last call needs WORKER_STAY. */
#if defined(__clang__)
#define WORKER_FRAME __attribute__((noinline))
#else
#define WORKER_FRAME __attribute__((noipa))
#endif

/* After a call: it is no tail call, which would leave the frame first. Before it too: no other with another N is it. */
#define WORKER_STAY(n) __asm__ volatile("" : : "i"(n))

struct worker {
	int number; /* from 0 */
	int round;
	uint64_t random; /* state of worker_random() */
	void *own;       /* the program's */
};

struct workers {
	int threads; /* 1 to WORKER_THREADS; the first is the main thread, so that one is a program without threads */
	int depth;   /* frames of the program when `work` runs, from main or start to `work`; at least 4 */
	int rounds;
	void (*work)(struct worker *worker); /* one round of one worker */
	void *own;
};

/*
 * Runs all rounds, each begun and ended by all threads together, and writes to standard output how long the shortest and the
 * average one took, the least processor time that one took, and how many cores the threads can keep busy at once:
 * `bench min SECONDS mean SECONDS cpu SECONDS cores N`. Called once, by main, with nothing between.
 */
void workers_run(const struct workers *workers);

/* A number from an argument, or the end of the program with status 2 if it is not one from least to most. */
long worker_number(const char *text, long least, long most);

/* Ends the program with status 1 if there is no memory. */
void *worker_need(void *block);

/* xorshift64*: cheap beside a malloc, and the same in every run. */
static inline uint64_t worker_random(struct worker *worker)
{
	worker->random ^= worker->random >> 12;
	worker->random ^= worker->random << 25;
	worker->random ^= worker->random >> 27;
	return worker->random * UINT64_C(2685821657736338717);
}

/* A size from 16 to 512, from the high bits of a random number. */
static inline size_t worker_size(uint64_t random)
{
	return 16 + (random >> 40) % 497;
}

#endif
