/* SPDX-License-Identifier: MIT */
/* Numbers a heap's objects and references. */
#include "object/index.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Nodes ---- */

static size_t place_of(const struct allotp_index *index, const void *object)
{
	size_t at = ((uintptr_t)object >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20;

	for (;; at++) {
		uint32_t node = index->table[at & index->mask];

		if (!node || index->objects[node - 1] == object)
			return at & index->mask;
	}
}

long allotp_index_find(const struct allotp_index *index, const void *object)
{
	return (long)index->table[place_of(index, object)] - 1;
}

static int table_grow(struct allotp_index *index)
{
	size_t mask = index->mask ? index->mask * 2 + 1 : 1023;
	uint32_t *table = calloc(mask + 1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	free(index->table);
	index->table = table;
	index->mask = mask;
	for (size_t i = 0; i < index->count; i++)
		table[place_of(index, index->objects[i])] = (uint32_t)i + 1;
	return 0;
}

/* The node of an object, a new one if it has none. Negative: -ENOMEM. */
static long node_of(struct allotp_index *index, struct allot_object *object)
{
	size_t place = place_of(index, object);

	if (index->table[place])
		return (long)index->table[place] - 1;
	if (index->count == index->room) {
		size_t room = index->room ? index->room * 2 : 1024;
		struct allot_object **objects = reallocarray(index->objects, room, sizeof(*objects));

		if (!objects)
			return -ENOMEM;
		index->objects = objects;
		index->room = room;
	}
	index->objects[index->count++] = object;
	index->table[place] = (uint32_t)index->count;
	if (index->count * 2 > index->mask && table_grow(index))
		return -ENOMEM;
	return (long)index->count - 1;
}

/* ---- Edges ---- */

static int add_edge(void *child, void *data)
{
	struct allotp_index *index = data;
	long node = node_of(index, child);

	if (node < 0)
		return (int)node;
	if (index->edge_count == index->edge_room) {
		size_t room = index->edge_room ? index->edge_room * 2 : 1024;
		uint32_t *edges = reallocarray(index->edges, room, sizeof(*edges));

		if (!edges)
			return -ENOMEM;
		index->edges = edges;
		index->edge_room = room;
	}
	index->edges[index->edge_count++] = (uint32_t)node;
	return 0;
}

static int add_edges(struct allotp_index *index)
{
	size_t room = 0;

	/* Nodes are added meanwhile, and come at last. */
	for (size_t i = 0;; i++) {
		if (i >= room) {
			size_t *first;

			room = index->room + 1;
			first = reallocarray(index->first, room, sizeof(*first));
			if (!first)
				return -ENOMEM;
			index->first = first;
		}
		index->first[i] = index->edge_count;
		if (i == index->count)
			return 0;
		if (index->objects[i]->type->traverse && allotp_visit_children(index->objects[i], add_edge, index))
			return -ENOMEM;
	}
}

int allotp_index_build(struct allotp_index *index, struct allot_heap *heap)
{
	int error;

	*index = (struct allotp_index){ 0 };
	error = table_grow(index);
	for (int i = ALLOT_GC_GENERATIONS - 1; i >= 0 && !error; i--) {
		struct allotp_gc *head = &heap->generations[i].head;

		for (struct allotp_gc *gc = head->next; gc != head && !error; gc = gc->next)
			if (node_of(index, allotp_object_of(gc)) < 0)
				error = -ENOMEM;
	}
	index->tracked = index->count;
	if (!error)
		error = add_edges(index);
	if (error)
		allotp_index_release(index);
	return error;
}

int allotp_index_turn(struct allotp_index *index)
{
	size_t *first = calloc(index->count + 2, sizeof(*first));
	uint32_t *edges = calloc(index->edge_count + 1, sizeof(*edges));

	if (!first || !edges) {
		free(first);
		free(edges);
		return -ENOMEM;
	}
	/* Counted two places ahead, so that filling in leaves each one place ahead: where it belongs. */
	for (size_t i = 0; i < index->edge_count; i++)
		first[index->edges[i] + 2]++;
	for (size_t i = 2; i <= index->count; i++)
		first[i] += first[i - 1];
	for (size_t i = 0; i < index->count; i++)
		for (size_t j = index->first[i]; j < index->first[i + 1]; j++)
			edges[first[index->edges[j] + 1]++] = (uint32_t)i;
	index->back_first = first;
	index->back_edges = edges;
	return 0;
}

void allotp_index_release(struct allotp_index *index)
{
	free(index->objects);
	free(index->table);
	free(index->first);
	free(index->edges);
	free(index->back_first);
	free(index->back_edges);
	*index = (struct allotp_index){ 0 };
}

int allotp_index_list(const struct allotp_index *index, const uint32_t *nodes, size_t count, struct allot_list *list)
{
	struct allot_list made = { .objects = malloc((count + 1) * sizeof(*made.objects)) };

	if (!made.objects)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (allotp_ref_if_alive(index->objects[nodes[i]]))
			made.objects[made.count++] = index->objects[nodes[i]];
	*list = made;
	return 0;
}

/* ---- Names ---- */

const struct allot_field *allotp_edge_field(const struct allot_object *from, const struct allot_object *to,
					    unsigned which, size_t *item)
{
	for (const struct allot_field *field = from->type->fields; field && field->name; field++) {
		size_t count;
		void **places = allotp_field_places(from, field, &count);

		for (size_t i = 0; i < count; i++)
			if (places[i] == to && !which--) {
				*item = i;
				return field;
			}
	}
	return NULL;
}

void allotp_edge_name(const struct allot_object *from, const struct allot_object *to, unsigned which, char *buffer,
		      size_t size)
{
	size_t item;
	const struct allot_field *field = allotp_edge_field(from, to, which, &item);

	if (!field)
		buffer[0] = 0;
	else if (field->kind == ALLOT_FIELD_ONE)
		snprintf(buffer, size, "%s", field->name);
	else
		snprintf(buffer, size, "%s[%zu]", field->name, item);
}
