/* SPDX-License-Identifier: MIT */
/* The cycles in a graph of objects that nobody can reach, each shape once. */
#ifndef ALLOT_OBJECTS_CYCLES_H
#define ALLOT_OBJECTS_CYCLES_H

#include "objects/graph.h"

/* A reference inside of a cycle. */
struct allot_cycle_edge {
	uint32_t to;          /* place of the member */
	uint32_t field, item; /* as in the table */
	bool back; /* leads to where the walk from the oldest member has come by; without these there is no cycle */
};

struct allot_cycle_member {
	uint32_t object; /* index in the table */
	uint32_t number; /* of those of its type in the cycle, from 1, by age; 0: it is the only one */
	uint32_t first_edge, edge_count;
};

/*
 * A strongly connected component of what is unreachable, as a walk in depth from its oldest member comes by; it stands for
 * all whose walks meet the same types, call sites and fields.
 */
struct allot_object_cycle {
	struct allot_cycle_member *members;
	uint32_t member_count;
	struct allot_cycle_edge *edges;
	uint32_t edge_count;
	uint64_t bytes;
	uint64_t times; /* how many there are */
};

struct allot_object_cycles {
	struct allot_object_cycle *list; /* most bytes in all first, then the oldest */
	uint32_t count, room;
	uint64_t times;
	struct allot_count members; /* of all */
};

/* Returns 0 or -ENOMEM. Release it either way. */
int allotp_object_cycles(struct allot_object_cycles *cycles, const struct allot_object_graph *graph);
void allotp_object_cycles_release(struct allot_object_cycles *cycles);

#endif
