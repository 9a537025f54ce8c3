/* SPDX-License-Identifier: MIT */
/* Which containers there are, and who refers to whom. With the world stopped: nothing dies or changes meanwhile. */
#include <stdlib.h>

#include "object/heap.h"

struct finder {
	struct allot_list list;
	size_t room;
	int result;
	void *const *objects;
	size_t count;
};

/* Another thread may be about to let the object die: then it is not one of ours any more. */
static void add(struct finder *finder, struct allot_object *object)
{
	if (finder->result || !allotp_ref_if_alive(object))
		return;
	finder->result = allotp_list_add(&finder->list, &finder->room, object);
	if (finder->result)
		allot_unref(object);
}

/* The caller takes the list over, or nothing. */
static int finish(struct finder *finder, struct allot_list *list)
{
	if (finder->result)
		allot_list_release(&finder->list);
	else
		*list = finder->list;
	return finder->result;
}

int allot_gc_get_objects(struct allot_heap *heap, int generation, struct allot_list *list)
{
	struct finder finder = { 0 };

	if (generation < -1 || generation >= ALLOT_GC_GENERATIONS)
		return -EINVAL;
	heap = allotp_heap(heap);
	allotp_world_stop(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++) {
		struct allotp_gc *head = &heap->generations[i].head;

		if (generation >= 0 && i != generation)
			continue;
		for (struct allotp_gc *gc = head->next; gc != head; gc = gc->next)
			add(&finder, allotp_object_of(gc));
	}
	allotp_world_start(heap);
	return finish(&finder, list);
}

static int is_wanted(void *child, void *data)
{
	const struct finder *finder = data;

	for (size_t i = 0; i < finder->count; i++)
		if (finder->objects[i] == child)
			return 1;
	return 0;
}

int allot_gc_get_referrers(struct allot_heap *heap, void *const *objects, size_t count, struct allot_list *list)
{
	struct finder finder = { .objects = objects, .count = count };

	heap = allotp_heap(heap);
	allotp_world_stop(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++) {
		struct allotp_gc *head = &heap->generations[i].head;

		for (struct allotp_gc *gc = head->next; gc != head; gc = gc->next)
			if (allotp_visit_children(allotp_object_of(gc), is_wanted, &finder))
				add(&finder, allotp_object_of(gc));
	}
	allotp_world_start(heap);
	return finish(&finder, list);
}

static int add_child(void *child, void *data)
{
	add(data, child);
	return 0;
}

int allot_gc_get_referents(void *const *objects, size_t count, struct allot_list *list)
{
	struct finder finder = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct allot_object *object = objects[i];
		struct allot_heap *heap = allotp_heap_of(object);

		if (!object->type->traverse)
			continue;
		allotp_world_stop(heap);
		allotp_visit_children(object, add_child, &finder);
		allotp_world_start(heap);
	}
	return finish(&finder, list);
}
