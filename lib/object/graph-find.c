/* SPDX-License-Identifier: MIT */
/* Finds objects by who refers to them: leaking ones, unreachable ones, and shortest chains. */
#include <allot/graph.h>
#include <stdlib.h>
#include <string.h>

#include "object/index.h"

/* ---- Sets ---- */

long *allotp_index_outside(const struct allotp_index *index)
{
	long *outside = calloc(index->count + 1, sizeof(*outside));

	if (!outside)
		return NULL;
	for (size_t i = 0; i < index->count; i++)
		outside[i] = allotp_refs(index->objects[i]);
	for (size_t i = 0; i < index->first[index->tracked]; i++)
		outside[index->edges[i]]--;
	return outside;
}

char *allotp_index_unreachable(const struct allotp_index *index)
{
	char *unreachable = calloc(index->count + 1, 1);
	long *outside = allotp_index_outside(index);
	uint32_t *todo = malloc((index->count + 1) * sizeof(*todo));
	size_t depth = 0;

	if (!unreachable || !outside || !todo) {
		free(unreachable);
		unreachable = NULL;
		goto out;
	}
	for (size_t i = 0; i < index->tracked; i++) {
		unreachable[i] = !outside[i];
		if (outside[i])
			todo[depth++] = (uint32_t)i;
	}
	while (depth) {
		uint32_t node = todo[--depth];

		for (size_t i = index->first[node]; i < index->first[node + 1]; i++)
			if (unreachable[index->edges[i]]) {
				unreachable[index->edges[i]] = 0;
				todo[depth++] = index->edges[i];
			}
	}
out:
	free(outside);
	free(todo);
	return unreachable;
}

/* The tracked nodes whose byte is wanted. */
static int list_nodes(const struct allotp_index *index, const char *bytes, char wanted, struct allot_list *list)
{
	uint32_t *nodes = malloc((index->tracked + 1) * sizeof(*nodes));
	size_t count = 0;
	int error;

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < index->tracked; i++)
		if (bytes[i] == wanted)
			nodes[count++] = (uint32_t)i;
	error = allotp_index_list(index, nodes, count, list);
	free(nodes);
	return error;
}

static char *referred(const struct allotp_index *index)
{
	char *bytes = calloc(index->count + 1, 1);

	for (size_t i = 0; bytes && i < index->first[index->tracked]; i++)
		bytes[index->edges[i]] = 1;
	return bytes;
}

static int find_set(struct allot_heap *heap, char *(*mark)(const struct allotp_index *), char wanted,
		    struct allot_list *list)
{
	struct allotp_index index;
	int error;

	heap = allotp_heap(heap);
	allotp_world_stop(heap);
	error = allotp_index_build(&index, heap);
	if (!error) {
		char *bytes = mark(&index);

		error = bytes ? list_nodes(&index, bytes, wanted, list) : -ENOMEM;
		free(bytes);
		allotp_index_release(&index);
	}
	allotp_world_start(heap);
	return error;
}

int allot_graph_leaking_objects(struct allot_heap *heap, struct allot_list *list)
{
	return find_set(heap, referred, 0, list);
}

int allot_graph_garbage(struct allot_heap *heap, struct allot_list *list)
{
	return find_set(heap, allotp_index_unreachable, 1, list);
}

/* ---- Chains ---- */

struct search {
	struct allotp_index index;
	allot_graph_test *test;
	void *data;
	unsigned max_depth;
	bool backwards;
	uint32_t *queue;
	uint32_t *from; /* the node before, plus 1; 0: not seen */
	long *outside;  /* for one test, which would count all references each time */
};

static bool is_meant(const struct search *search, uint32_t node)
{
	if (search->outside)
		return search->outside[node] > 0;
	return search->test(search->index.objects[node], search->data);
}

