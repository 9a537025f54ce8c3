/* SPDX-License-Identifier: MIT */
/* Cycles among lost blocks: strongly connected components of what points to what, counted once for each shape. */
#ifndef ALLOT_LEAKS_CYCLES_H
#define ALLOT_LEAKS_CYCLES_H

#include "snapshot/snapshot.h"

struct allot_cycle_step {
	uint32_t site;   /* of the block */
	uint32_t offset; /* in it, of the pointer to the next; the last points to the first */
	uint64_t size;   /* of the block, of the first cycle that was found: no part of the shape */
};

/* Components whose shortest cycle through their first block has the same sites and offsets, and which are as large. */
struct allot_cycle {
	struct allot_cycle_step *steps;
	uint32_t step_count;
	uint32_t blocks; /* of the component; more than steps if it is a knot of several cycles */
	uint64_t bytes;  /* of all its blocks, of the first that was found */
	uint64_t times;  /* how many there are of this shape */
};

struct allot_cycles {
	struct allot_cycle *list; /* most bytes in all first */
	uint32_t count;
};

/* Finds them. A block that points to itself is none. Returns 0 or -ENOMEM; release it either way. */
int allotp_cycles_find(const struct allot_snapshot *snapshot, struct allot_cycles *cycles);
void allotp_cycles_release(struct allot_cycles *cycles);

#endif
