/* SPDX-License-Identifier: MIT */
/*
 * Tells the tracer all objects and who refers to whom, in a copy of the process that was made at any instruction of its
 * threads. Nothing is believed that could be half changed: a list is followed as long as it leads back where it comes from,
 * and what is to be an object must look like one. What cannot be read ends the copy, and harms nobody.
 */
#include <allot/trace.h>
#include <string.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "object/heap.h"

enum {
	FIRST_ROOM = 1024,
	SEARCHED = 256, /* places of fields to find the name of one reference, when fields and traverse do not agree */
};

/* All objects by number, and their numbers by address. In memory that is never given back: the copy ends soon. */
struct table {
	const struct allot_object_sink *sink;
	const struct allot_object **objects;
	size_t count, room;
	uint32_t *places; /* of number + 1; 0: free */
	size_t mask;
	int error; /* the first */
};

static void *map(size_t size)
{
	void *memory =
		allotp_sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return allotp_sys_failed(memory) ? NULL : memory;
}

static size_t place_of(const struct table *table, const void *object)
{
	size_t at = ((uintptr_t)object >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20;

	while (table->places[at & table->mask] && table->objects[table->places[at & table->mask] - 1] != object)
		at++;
	return at & table->mask;
}

/* Twice the room, with places for twice as many. -ENOMEM. */
static int grow(struct table *table)
{
	size_t room = table->room ? table->room * 2 : FIRST_ROOM;
	const struct allot_object **objects = map(room * sizeof(*objects));
	uint32_t *places = map(2 * room * sizeof(*places));

	if (!objects || !places || room > UINT32_MAX / 2)
		return -ENOMEM;
	if (table->count) {
		memcpy(objects, table->objects, table->count * sizeof(*objects));
		allotp_sys_munmap(table->objects, table->room * sizeof(*objects));
		allotp_sys_munmap(table->places, (table->mask + 1) * sizeof(*places));
	}
	table->objects = objects;
	table->places = places;
	table->room = room;
	table->mask = 2 * room - 1;
	for (size_t i = 0; i < table->count; i++)
		places[place_of(table, objects[i])] = (uint32_t)i + 1;
	return 0;
}

/* Its number, a new one if it has none. Negative: -ENOMEM. */
static long number_of(struct table *table, const struct allot_object *object)
{
	size_t place;
	int error;

	if (table->count == table->room) {
		error = grow(table);
		if (error)
			return error;
	}
	place = place_of(table, object);
	if (!table->places[place]) {
		table->objects[table->count++] = object;
		table->places[place] = (uint32_t)table->count;
	}
	return (long)table->places[place] - 1;
}

/* ---- What can be believed ---- */

/* Something is being changed. Returns what the walk ends with, 0: it goes on without. */
static int leave_out(const struct table *table)
{
	if (!table->sink->lenient)
		return -EAGAIN;
	table->sink->omitted(table->sink->context);
	return 0;
}

static bool is_sound(const struct allot_object *object)
{
	const struct allotp_arena *arena;
	const struct allot_heap *heap;
	unsigned state;

	if ((uintptr_t)object % _Alignof(struct allot_object))
		return false;
	heap = allotp_heap_of(object);
	state = allotp_state(object);
	if (!heap || !object->type || allotp_is_shared(heap) != (state & ALLOT_STATE_SHARED) ||
	    !object->type->traverse == !!(state & ALLOTP_GC))
		return false;
	arena = allotp_radix_find(object);
	return state & ALLOTP_POOLED ? arena && arena->pools == &heap->pools : !arena;
}

/* It has died, or is about to. */
static bool is_dead(const struct allot_object *object)
{
	return allotp_refs(object) == 0 || allotp_refs(object) == ALLOTP_REFS_DEAD;
}

/* ---- Objects ---- */

static int add_list(struct table *table, struct allot_heap *heap, const struct allotp_gc *head, unsigned generation)
{
	for (struct allotp_gc *gc = head->next; gc != head; gc = gc->next) {
		const struct allot_object *object = allotp_object_of(gc);

		/* So it cannot lead into a ring without the head: a member has one before it only. */
		if (gc->next->prev != gc || !is_sound(object) || allotp_heap_of(object) != heap ||
		    allotp_generation(object) != generation)
			return leave_out(table);
		if (!is_dead(object) && number_of(table, object) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The oldest first. */
static int add_heap(struct table *table, struct allot_heap *heap)
{
	/* While a collection looks, links are counts, and lists are elsewhere. */
	int error = heap->collecting ? leave_out(table) : 0;

	if (!error)
		error = add_list(table, heap, &heap->permanent, ALLOTP_PERMANENT);
	for (unsigned i = ALLOT_GC_GENERATIONS; i-- && !error;)
		error = add_list(table, heap, &heap->generations[i].head, i);
	return error;
}

static void add_block(void *data, const void *address)
{
	struct table *table = data;

	/* A block from malloc begins with the object's headers: they are no object, as no heap has the number 0. */
	for (size_t prefix = 0; prefix <= 32 && !table->error; prefix += 16) {
		const struct allot_object *object = (const void *)((const char *)address + prefix);
		unsigned state = is_sound(object) ? allotp_state(object) : 0;

		if (!state || (state & ALLOTP_POOLED ? 0 : allotp_prefix(state)) != prefix)
			continue;
		if (!is_dead(object) && number_of(table, object) < 0)
			table->error = -ENOMEM;
		return;
	}
}

static int tell_object(const struct table *table, const struct allot_object *object)
{
	unsigned state = allotp_state(object);
	struct allot_object_facts facts = {
		.address = object,
		.block = (const char *)object - allotp_prefix(state),
		.size = allot_object_size(object),
		.type = object->type->name,
		.refs = allot_refcount(object),
		.heap = object->heap,
	};

	if (allotp_generation(object) < ALLOT_GC_GENERATIONS)
		facts.flags |= ALLOT_OBJECT_TRACKED;
	if (allotp_generation(object) == ALLOTP_PERMANENT)
		facts.flags |= ALLOT_OBJECT_FROZEN;
	if (facts.refs == INT32_MAX)
		facts.flags |= ALLOT_OBJECT_IMMORTAL;
	return table->sink->object(table->sink->context, &facts);
}

/* ---- References ---- */

/* The references of one object, and a place among those that its fields have. */
struct edges {
	struct table *table;
	const struct allot_object *from;
	uint32_t number;
	bool tell; /* else they are only followed */
	const struct allot_field *field;
	size_t item;
};

/* What is in the next of the fields' places that is not empty, from the first again after the last. NULL: all are. */
static void *next_place(struct edges *edges, const struct allot_field **field, size_t *item)
{
	for (int turns = 0; turns < 2;) {
		size_t count;
		void **places;

		if (!edges->field->name) {
			edges->field = edges->from->type->fields;
			edges->item = 0;
			turns++;
			continue;
		}
		places = allotp_field_places(edges->from, edges->field, &count);
		while (edges->item < count && !places[edges->item])
			edges->item++;
		if (edges->item < count) {
			*field = edges->field;
			*item = edges->item++;
			return places[*item];
		}
		edges->field++;
		edges->item = 0;
	}
	return NULL;
}

/* As a rule references come in the order of the fields, so that the next one is it. */
static const struct allot_field *find_field(struct edges *edges, const void *child, size_t *item)
{
	const struct allot_field *field = NULL;

	for (int i = 0; edges->field && i < SEARCHED; i++)
		if (next_place(edges, &field, item) == child)
			return field;
	return NULL;
}

static int visit(void *child, void *data)
{
	struct edges *edges = data;
	const struct allot_field *field;
	size_t item = 0;
	long to;

	if (!is_sound(child) || is_dead(child))
		return leave_out(edges->table);
	to = number_of(edges->table, child);
	if (to < 0)
		return (int)to;
	if (!edges->tell)
		return 0;
	field = find_field(edges, child, &item);
	return edges->table->sink->reference(edges->table->sink->context, edges->number, (unsigned)to,
					     field ? field->name : NULL,
					     field && field->kind != ALLOT_FIELD_ONE ? (long)item : -1);
}

/* tell: what was followed before. */
static int visit_all(struct table *table, bool tell)
{
	int error = 0;

	/* When they are followed, there are more and more. */
	for (size_t i = 0; i < table->count && !error; i++) {
		const struct allot_object *object = table->objects[i];
		struct edges edges = {
			.table = table,
			.from = object,
			.number = (uint32_t)i,
			.tell = tell,
			.field = object->type->fields,
		};

		if (object->type->traverse)
			error = allotp_visit_children((struct allot_object *)object, visit, &edges);
	}
	return error;
}

int allotp_table_walk(const struct allot_object_sink *sink)
{
	struct table table = { .sink = sink };
	int error = grow(&table);

	for (unsigned i = 1; i <= UINT16_MAX && !error; i++)
		if (allotp_heaps[i])
			error = add_heap(&table, allotp_heaps[i]);
	if (!error) {
		sink->blocks(sink->context, add_block, &table);
		error = table.error;
	}
	if (!error)
		error = visit_all(&table, false);
	for (size_t i = 0; i < table.count && !error; i++)
		error = tell_object(&table, table.objects[i]);
	return error ? error : visit_all(&table, true);
}
