/* SPDX-License-Identifier: MIT */
/* Cycles among lost blocks: Tarjan's strongly connected components, without recursion. */
#include "leaks/cycles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

enum { SHAPES = 4096 }; /* that are told apart; beyond, nobody reads them */

struct finder {
	const struct allot_snapshot *snapshot;
	struct allot_cycles *cycles;
	uint32_t *first;               /* by block: its first edge in order[]; one more at the end */
	uint32_t *order;               /* edges by the block that they come from */
	uint32_t *number, *low, *next; /* Tarjan's; next: the edge to look at, by block */
	uint32_t *stack, *path;
	bool *on_stack;
	uint32_t *component; /* by block, while one is looked at: its round */
	uint32_t *parent;    /* by block: the edge that a search came by */
	uint32_t stacked, numbered, round;
	int failed;
};

static int prepare(struct finder *f)
{
	uint32_t blocks = f->snapshot->lost_count, edges = f->snapshot->edge_count;

	f->first = calloc((size_t)blocks + 2, sizeof(*f->first));
	f->order = calloc((size_t)edges + 1, sizeof(*f->order));
	f->number = calloc((size_t)blocks + 1, 8 * sizeof(*f->number));
	f->on_stack = calloc((size_t)blocks + 1, sizeof(*f->on_stack));
	if (!f->first || !f->order || !f->number || !f->on_stack)
		return -ENOMEM;
	f->low = f->number + blocks;
	f->next = f->low + blocks;
	f->stack = f->next + blocks;
	f->path = f->stack + blocks;
	f->component = f->path + blocks;
	f->parent = f->component + blocks;
	for (uint32_t i = 0; i < edges; i++)
		f->first[f->snapshot->edges[i].from + 2]++;
	for (uint32_t i = 2; i < blocks + 2; i++)
		f->first[i] += f->first[i - 1];
	for (uint32_t i = 0; i < edges; i++)
		f->order[f->first[f->snapshot->edges[i].from + 1]++] = i;
	return 0;
}

static const struct allot_edge *edge_at(const struct finder *f, uint32_t place)
{
	return &f->snapshot->edges[f->order[place]];
}

/* The shortest way from the block back to it, within its component: edges, backwards, in path[]. */
static uint32_t shortest(struct finder *f, uint32_t start, uint32_t *queue)
{
	uint32_t head = 0, tail = 0, count = 0;

	queue[tail++] = start;
	f->parent[start] = NONE;
	while (head < tail) {
		uint32_t block = queue[head++];

		for (uint32_t i = f->first[block]; i < f->first[block + 1]; i++) {
			uint32_t to = edge_at(f, i)->to;

			if (to == block)
				continue;
			if (to == start) {
				for (uint32_t edge = i; edge != NONE; edge = f->parent[edge_at(f, edge)->from])
					f->path[count++] = edge;
				return count;
			}
			if (f->component[to] != f->round)
				continue;
			f->component[to] = 0; /* it has been reached */
			f->parent[to] = i;
			queue[tail++] = to;
		}
	}
	return 0;
}

static int compare_step(const struct allot_cycle_step *one, const struct allot_cycle_step *other)
{
	if (one->site != other->site)
		return one->site < other->site ? -1 : 1;
	if (one->offset != other->offset)
		return one->offset < other->offset ? -1 : 1;
	return 0;
}

static bool same_shape(const struct allot_cycle *a, const struct allot_cycle *b)
{
	bool same = a->blocks == b->blocks && a->step_count == b->step_count;

	for (uint32_t i = 0; same && i < a->step_count; i++)
		same = !compare_step(&a->steps[i], &b->steps[i]);
	return same;
}

static int compare_steps(const struct allot_cycle_step *steps, uint32_t count, uint32_t a, uint32_t b)
{
	int order = 0;

	for (uint32_t i = 0; i < count && !order; i++)
		order = compare_step(&steps[(a + i) % count], &steps[(b + i) % count]);
	return order;
}

/* Begins a cycle where its shape is smallest, so that equal ones are found equal. Long ones begin where they do. */
static void rotate(struct allot_cycle *cycle, struct allot_cycle_step *spare)
{
	enum { LONG = 64 };
	uint32_t best = 0;

	for (uint32_t i = 1; cycle->step_count <= LONG && i < cycle->step_count; i++) {
		if (compare_steps(cycle->steps, cycle->step_count, i, best) < 0)
			best = i;
	}
	for (uint32_t i = 0; i < cycle->step_count; i++)
		spare[i] = cycle->steps[(best + i) % cycle->step_count];
	memcpy(cycle->steps, spare, cycle->step_count * sizeof(*spare));
}

