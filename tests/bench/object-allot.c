/* SPDX-License-Identifier: MIT */
/* The benchmark of objects: liballot-object, and malloc, which everything else is held against. */
#include <allot/gc.h>
#include <allot/object.h>
#include <stdlib.h>

#include "object.h"

static void malloc_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++) {
		void *block = malloc(OBJECT_SIZE);

		__asm__ volatile("" : "+r"(block));
		free(block);
	}
}

const struct object_library object_malloc = { .name = "malloc", .new_and_free = malloc_and_free };

struct thing {
	struct allot_object object;
	char contents[OBJECT_SIZE - sizeof(struct allot_object)];
};

static const struct allot_type thing_type = { .name = "thing", .size = sizeof(struct thing) };

struct node {
	struct allot_object object;
	struct node *next, *other;
};

static const struct allot_field node_fields[] = {
	ALLOT_FIELD(struct node, next),
	ALLOT_FIELD(struct node, other),
	ALLOT_FIELDS_END,
};

static const struct allot_type node_type = {
	.name = "node",
	.size = sizeof(struct node),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.fields = node_fields,
};

static struct allot_heap *heap, *shared;
static void *things[1000], *shared_things[1000];
static struct node **nodes, *first;

static void set_up(void)
{
	if (allot_heap_create(0, &heap) || allot_heap_create(ALLOT_HEAP_SHARED, &shared))
		abort();
	allot_gc_disable(heap);
	for (int i = 0; i < 1000; i++) {
		things[i] = allot_new(heap, &thing_type);
		shared_things[i] = allot_new(shared, &thing_type);
	}
	nodes = malloc(GRAPH_NODES * sizeof(struct node *));
}

static void new_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++)
		allot_unref(allot_new(heap, &thing_type));
}

static void count_up_and_down(void **objects, size_t times)
{
	for (size_t i = 0, j = 0; i < times; i++, j = j == 999 ? 0 : j + 1) {
		allot_ref(objects[j]);
		allot_unref(objects[j]);
	}
}

static void ref_and_unref(size_t times)
{
	count_up_and_down(things, times);
}

static void ref_and_unref_shared(size_t times)
{
	count_up_and_down(shared_things, times);
}

static void build(void)
{
	size_t state = 1;

	for (size_t i = 0; i < GRAPH_NODES; i++)
		nodes[i] = allot_new(heap, &node_type);
	for (size_t i = 0; i < GRAPH_NODES; i++) {
		nodes[i]->next = allot_ref(nodes[(i + 1) % GRAPH_NODES]);
		nodes[i]->other = allot_ref(nodes[object_random(&state)]);
	}
	first = nodes[0];
	for (size_t i = 1; i < GRAPH_NODES; i++)
		allot_unref(nodes[i]);
}

static void collect(void)
{
	if (allot_gc_collect(heap, 2))
		abort();
}

static void drop(void)
{
	ALLOT_CLEAR(first);
}

static void collect_dead(void)
{
	if (allot_gc_collect(heap, 2) != GRAPH_NODES)
		abort();
}

const struct object_library object_allot = {
	.name = "allot",
	.set_up = set_up,
	.new_and_free = new_and_free,
	.ref_and_unref = ref_and_unref,
	.ref_and_unref_shared = ref_and_unref_shared,
	.build = build,
	.collect = collect,
	.drop = drop,
	.collect_dead = collect_dead,
};
