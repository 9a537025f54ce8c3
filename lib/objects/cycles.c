/* SPDX-License-Identifier: MIT */
/* The cycles in a graph of objects that nobody can reach: components of what is unreachable, walked and compared. */
#include "objects/cycles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/components.h"
#include "report/array.h"
#include "report/hash.h"

struct frame {
	uint32_t object;
	size_t edge;
};

struct finder {
	const struct allot_object_graph *graph;
	struct allot_object_cycles *cycles;
	struct allot_hash shapes; /* of the list, from 1 */
	uint32_t *component;      /* by object, from 1; 0: none */
	uint32_t *place;          /* by object: in its cycle */
	char *state;              /* by object: 1 on the way, 2 done */
	struct frame *frames;
	size_t depth;
};

static const struct allot_table_object *object_at(const struct finder *f, uint32_t object)
{
	return &f->graph->table->objects[object];
}

/* ---- One cycle ---- */

/* Notes the references of the newest member; which places they lead to is not known yet. */
static int add_edges(struct finder *f, struct allot_object_cycle *cycle, uint32_t *room)
{
	struct allot_cycle_member *member = &cycle->members[cycle->member_count - 1];
	uint32_t object = member->object;
	int rc = 0;

	member->first_edge = cycle->edge_count;
	for (size_t i = f->graph->first[object]; i < f->graph->first[object + 1] && rc == 0; i++) {
		const struct allot_table_reference *reference = &f->graph->table->references[i];

		if (f->component[reference->to] != f->component[object])
			continue;
		rc = allotp_array_reserve(&cycle->edges, room, cycle->edge_count + 1, sizeof(*cycle->edges));
		if (rc == 0)
			cycle->edges[cycle->edge_count++] = (struct allot_cycle_edge){
				reference->to,
				reference->field,
				reference->item,
				f->state[reference->to] == 1,
			};
	}
	member->edge_count = cycle->edge_count - member->first_edge;
	return rc;
}

static int enter(struct finder *f, struct allot_object_cycle *cycle, uint32_t object, uint32_t *room)
{
	f->state[object] = 1;
	f->place[object] = cycle->member_count;
	f->frames[f->depth++] = (struct frame){ object, f->graph->first[object] };
	cycle->members[cycle->member_count++] = (struct allot_cycle_member){ .object = object };
	return add_edges(f, cycle, room);
}

static int walk(struct finder *f, struct allot_object_cycle *cycle, uint32_t start)
{
	uint32_t component = f->component[start], room = 0;
	int rc = enter(f, cycle, start, &room);

	while (f->depth && rc == 0) {
		struct frame *frame = &f->frames[f->depth - 1];
		uint32_t to;

		if (frame->edge == f->graph->first[frame->object + 1]) {
			f->state[frame->object] = 2;
			f->depth--;
			continue;
		}
		to = f->graph->targets[frame->edge++];
		if (f->component[to] == component && !f->state[to])
			rc = enter(f, cycle, to, &room);
	}
	for (uint32_t i = 0; i < cycle->edge_count && rc == 0; i++)
		cycle->edges[i].to = f->place[cycle->edges[i].to];
	return rc;
}

/* Members as their component has them: by age. */
static void number_types(struct finder *f, struct allot_object_cycle *cycle, const uint32_t *members, uint32_t *counts)
{
	for (uint32_t i = 0; i < cycle->member_count; i++)
		cycle->members[f->place[members[i]]].number = ++counts[object_at(f, members[i])->type];
	for (uint32_t i = 0; i < cycle->member_count; i++)
		if (counts[object_at(f, members[i])->type] == 1)
			cycle->members[f->place[members[i]]].number = 0;
	for (uint32_t i = 0; i < cycle->member_count; i++)
		counts[object_at(f, members[i])->type] = 0;
}

/* ---- Shapes ---- */

static uint32_t hash_of(const struct finder *f, const struct allot_object_cycle *cycle)
{
	uint32_t hash = cycle->member_count;

	for (uint32_t i = 0; i < cycle->member_count; i++) {
		const struct allot_table_object *object = object_at(f, cycle->members[i].object);
		uint32_t parts[] = { object->type, object->site, cycle->members[i].edge_count };

		hash = allotp_hash_bytes(hash, parts, sizeof(parts));
	}
	return hash;
}

struct wanted {
	const struct finder *f;
	const struct allot_object_cycle *cycle;
};

static bool same_shape(const void *list, uint32_t number, const void *data)
{
	const struct allot_object_cycle *a = (const struct allot_object_cycle *)list + number - 1;
	const struct wanted *wanted = data;
	const struct allot_object_cycle *b = wanted->cycle;

	if (a->member_count != b->member_count || a->edge_count != b->edge_count || a->bytes != b->bytes)
		return false;
	for (uint32_t i = 0; i < a->member_count; i++) {
		const struct allot_table_object *one = object_at(wanted->f, a->members[i].object);
		const struct allot_table_object *other = object_at(wanted->f, b->members[i].object);

		if (one->type != other->type || one->site != other->site ||
		    a->members[i].edge_count != b->members[i].edge_count)
			return false;
	}
	for (uint32_t i = 0; i < a->edge_count; i++)
		if (a->edges[i].to != b->edges[i].to || a->edges[i].field != b->edges[i].field ||
		    a->edges[i].item != b->edges[i].item)
			return false;
	return true;
}

