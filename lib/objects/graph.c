/* SPDX-License-Identifier: MIT */
/* A snapshot's objects as a graph, and what is unreachable in it. */
#include "objects/graph.h"

#include <errno.h>
#include <stdlib.h>

/* The collector looks at it: it is a container, and not frozen. */
static bool is_seen(const struct allot_table_object *object)
{
	return object->flags & ALLOT_OBJECT_IS_TRACKED && !(object->flags & ALLOT_OBJECT_IS_IMMORTAL);
}

/* How many references there are to each that are not from those that the collector sees, or that are in `only`. */
static void count_others(const struct allot_object_graph *graph, const char *only, int64_t *others)
{
	const struct allot_object_table *table = graph->table;

	for (uint32_t i = 0; i < table->object_count; i++)
		others[i] = table->objects[i].refs;
	for (uint32_t i = 0; i < table->reference_count; i++) {
		uint32_t from = table->references[i].from;

		if (only ? only[from] : is_seen(&table->objects[from]))
			others[table->references[i].to]--;
	}
}

/* CPython's: what has references from outside of the set is reachable, and all that it leads to. */
static void mark(struct allot_object_graph *graph, const int64_t *others, uint32_t *todo)
{
	const struct allot_object_table *table = graph->table;
	size_t depth = 0;

	for (uint32_t i = 0; i < table->object_count; i++) {
		if (!is_seen(&table->objects[i]))
			continue;
		graph->unreachable[i] = !others[i];
		if (others[i])
			todo[depth++] = i;
	}
	while (depth) {
		uint32_t object = todo[--depth];

		for (size_t i = graph->first[object]; i < graph->first[object + 1]; i++) {
			uint32_t to = graph->targets[i];

			if (graph->unreachable[to]) {
				graph->unreachable[to] = 0;
				todo[depth++] = to;
			}
		}
	}
}

static void add(struct allot_count *count, const struct allot_table_object *object)
{
	count->bytes += object->size;
	count->blocks++;
}

static void sum_up(struct allot_object_graph *graph, int64_t *others)
{
	const struct allot_object_table *table = graph->table;

	count_others(graph, graph->unreachable, others);
	for (uint32_t i = 0; i < table->object_count; i++) {
		const struct allot_table_object *object = &table->objects[i];

		add(&graph->all, object);
		if (graph->unreachable[i])
			add(&graph->garbage, object);
		else if (!is_seen(object) && !(object->flags & ALLOT_OBJECT_IS_IMMORTAL) && object->refs && !others[i])
			add(&graph->kept, object);
	}
}

int allotp_object_graph(struct allot_object_graph *graph, const struct allot_object_table *table)
{
	size_t objects = table->object_count, references = table->reference_count;
	int64_t *others = calloc(objects + 1, sizeof(*others));
	uint32_t *todo = calloc(objects + 1, sizeof(*todo));

	*graph = (struct allot_object_graph){
		.table = table,
		.first = calloc(objects + 1, sizeof(*graph->first)),
		.targets = calloc(references + 1, sizeof(*graph->targets)),
		.unreachable = calloc(objects + 1, 1),
	};
	if (!others || !todo || !graph->first || !graph->targets || !graph->unreachable) {
		free(others);
		free(todo);
		return -ENOMEM;
	}
	/* They are in the order of those that have them. */
	for (size_t i = 0; i < references; i++) {
		graph->targets[i] = table->references[i].to;
		graph->first[table->references[i].from + 1]++;
	}
	for (size_t i = 0; i < objects; i++)
		graph->first[i + 1] += graph->first[i];
	count_others(graph, NULL, others);
	mark(graph, others, todo);
	sum_up(graph, others);
	free(others);
	free(todo);
	return 0;
}

void allotp_object_graph_release(struct allot_object_graph *graph)
{
	free(graph->first);
	free(graph->targets);
	free(graph->unreachable);
}