/* Takes the cycle's steps over. */
static int add(struct allot_cycles *cycles, struct allot_cycle *cycle)
{
	struct allot_cycle *list;

	for (uint32_t i = 0; i < cycles->count; i++) {
		if (same_shape(&cycles->list[i], cycle)) {
			cycles->list[i].times++;
			free(cycle->steps);
			return 0;
		}
	}
	if (cycles->count == SHAPES) {
		free(cycle->steps);
		return 0;
	}
	list = realloc(cycles->list, ((size_t)cycles->count + 1) * sizeof(*list));
	if (!list) {
		free(cycle->steps);
		return -ENOMEM;
	}
	cycles->list = list;
	list[cycles->count++] = *cycle;
	return 0;
}

/* A component of several blocks: members[]. */
static int note(struct finder *f, const uint32_t *members, uint32_t count)
{
	struct allot_cycle cycle = { .blocks = count, .times = 1 };
	uint32_t start = members[0], *queue = malloc(count * sizeof(*queue));
	struct allot_cycle_step *spare = malloc(count * sizeof(*spare));
	int rc = queue && spare ? 0 : -ENOMEM;

	f->round++;
	for (uint32_t i = 0; i < count; i++) {
		f->component[members[i]] = f->round;
		cycle.bytes += f->snapshot->lost[members[i]].size;
		start = members[i] < start ? members[i] : start;
	}
	if (rc == 0) {
		cycle.step_count = shortest(f, start, queue);
		cycle.steps = calloc((size_t)cycle.step_count + 1, sizeof(*cycle.steps));
		rc = cycle.steps ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; rc == 0 && i < cycle.step_count; i++) {
		const struct allot_edge *edge = edge_at(f, f->path[cycle.step_count - 1 - i]);

		cycle.steps[i] = (struct allot_cycle_step){
			.site = f->snapshot->lost[edge->from].site,
			.offset = edge->offset,
			.size = f->snapshot->lost[edge->from].size,
		};
	}
	if (rc == 0) {
		rotate(&cycle, spare);
		rc = add(f->cycles, &cycle);
	}
	free(queue);
	free(spare);
	return rc;
}

static void enter(struct finder *f, uint32_t block)
{
	f->number[block] = f->low[block] = ++f->numbered;
	f->next[block] = f->first[block];
	f->stack[f->stacked++] = block;
	f->on_stack[block] = true;
}

/* The block is done with: if it is the first of its component, that ends here. */
static void leave(struct finder *f, uint32_t block)
{
	uint32_t from = f->stacked;

	if (f->low[block] != f->number[block])
		return;
	do {
		from--;
		f->on_stack[f->stack[from]] = false;
	} while (f->stack[from] != block);
	if (f->stacked - from > 1 && !f->failed)
		f->failed = note(f, f->stack + from, f->stacked - from);
	f->stacked = from;
}

/* way[]: the blocks that the search is in, outermost first. */
static void search(struct finder *f, uint32_t root, uint32_t *way)
{
	uint32_t depth = 0;

	enter(f, root);
	way[depth++] = root;
	while (depth) {
		uint32_t block = way[depth - 1];

		if (f->next[block] < f->first[block + 1]) {
			uint32_t to = edge_at(f, f->next[block]++)->to;

			if (!f->number[to]) {
				enter(f, to);
				way[depth++] = to;
			} else if (f->on_stack[to] && f->number[to] < f->low[block]) {
				f->low[block] = f->number[to];
			}
			continue;
		}
		depth--;
		if (depth && f->low[block] < f->low[way[depth - 1]])
			f->low[way[depth - 1]] = f->low[block];
		leave(f, block);
	}
}

static int compare_cycles(const void *a, const void *b)
{
	const struct allot_cycle *one = a, *other = b;
	uint64_t bytes = one->bytes * one->times, others = other->bytes * other->times;

	return (bytes < others) - (bytes > others);
}

int allotp_cycles_find(const struct allot_snapshot *snapshot, struct allot_cycles *cycles)
{
	struct finder f = { .snapshot = snapshot, .cycles = cycles };
	uint32_t *way = calloc((size_t)snapshot->lost_count + 1, sizeof(*way));
	int rc;

	*cycles = (struct allot_cycles){ 0 };
	rc = way ? prepare(&f) : -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < snapshot->lost_count; i++) {
		if (!f.number[i])
			search(&f, i, way);
		rc = f.failed;
	}
	if (rc == 0 && cycles->count)
		qsort(cycles->list, cycles->count, sizeof(*cycles->list), compare_cycles);
	free(way);
	free(f.first);
	free(f.order);
	free(f.number);
	free(f.on_stack);
	return rc;
}

void allotp_cycles_release(struct allot_cycles *cycles)
{
	for (uint32_t i = 0; i < cycles->count; i++)
		free(cycles->list[i].steps);
	free(cycles->list);
	*cycles = (struct allot_cycles){ 0 };
}