static void release(struct allot_object_cycle *cycle)
{
	free(cycle->members);
	free(cycle->edges);
}

/* Takes the cycle over. */
static int keep(struct finder *f, struct allot_object_cycle *cycle)
{
	struct allot_object_cycles *cycles = f->cycles;
	struct wanted wanted = { f, cycle };
	uint32_t hash = hash_of(f, cycle);
	uint32_t found = allotp_hash_find(&f->shapes, hash, same_shape, cycles->list, &wanted);
	int rc;

	cycles->times++;
	cycles->members.bytes += cycle->bytes;
	cycles->members.blocks += cycle->member_count;
	if (found) {
		cycles->list[found - 1].times++;
		release(cycle);
		return 0;
	}
	rc = allotp_array_reserve(&cycles->list, &cycles->room, cycles->count + 1, sizeof(*cycles->list));
	if (rc == 0)
		rc = allotp_hash_add(&f->shapes, hash, cycles->count + 1);
	if (rc < 0) {
		release(cycle);
		return rc;
	}
	cycles->list[cycles->count++] = *cycle;
	return 0;
}

static int note(struct finder *f, const uint32_t *members, uint32_t count, uint32_t *type_counts)
{
	struct allot_object_cycle cycle = { .times = 1, .members = calloc(count, sizeof(*cycle.members)) };
	int rc = cycle.members ? walk(f, &cycle, members[0]) : -ENOMEM;

	if (rc < 0) {
		release(&cycle);
		return rc;
	}
	for (uint32_t i = 0; i < count; i++)
		cycle.bytes += object_at(f, members[i])->size;
	number_types(f, &cycle, members, type_counts);
	return keep(f, &cycle);
}

/* ---- All ---- */

static bool refers_to_itself(const struct allot_object_graph *graph, uint32_t object)
{
	for (size_t i = graph->first[object]; i < graph->first[object + 1]; i++)
		if (graph->targets[i] == object)
			return true;
	return false;
}

/* Sorts the objects by component, each component's by age, and notes those that are cycles. */
static int note_all(struct finder *f, size_t components)
{
	uint32_t count = f->graph->table->object_count, from = 0;
	uint32_t *ends = calloc(components + 2, sizeof(*ends));
	uint32_t *sorted = calloc((size_t)count + 1, sizeof(*sorted));
	uint32_t *type_counts = calloc((size_t)f->graph->table->name_count + 1, sizeof(*type_counts));
	int rc = ends && sorted && type_counts ? 0 : -ENOMEM;

	if (rc == 0) {
		/* First where each begins; then, as they are filled, where each ends. */
		for (uint32_t i = 0; i < count; i++)
			if (f->component[i])
				ends[f->component[i] + 1]++;
		for (size_t i = 1; i <= components + 1; i++)
			ends[i] += ends[i - 1];
		for (uint32_t i = 0; i < count; i++)
			if (f->component[i])
				sorted[ends[f->component[i]]++] = i;
	}
	for (size_t i = 1; i <= components && rc == 0; from = ends[i++]) {
		if (ends[i] - from > 1 || refers_to_itself(f->graph, sorted[from]))
			rc = note(f, sorted + from, ends[i] - from, type_counts);
	}
	free(ends);
	free(sorted);
	free(type_counts);
	return rc;
}

static int compare(const void *left, const void *right)
{
	const struct allot_object_cycle *a = left, *b = right;
	uint64_t of_a = a->bytes * a->times, of_b = b->bytes * b->times;

	if (of_a != of_b)
		return of_a < of_b ? 1 : -1;
	return a->members[0].object < b->members[0].object ? -1 : 1;
}

int allotp_object_cycles(struct allot_object_cycles *cycles, const struct allot_object_graph *graph)
{
	size_t count = (size_t)graph->table->object_count + 1;
	struct finder f = {
		.graph = graph,
		.cycles = cycles,
		.component = calloc(count, sizeof(*f.component)),
		.place = calloc(count, sizeof(*f.place)),
		.state = calloc(count, 1),
		.frames = calloc(count, sizeof(*f.frames)),
	};
	long components = -ENOMEM;
	int rc;

	*cycles = (struct allot_object_cycles){ 0 };
	if (f.component && f.place && f.state && f.frames)
		components = allotp_components(graph->table->object_count, graph->first, graph->targets,
					       graph->unreachable, f.component);
	rc = components < 0 ? (int)components : note_all(&f, (size_t)components);
	if (rc == 0 && cycles->count)
		qsort(cycles->list, cycles->count, sizeof(*cycles->list), compare);
	free(f.component);
	free(f.place);
	free(f.state);
	free(f.frames);
	allotp_hash_release(&f.shapes);
	return rc;
}

void allotp_object_cycles_release(struct allot_object_cycles *cycles)
{
	for (uint32_t i = 0; i < cycles->count; i++)
		release(&cycles->list[i]);
	free(cycles->list);
}
