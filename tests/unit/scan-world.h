/* SPDX-License-Identifier: MIT */
/* A made-up address space for tests of the reachability engine: blocks in an array of words, wherever they claim to be. */
#ifndef ALLOT_TESTS_SCAN_WORLD_H
#define ALLOT_TESTS_SCAN_WORLD_H

#include "scan/scan.h"

/* Where the array claims to lie. */
#define WORLD_BASE UINT64_C(0x550000000000)

struct world {
	uint64_t *words;
	uint64_t size; /* of the array, in bytes; may be far from all that is addressed */
	struct allot_scan_block *blocks;
	uint64_t count, capacity;
	uint64_t next; /* offset of the next block */
	struct allot_scan scan;
};

/* Room for so many bytes and blocks. */
void world_init(struct world *world, uint64_t size, uint64_t blocks);
void world_release(struct world *world);

/* A block, 16 bytes behind the one before at least; its address. Its site is its number. */
uint64_t world_block(struct world *world, uint64_t size);
/* Writes a word. */
void world_put(struct world *world, uint64_t address, uint64_t word);
/* A word that is a root. Only between begin and finish. */
void world_root(struct world *world, uint64_t word);
void world_begin(struct world *world, unsigned int heuristics);
void world_finish(struct world *world);

/* The class of the block at that address. */
enum allot_scan_class world_class(const struct world *world, uint64_t address);
/* "D2 I3 P0 R1": how many blocks are in each class. */
const char *world_counts(const struct world *world);
/* The leader's address of a lost block. */
uint64_t world_leader(const struct world *world, uint64_t address);

#endif
