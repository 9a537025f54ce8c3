/* SPDX-License-Identifier: MIT */
/* The benchmark of objects: the Boehm collector, which counts no references, and finds what is reachable by marking. */
#include <gc.h>

#include "object.h"

struct node {
	struct node *next, *other;
};

static struct node *volatile first;

static void set_up(void)
{
	GC_INIT();
}

static void new_and_free(size_t times)
{
	for (size_t i = 0; i < times; i++)
		GC_FREE(GC_MALLOC(OBJECT_SIZE));
}

static void build(void)
{
	struct node **nodes = GC_MALLOC(GRAPH_NODES * sizeof(struct node *));
	size_t state = 1;

	GC_disable();
	for (size_t i = 0; i < GRAPH_NODES; i++)
		nodes[i] = GC_MALLOC(sizeof(struct node));
	for (size_t i = 0; i < GRAPH_NODES; i++) {
		nodes[i]->next = nodes[(i + 1) % GRAPH_NODES];
		nodes[i]->other = nodes[object_random(&state)];
	}
	first = nodes[0];
	GC_FREE(nodes);
	GC_enable();
}

static void drop(void)
{
	first = NULL;
}

const struct object_library object_boehm = {
	.name = "Boehm",
	.set_up = set_up,
	.new_and_free = new_and_free,
	.build = build,
	.collect = GC_gcollect,
	.drop = drop,
	.collect_dead = GC_gcollect,
};
