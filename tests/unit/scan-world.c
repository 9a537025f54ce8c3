/* SPDX-License-Identifier: MIT */
/* A made-up address space for tests of the reachability engine. */
#include "scan-world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const void *look(void *context, uint64_t address, uint64_t *size)
{
	const struct world *world = context;
	uint64_t offset = address - WORLD_BASE;

	/* An assertion of Check costs a system call, also when it holds. */
	if (!*size || offset + *size > world->size)
		ck_abort_msg("a look outside of the blocks");
	/* Now and then in pieces, as where a page was never touched. */
	if (*size > 4096)
		*size = 4096;
	return (const char *)world->words + offset;
}

void world_init(struct world *world, uint64_t size, uint64_t blocks)
{
	*world = (struct world){ .size = size, .capacity = blocks + 1, .next = 64 };
	world->words = calloc(1, size);
	world->blocks = allotp_scan_map(world->capacity * sizeof(*world->blocks));
	ck_assert_ptr_nonnull(world->words);
	ck_assert_ptr_nonnull(world->blocks);
}

void world_release(struct world *world)
{
	allotp_scan_release(&world->scan);
	free(world->words);
}

uint64_t world_block(struct world *world, uint64_t size)
{
	uint64_t address = WORLD_BASE + world->next;

	if (world->count + 1 >= world->capacity || world->next + size > world->size)
		ck_abort_msg("too many blocks");
	world->blocks[world->count] =
		(struct allot_scan_block){ .address = address, .size = size, .site = (uint32_t)world->count };
	world->count++;
	world->next += (size + 31) / 16 * 16;
	return address;
}

void world_put(struct world *world, uint64_t address, uint64_t word)
{
	world->words[(address - WORLD_BASE) / 8] = word;
}

void world_begin(struct world *world, unsigned int heuristics)
{
	world->scan.memory = (struct allot_scan_memory){ .look = look, .context = world };
	world->scan.heuristics = heuristics;
	ck_assert_int_eq(allotp_scan_begin(&world->scan, world->blocks, world->count, world->capacity, true), 0);
}

void world_root(struct world *world, uint64_t word)
{
	allotp_scan_root_word(&world->scan, word, 8);
}

void world_finish(struct world *world)
{
	ck_assert_int_eq(allotp_scan_finish(&world->scan), 0);
}

enum allot_scan_class world_class(const struct world *world, uint64_t address)
{
	uint32_t number = allotp_scan_find(&world->scan, address);

	if (number == ALLOT_SCAN_NO_BLOCK || world->scan.blocks[number].address != address)
		ck_abort_msg("no block");
	return allotp_scan_class(&world->scan, number);
}

const char *world_counts(const struct world *world)
{
	static char text[128];
	unsigned int counts[ALLOT_SCAN_CLASSES] = { 0 };

	for (uint32_t i = 0; i < world->scan.count; i++)
		counts[allotp_scan_class(&world->scan, i)]++;
	snprintf(text, sizeof(text), "D%u I%u P%u R%u", counts[ALLOT_SCAN_DEFINITE], counts[ALLOT_SCAN_INDIRECT],
		 counts[ALLOT_SCAN_POSSIBLE], counts[ALLOT_SCAN_REACHABLE]);
	return text;
}

uint64_t world_leader(const struct world *world, uint64_t address)
{
	return world->scan.blocks[world->scan.leaders[allotp_scan_find(&world->scan, address)]].address;
}
