/* SPDX-License-Identifier: MIT */
/* Cycles among lost blocks: components of the graph that they make. */
#include "leaks/cycles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/components.h"

#define NONE UINT32_MAX

enum { SHAPES = 4096 }; /* that are told apart; beyond, nobody reads them */

struct finder {
	const struct allot_snapshot *snapshot;
	struct allot_cycles *cycles;
	size_t *first;       /* by block: its first edge in order[]; one more at the end */
	uint32_t *order;     /* edges by the block that they come from */
	uint32_t *to;        /* the blocks that those lead to */
	uint32_t *component; /* by block: its number; 0: the search for the shortest way has reached it */
	uint32_t *parent;    /* by block: the edge that this search came by */
	uint32_t *path;
};

static int prepare(struct finder *f)
{
	uint32_t blocks = f->snapshot->lost_count, edges = f->snapshot->edge_count;

	f->first = calloc((size_t)blocks + 2, sizeof(*f->first));
	f->order = calloc((size_t)edges + 1, 2 * sizeof(*f->order));
	f->component = calloc((size_t)blocks + 1, 3 * sizeof(*f->component));
	if (!f->first || !f->order || !f->component)
		return -ENOMEM;
	f->to = f->order + edges;
	f->parent = f->component + blocks;
	f->path = f->parent + blocks;
	for (uint32_t i = 0; i < edges; i++)
		f->first[f->snapshot->edges[i].from + 2]++;
	for (uint32_t i = 2; i < blocks + 2; i++)
		f->first[i] += f->first[i - 1];
	for (uint32_t i = 0; i < edges; i++) {
		size_t place = f->first[f->snapshot->edges[i].from + 1]++;

		f->order[place] = i;
		f->to[place] = f->snapshot->edges[i].to;
	}
	return 0;
}

static const struct allot_edge *edge_at(const struct finder *f, uint32_t place)
{
	return &f->snapshot->edges[f->order[place]];
}

/* The shortest way from the block back to it, within its component: edges, backwards, in path[]. */
static uint32_t shortest(struct finder *f, uint32_t start, uint32_t *queue)
{
	uint32_t head = 0, tail = 0, count = 0, component = f->component[start];

	queue[tail++] = start;
	f->parent[start] = NONE;
	while (head < tail) {
		uint32_t block = queue[head++];

		for (uint32_t i = (uint32_t)f->first[block]; i < f->first[block + 1]; i++) {
			uint32_t to = f->to[i];

			if (to == block)
				continue;
			if (to == start) {
				for (uint32_t edge = i; edge != NONE; edge = f->parent[edge_at(f, edge)->from])
					f->path[count++] = edge;
				return count;
			}
			if (f->component[to] != component)
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

/* A component of several blocks: members[], in order. */
static int note(struct finder *f, const uint32_t *members, uint32_t count)
{
	struct allot_cycle cycle = { .blocks = count, .times = 1 };
	uint32_t *queue = malloc(count * sizeof(*queue));
	struct allot_cycle_step *spare = malloc(count * sizeof(*spare));
	int rc = queue && spare ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < count; i++)
		cycle.bytes += f->snapshot->lost[members[i]].size;
	if (rc == 0) {
		cycle.step_count = shortest(f, members[0], queue);
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

/* Notes those that have several blocks, in the order of their numbers. */
static int note_all(struct finder *f, uint32_t components)
{
	uint32_t blocks = f->snapshot->lost_count;
	uint32_t *end = calloc((size_t)components + 2, sizeof(*end)),
		 *members = calloc((size_t)blocks + 1, sizeof(*members));
	int rc = end && members ? 0 : -ENOMEM;

	for (uint32_t i = 0; rc == 0 && i < blocks; i++)
		end[f->component[i] + 1]++;
	for (uint32_t c = 1; rc == 0 && c < components + 2; c++)
		end[c] += end[c - 1];
	/* What was the beginning of each is its end when all are in their places. */
	for (uint32_t i = 0; rc == 0 && i < blocks; i++)
		members[end[f->component[i]]++] = i;
	for (uint32_t c = 1; rc == 0 && c <= components; c++) {
		if (end[c] - end[c - 1] > 1)
			rc = note(f, members + end[c - 1], end[c] - end[c - 1]);
	}
	free(end);
	free(members);
	return rc;
}

static int find_all(struct finder *f)
{
	uint32_t blocks = f->snapshot->lost_count;
	char *included = malloc((size_t)blocks + 1);
	long components = -ENOMEM;

	if (included) {
		memset(included, 1, blocks);
		components = allotp_components(blocks, f->first, f->to, included, f->component);
	}
	free(included);
	return components < 0 ? (int)components : note_all(f, (uint32_t)components);
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
	int rc;

	*cycles = (struct allot_cycles){ 0 };
	rc = prepare(&f);
	if (rc == 0)
		rc = find_all(&f);
	if (rc == 0 && cycles->count)
		qsort(cycles->list, cycles->count, sizeof(*cycles->list), compare_cycles);
	free(f.first);
	free(f.order);
	free(f.component);
	return rc;
}

void allotp_cycles_release(struct allot_cycles *cycles)
{
	for (uint32_t i = 0; i < cycles->count; i++)
		free(cycles->list[i].steps);
	free(cycles->list);
	*cycles = (struct allot_cycles){ 0 };
}
