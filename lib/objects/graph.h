/* SPDX-License-Identifier: MIT */
/* A snapshot's objects as a graph: what a collection would find unreachable, by the counts of references. */
#ifndef ALLOT_OBJECTS_GRAPH_H
#define ALLOT_OBJECTS_GRAPH_H

#include "snapshot/snapshot.h"

struct allot_object_graph {
	const struct allot_object_table *table;
	size_t *first;     /* by object: its first reference in the table; one more at the end */
	uint32_t *targets; /* by reference */
	char *unreachable; /* by object: whether only what is unreachable, too, refers to it; of those that the collector sees */
	struct allot_count all, garbage;
	struct allot_count kept; /* what the collector does not see, and only garbage refers to */
};

/* Returns 0 or -ENOMEM. Release it either way. The table must outlive it. */
int allotp_object_graph(struct allot_object_graph *graph, const struct allot_object_table *table);
void allotp_object_graph_release(struct allot_object_graph *graph);

#endif