/* The node where a test is true, nearest to the start; or the start. */
static uint32_t walk(struct search *search, uint32_t start)
{
	const size_t *first = search->backwards ? search->index.back_first : search->index.first;
	const uint32_t *edges = search->backwards ? search->index.back_edges : search->index.edges;
	size_t begin = 0, end = 1, level_end;

	search->queue[0] = start;
	search->from[start] = start + 1;
	for (unsigned depth = 0; begin < end; depth++) {
		for (level_end = end; begin < level_end; begin++) {
			uint32_t node = search->queue[begin];

			if (is_meant(search, node))
				return node;
			if (depth >= search->max_depth)
				continue;
			for (size_t i = first[node]; i < first[node + 1]; i++) {
				if (search->from[edges[i]] || (search->backwards && edges[i] >= search->index.tracked))
					continue;
				search->from[edges[i]] = node + 1;
				search->queue[end++] = edges[i];
			}
		}
	}
	return start;
}

static int list_chain(struct search *search, uint32_t start, uint32_t node, struct allot_list *chain)
{
	size_t count = 1;

	for (uint32_t at = node; at != start; at = search->from[at] - 1)
		count++;
	/* From the far end: as it is backwards, turned forwards. */
	for (size_t i = 0; i < count; i++) {
		search->queue[search->backwards ? i : count - 1 - i] = node;
		node = search->from[node] - 1;
	}
	return allotp_index_list(&search->index, search->queue, count, chain);
}

static int find_chain(void *object, struct search *search, struct allot_list *chain)
{
	long start = allotp_index_find(&search->index, object);
	int error;

	if (start < 0) {
		/* Nothing that is seen refers to it, and what it refers to is not followed. */
		struct allot_list alone = { .count = 1, .objects = malloc(sizeof(void *)) };

		if (!alone.objects)
			return -ENOMEM;
		alone.objects[0] = allot_ref(object);
		*chain = alone;
		return 0;
	}
	search->queue = malloc((search->index.count + 1) * sizeof(*search->queue));
	search->from = calloc(search->index.count + 1, sizeof(*search->from));
	error = search->queue && search->from ? 0 : -ENOMEM;
	if (!error && search->test == allot_graph_is_held_outside) {
		search->outside = allotp_index_outside(&search->index);
		if (!search->outside)
			error = -ENOMEM;
	}
	if (!error && search->backwards)
		error = allotp_index_turn(&search->index);
	if (!error)
		error = list_chain(search, (uint32_t)start, walk(search, (uint32_t)start), chain);
	free(search->queue);
	free(search->from);
	free(search->outside);
	return error;
}

static int search_heap(void *object, struct search *search, struct allot_list *chain)
{
	struct allot_heap *heap = allotp_heap_of(object);
	int error;

	if (!search->max_depth)
		search->max_depth = ALLOT_GRAPH_CHAIN_DEPTH;
	allotp_world_stop(heap);
	error = allotp_index_build(&search->index, heap);
	if (!error) {
		error = find_chain(object, search, chain);
		allotp_index_release(&search->index);
	}
	allotp_world_start(heap);
	return error;
}

int allot_graph_find_ref_chain(void *object, allot_graph_test *test, void *data, unsigned max_depth,
			       struct allot_list *chain)
{
	struct search search = { .test = test, .data = data, .max_depth = max_depth };

	return search_heap(object, &search, chain);
}

int allot_graph_find_backref_chain(void *object, allot_graph_test *test, void *data, unsigned max_depth,
				   struct allot_list *chain)
{
	struct search search = { .test = test, .data = data, .max_depth = max_depth, .backwards = true };

	return search_heap(object, &search, chain);
}

/* ---- A test ---- */

struct counter {
	const void *object;
	int32_t count;
};

static int count_if_same(void *child, void *data)
{
	struct counter *counter = data;

	counter->count += child == counter->object;
	return 0;
}

bool allot_graph_is_held_outside(const void *object, void *data)
{
	struct allot_heap *heap = allotp_heap_of(object);
	struct counter counter = { .object = object };

	(void)data;
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++) {
		struct allotp_gc *head = &heap->generations[i].head;

		for (struct allotp_gc *gc = head->next; gc != head; gc = gc->next)
			allotp_visit_children(allotp_object_of(gc), count_if_same, &counter);
	}
	return allotp_refs(object) > counter.count;
}
