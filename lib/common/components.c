/* SPDX-License-Identifier: MIT */
/* Strongly connected components, by Tarjan's algorithm without recursion. */
#include "common/components.h"

#include <errno.h>
#include <stdlib.h>

struct frame {
	uint32_t node;
	size_t edge; /* the next to follow */
};

struct search {
	const size_t *first;
	const uint32_t *edges;
	const char *included;
	uint32_t *component;
	uint32_t *order; /* when a node was first seen, from 1; 0: not yet */
	uint32_t *low;
	uint32_t *stack; /* of the nodes that have no component yet */
	struct frame *frames;
	size_t depth, stacked;
	uint32_t seen, components;
};

static void enter(struct search *s, uint32_t node)
{
	s->order[node] = s->low[node] = ++s->seen;
	s->stack[s->stacked++] = node;
	s->frames[s->depth++] = (struct frame){ node, s->first[node] };
}

static void leave(struct search *s)
{
	uint32_t node = s->frames[--s->depth].node, other;

	if (s->depth) {
		uint32_t parent = s->frames[s->depth - 1].node;

		if (s->low[node] < s->low[parent])
			s->low[parent] = s->low[node];
	}
	if (s->low[node] != s->order[node])
		return;
	s->components++;
	do {
		other = s->stack[--s->stacked];
		s->component[other] = s->components;
	} while (other != node);
}

static void search_from(struct search *s, uint32_t start)
{
	enter(s, start);
	while (s->depth) {
		struct frame *frame = &s->frames[s->depth - 1];
		uint32_t to;

		if (frame->edge == s->first[frame->node + 1]) {
			leave(s);
			continue;
		}
		to = s->edges[frame->edge++];
		if (!s->included[to] || s->component[to])
			continue;
		if (!s->order[to])
			enter(s, to);
		else if (s->order[to] < s->low[frame->node])
			s->low[frame->node] = s->order[to];
	}
}

long allotp_components(size_t count, const size_t *first, const uint32_t *edges, const char *included,
		       uint32_t *component)
{
	struct search s = {
		.first = first,
		.edges = edges,
		.included = included,
		.component = component,
		.order = calloc(count + 1, sizeof(*s.order)),
		.low = calloc(count + 1, sizeof(*s.low)),
		.stack = calloc(count + 1, sizeof(*s.stack)),
		.frames = calloc(count + 1, sizeof(*s.frames)),
	};
	long result = s.order && s.low && s.stack && s.frames ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !result; i++)
		component[i] = 0;
	for (size_t i = 0; i < count && !result; i++)
		if (included[i] && !s.order[i])
			search_from(&s, (uint32_t)i);
	free(s.order);
	free(s.low);
	free(s.stack);
	free(s.frames);
	return result ? result : s.components;
}
