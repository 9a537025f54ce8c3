/* SPDX-License-Identifier: MIT */
/* Measures the walk alone: nanoseconds per walk by the depth of the stack and by how much of it changed since the last. */
#include "unwind/walk.h"
#include "snapshot/snapshot.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { BATCHES = 50, WALKS = 20000, LIMIT = 1024 };

static struct allot_walker *walker;
static struct allot_walk_result result;
static uint64_t epoch;

/* A tree that takes no time: nodes are hashes. */
static uint32_t children(void *tree, uint32_t parent, struct allot_walk_link *links, uint32_t count)
{
	(void)tree;
	(void)count;
	links->node = (uint32_t)((links->address ^ parent ^ links->flags) * 2654435761u) | ALLOT_NODE_FIRST;
	return 1;
}

__attribute__((noinline)) static void nothing(void)
{
	struct allot_walk_start start = ALLOTP_WALK_START();

	__asm__ volatile("" ::"r"(&start) : "memory");
}

__attribute__((noinline)) static void walk(void)
{
	struct allot_walk_start start = ALLOTP_WALK_START();

	allotp_walk(walker, &start, &result);
}

/* What one round does: walks once, twice from two places, or from a frame whose `changed` callers differ each time. */
enum what { NOTHING, SAME, SITES, CALLERS };

__attribute__((noinline)) static void round_trip(enum what what, unsigned changed);

/* Two functions that differ in a number only, lest the compiler make one of them. */
#define WAY(name, number)                                                                                              \
	__attribute__((noinline)) static void name(unsigned changed)                                                   \
	{                                                                                                              \
		if (changed > 1)                                                                                       \
			name(changed - 1);                                                                             \
		else                                                                                                   \
			walk();                                                                                        \
		__asm__ volatile("" ::"i"(number) : "memory");                                                         \
	}
WAY(one_way, 1)
WAY(other_way, 2)

static void round_trip(enum what what, unsigned changed)
{
	switch (what) {
	case NOTHING:
		nothing();
		break;
	case SAME:
		walk();
		break;
	case SITES:
		walk();
		__asm__ volatile("" ::: "memory");
		walk();
		break;
	case CALLERS:
		one_way(changed);
		__asm__ volatile("" ::: "memory");
		other_way(changed);
		break;
	}
	__asm__ volatile("" ::: "memory");
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* The least of many batches: what the machine does besides only adds. */
__attribute__((noinline)) static double measure(enum what what, unsigned changed)
{
	double least = 1e18;

	for (int batch = 0; batch < BATCHES; batch++) {
		double before = now(), taken;

		for (int i = 0; i < WALKS; i++)
			round_trip(what, changed);
		taken = (now() - before) / WALKS;
		if (taken < least)
			least = taken;
	}
	return what == SITES || what == CALLERS ? least / 2 : least;
}

__attribute__((noinline)) static void at_depth(unsigned further)
{
	if (further > 0) {
		at_depth(further - 1);
		__asm__ volatile("" ::: "memory");
		return;
	}
	double idle = measure(NOTHING, 0);

	walk();
	printf("%6u %10.1f %10.1f %10.1f %10.1f\n", result.depth, measure(SAME, 0) - idle, measure(SITES, 0) - idle,
	       measure(CALLERS, 1) - idle, measure(CALLERS, 4) - idle);
}

int main(void)
{
	static const unsigned depths[] = { 4, 10, 20, 40, 64, 128 };
	void *memory =
		mmap(NULL, allotp_walker_size(LIMIT), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return EXIT_FAILURE;
	walker = allotp_walker_init(memory, LIMIT, children, NULL, &epoch);
	puts("ns per walk, the call of an empty hook taken off; the stack is, since the last walk:");
	printf("%6s %10s %10s %10s %10s\n", "depth", "the same", "at another", "in another", "4 frames");
	printf("%6s %10s %10s %10s %10s\n", "", "", "place", "function", "differ");
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		at_depth(depths[i] > 6 ? depths[i] - 6 : 0);
	return EXIT_SUCCESS;
}
