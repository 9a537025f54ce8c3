/* SPDX-License-Identifier: MIT */
/* Threads that work in rounds, at a given stack depth, under one stopwatch. */
#include "worker.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct workers *plan;
static pthread_barrier_t barrier;
static double shortest, total, least_work;
static double begins[WORKER_THREADS], ends[WORKER_THREADS];

void *worker_need(void *block)
{
	if (!block) {
		fputs("no memory\n", stderr);
		exit(1);
	}
	return block;
}

long worker_number(const char *text, long least, long most)
{
	char *end;
	long number = text ? strtol(text, &end, 10) : least - 1;

	if (number < least || number > most || *end) {
		fprintf(stderr, "'%s' is not a number from %ld to %ld\n", text ? text : "", least, most);
		exit(2);
	}
	return number;
}

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void meet(void)
{
	if (plan->threads > 1)
		pthread_barrier_wait(&barrier);
}

WORKER_FRAME static void descend(struct worker *worker, int frames)
{
	if (frames > 0)
		descend(worker, frames - 1);
	else
		plan->work(worker);
	WORKER_STAY(0);
}

/* From when the first began to when the last ended: with more threads than cores, some end before others begin. */
static double round_time(void)
{
	double begin = begins[0], end = ends[0];

	for (int i = 1; i < plan->threads; i++) {
		if (begins[i] < begin)
			begin = begins[i];
		if (ends[i] > end)
			end = ends[i];
	}
	return end - begin;
}

static void add_round(int round, double work)
{
	double took = round_time();

	total += took;
	if (round == 0 || took < shortest)
		shortest = took;
	if (round == 0 || work < least_work)
		least_work = work;
}

/* Inlined: its caller is a frame of `depth`, it is none. */
__attribute__((always_inline)) static inline void run(struct worker *worker, int frames)
{
	double worked = 0;

	for (worker->round = 0; worker->round < plan->rounds; worker->round++) {
		/* The first reads the clock of all while the others wait for it, or are about to. */
		if (worker->number == 0)
			worked = now(CLOCK_PROCESS_CPUTIME_ID);
		meet();
		begins[worker->number] = now(CLOCK_MONOTONIC);
		descend(worker, frames);
		ends[worker->number] = now(CLOCK_MONOTONIC);
		meet();
		if (worker->number == 0)
			add_round(worker->round, now(CLOCK_PROCESS_CPUTIME_ID) - worked);
	}
}

static void set_up(struct worker *worker, int number)
{
	worker->number = number;
	worker->random = UINT64_C(88172645463325252) + (uint64_t)number * 7919;
	worker->own = plan->own;
}

WORKER_FRAME static void *start(void *number)
{
	struct worker worker;

	set_up(&worker, (int)(intptr_t)number);
	/* start, descend as often as is left and once more, work */
	run(&worker, plan->depth - 3);
	return NULL;
}

static int cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set) < plan->threads ? CPU_COUNT(&set) : plan->threads;
}

void workers_run(const struct workers *workers)
{
	pthread_t threads[WORKER_THREADS];
	struct worker first;

	plan = workers;
	if (plan->threads > 1)
		pthread_barrier_init(&barrier, NULL, (unsigned int)plan->threads);
	for (int i = 1; i < plan->threads; i++) {
		if (pthread_create(&threads[i], NULL, start, (void *)(intptr_t)i)) {
			fputs("no threads\n", stderr);
			exit(1);
		}
	}
	set_up(&first, 0);
	/* main, workers_run, descend as often as is left and once more, work */
	run(&first, plan->depth - 4);
	for (int i = 1; i < plan->threads; i++)
		pthread_join(threads[i], NULL);
	printf("bench min %.9f mean %.9f cpu %.9f cores %d\n", shortest, total / plan->rounds, least_work, cores());
}
