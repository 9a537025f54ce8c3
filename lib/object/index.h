/* SPDX-License-Identifier: MIT */
/*
 * A heap's objects and references as numbers, as they are while the world is stopped: nodes 0 to tracked - 1 are the
 * containers that are tracked and not frozen, the oldest generation first; others, to which they refer, follow.
 */
#ifndef ALLOT_OBJECT_INDEX_H
#define ALLOT_OBJECT_INDEX_H

#include "object/heap.h"

struct allotp_index {
	struct allot_object **objects;
	size_t count, tracked, room;
	uint32_t *table; /* of node + 1 by address; 0 for none */
	size_t mask;

	/* The targets of node i are edges[first[i]] to edges[first[i + 1] - 1], in the order of its traverse function. */
	size_t *first;
	uint32_t *edges;
	size_t edge_count, edge_room;

	/* The same backwards; only after allotp_index_turn(). */
	size_t *back_first;
	uint32_t *back_edges;
};

/* The world is stopped. -ENOMEM: nothing is left to be released. */
int allotp_index_build(struct allotp_index *index, struct allot_heap *heap);

/* Adds the ways back. -ENOMEM: the index is as good as before. */
int allotp_index_turn(struct allotp_index *index);

void allotp_index_release(struct allotp_index *index);

/* The node of an object, or -1. */
long allotp_index_find(const struct allotp_index *index, const void *object);

/* The field by which an object refers to another, of the which-th that does; and which of its items. NULL if no table says. */
const struct allot_field *allotp_edge_field(const struct allot_object *from, const struct allot_object *to,
					    unsigned which, size_t *item);

/* Its name, with [i] for one of several items; nothing if no table says. */
void allotp_edge_name(const struct allot_object *from, const struct allot_object *to, unsigned which, char *buffer,
		      size_t size);

/*
 * How many references to each container are not from containers that are seen. NULL without memory; the caller frees it.
 */
long *allotp_index_outside(const struct allotp_index *index);

/*
 * Which containers a collection would find unreachable, as a byte for each node. NULL without memory; the caller frees it.
 */
char *allotp_index_unreachable(const struct allotp_index *index);

/* New references to nodes. -ENOMEM. */
int allotp_index_list(const struct allotp_index *index, const uint32_t *nodes, size_t count, struct allot_list *list);

#endif
