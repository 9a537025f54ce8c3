/* SPDX-License-Identifier: MIT */
/*
 * A heap to look for leaks in: COUNT blocks of SIZE bytes, one in a thousand of them lost, and THREADS that sleep. SHAPE says how the
 * blocks are found: `table`, from a table in the order in which they were made; `graph`, from a first one, each leading to the next and
 * to one at random; `lost`, like a graph, but nobody has the first. Says when it has done with all that: "exit SECONDS", as
 * CLOCK_MONOTONIC has it.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOSE_EACH = 1000 };

static void **table;
static void *volatile first;

static void need(int there)
{
	if (there)
		return;
	fprintf(stderr, "leaks: no memory\n");
	exit(1);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717) >> 16;
}

/* Each block but the lost ones stands in the table, which keeps them or goes. */
static size_t fill(size_t count, size_t size)
{
	size_t kept = 0;

	table = malloc(count * sizeof(*table));
	need(table != NULL);
	for (size_t i = 0; i < count; i++) {
		void **block = malloc(size);

		need(block != NULL);
		memset(block, 0x5a, size);
		block[0] = block[1] = NULL;
		if (i % LOSE_EACH != LOSE_EACH - 1)
			table[kept++] = block;
	}
	return kept;
}

static void link_blocks(size_t kept)
{
	uint64_t state = 1;

	for (size_t i = 0; i < kept; i++) {
		void **block = table[i];

		block[0] = i + 1 < kept ? table[i + 1] : NULL;
		block[1] = table[next_random(&state) % kept];
	}
	first = table[0];
}

static void drop_table(size_t count)
{
	memset(table, 0, count * sizeof(*table));
	free(table);
	table = NULL;
}

static void *wait_for_end(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void clear(void)
{
	volatile char below[4096];

	memset((char *)below, 0, sizeof(below));
	__asm__ volatile("" : : "r"(below) : "memory");
#if defined(__x86_64__)
	__asm__ volatile(
		"xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\t"
		"xor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\txor %%r11d, %%r11d"
		:
		:
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
#endif
}

int main(int argc, char **argv)
{
	size_t count, size, kept;
	struct timespec now;
	pthread_t thread;

	if (argc != 5) {
		fprintf(stderr, "usage: leaks COUNT SIZE table|graph|lost THREADS\n");
		return 2;
	}
	count = strtoul(argv[1], NULL, 10);
	size = strtoul(argv[2], NULL, 10);
	kept = fill(count, size < 2 * sizeof(void *) ? 2 * sizeof(void *) : size);
	if (strcmp(argv[3], "table")) {
		link_blocks(kept);
		drop_table(count);
	}
	if (!strcmp(argv[3], "lost"))
		first = NULL;
	for (int i = 0; i < atoi(argv[4]); i++)
		need(!pthread_create(&thread, NULL, wait_for_end, NULL));
	clear();
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("exit %.6f\n", (double)now.tv_sec + (double)now.tv_nsec / 1e9);
	return 0;
}
