/* SPDX-License-Identifier: MIT */
/*
 * The sampled blocks that are live. Each bucket has a chain of lines with room for some blocks; lines are added in front
 * and stay where they are, places in them are taken and left, so nothing that somebody looks at ever goes away.
 */
#include "preload/sampled.h"

#include <stddef.h>
#include <sys/mman.h>

#include "common/sys.h"

enum { STUCK = UINT8_MAX }; /* a count that cannot be counted down any more: the filter stops there for good */

uint8_t allotp_sampled_counts[ALLOT_SAMPLED_BUCKETS];

enum { PLACES = 7 };

struct line {
	const void *blocks[PLACES]; /* NULL: free (atomic) */
	uint32_t next;              /* in the chain; 0: none. Set before the line can be seen */
};
_Static_assert(sizeof(struct line) == 64, "a line is a cache line");

static uint32_t heads[ALLOT_SAMPLED_BUCKETS]; /* the first line of each chain; 0: none (atomic) */

/* Lines are numbered from 1 and never given back. Chunk c has FIRST << c of them. */
enum { FIRST_BITS = 10, FIRST = 1 << FIRST_BITS, CHUNKS = 20, RESERVED_CHUNKS = 7 };

static struct line *chunks[CHUNKS]; /* atomic */
static uint32_t line_count;         /* lines given out (atomic) */

static struct line *chunk_at(unsigned int number)
{
	size_t size = sizeof(struct line) * FIRST << number;
	struct line *chunk = __atomic_load_n(&chunks[number], __ATOMIC_ACQUIRE), *made;

	if (chunk)
		return chunk;
	made = allotp_sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (allotp_sys_failed(made))
		return NULL;
	if (__atomic_compare_exchange_n(&chunks[number], &chunk, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return made;
	allotp_sys_munmap(made, size);
	return chunk;
}

/* NULL: there is no memory for it. */
static struct line *line_at(uint32_t number)
{
	uint32_t place = number - 1 + FIRST;
	unsigned int chunk = 31 - (unsigned int)__builtin_clz(place) - FIRST_BITS;
	struct line *lines = chunk < CHUNKS ? chunk_at(chunk) : NULL;

	return lines ? &lines[place - ((uint32_t)FIRST << chunk)] : NULL;
}

void allotp_sampled_reserve(void)
{
	for (unsigned int i = 0; i < RESERVED_CHUNKS; i++)
		chunk_at(i);
}

/* Counts up to STUCK and stays there. */
static void count_up(uint32_t bucket)
{
	uint8_t *count = &allotp_sampled_counts[bucket], old = __atomic_load_n(count, __ATOMIC_RELAXED);

	while (old != STUCK &&
	       !__atomic_compare_exchange_n(count, &old, (uint8_t)(old + 1), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void count_down(uint32_t bucket)
{
	uint8_t *count = &allotp_sampled_counts[bucket], old = __atomic_load_n(count, __ATOMIC_RELAXED);

	while (old && old != STUCK &&
	       !__atomic_compare_exchange_n(count, &old, (uint8_t)(old - 1), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* Puts `to` in a place of the bucket that holds `from`; which may be NULL, a free one. */
static bool replace(uint32_t bucket, const void *from, const void *to)
{
	struct line *line;

	/* Partner of the exchange in add_line. */
	for (uint32_t i = __atomic_load_n(&heads[bucket], __ATOMIC_ACQUIRE); i; i = line->next) {
		line = line_at(i);
		for (int place = 0; place < PLACES; place++) {
			const void *there = __atomic_load_n(&line->blocks[place], __ATOMIC_RELAXED);

			if (there == from && __atomic_compare_exchange_n(&line->blocks[place], &there, to, false,
									 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
				return true;
		}
	}
	return false;
}

static bool add_line(uint32_t bucket, const void *block)
{
	uint32_t number = __atomic_load_n(&line_count, __ATOMIC_RELAXED), head;
	struct line *line;

	/* A number is taken when its memory is there, so that none is lost while there is too little. */
	do {
		line = line_at(number + 1);
		if (!line)
			return false;
	} while (!__atomic_compare_exchange_n(&line_count, &number, number + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	line->blocks[0] = block;
	head = __atomic_load_n(&heads[bucket], __ATOMIC_ACQUIRE);
	do {
		line->next = head;
	} while (!__atomic_compare_exchange_n(&heads[bucket], &head, number + 1, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return true;
}

bool allotp_sampled_add(const void *block)
{
	uint32_t bucket = allotp_sampled_bucket(block);

	/* An allocator that calls itself by name comes here twice with one block. */
	if (replace(bucket, block, block))
		return true;
	if (!replace(bucket, NULL, block) && !add_line(bucket, block))
		return false;
	count_up(bucket);
	return true;
}

bool allotp_sampled_remove(const void *block)
{
	uint32_t bucket = allotp_sampled_bucket(block);

	if (!block || !replace(bucket, block, NULL))
		return false;
	count_down(bucket);
	return true;
}

void allotp_sampled_hold(const void *block)
{
	count_up(allotp_sampled_bucket(block));
}

void allotp_sampled_release(const void *block)
{
	count_down(allotp_sampled_bucket(block));
}

void allotp_sampled_stop_at(const void *start, const void *end)
{
	for (uintptr_t at = (uintptr_t)start >> ALLOT_SAMPLED_GRAIN << ALLOT_SAMPLED_GRAIN; at < (uintptr_t)end;
	     at += (uintptr_t)1 << ALLOT_SAMPLED_GRAIN)
		__atomic_store_n(&allotp_sampled_counts[allotp_sampled_bucket((const void *)at)], STUCK,
				 __ATOMIC_RELAXED);
}
