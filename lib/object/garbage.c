/* SPDX-License-Identifier: MIT */
/* What a collection does with what it found unreachable. Runs the program's code, so with nothing locked. */
#include <stdlib.h>

#include "object/heap.h"

#define AHEAD 16 /* members of a list whose references are fetched while others are dealt with */

/* What stays after all is as any other of its generation. */
static void settle(struct allot_object *object, unsigned generation)
{
	const unsigned marks = ALLOTP_COLLECTING | ALLOTP_UNREACHABLE | ALLOTP_GENERATION;

	allotp_state_set(object, (allotp_state(object) & ~marks) | generation << ALLOTP_GENERATION_SHIFT);
}

/* ---- Legacy finalizers ---- */

struct legacy {
	const struct allot_heap *heap;
	struct allotp_gc *uncollectable;
};

static int move_child(void *child, void *data)
{
	const struct legacy *legacy = data;
	struct allot_object *object = child;

	/* A collection of another heap can be under way, and have called what began this one. */
	if (allotp_state(object) & ALLOTP_COLLECTING && object->heap == legacy->heap->id) {
		allotp_state_set(object, allotp_state(object) & ~ALLOTP_COLLECTING);
		allotp_list_remove(allotp_gc_of(object));
		allotp_list_append(legacy->uncollectable, allotp_gc_of(object));
	}
	return 0;
}

/* Those that have one, and all that they reach; the list grows while it is walked. */
static void move_legacy(const struct allot_heap *heap, struct allotp_gc *unreachable, struct allotp_gc *uncollectable)
{
	struct legacy legacy = { heap, uncollectable };
	struct allotp_gc *next;

	for (struct allotp_gc *gc = unreachable->next; gc != unreachable; gc = next) {
		next = gc->next;
		if (allotp_object_of(gc)->type->legacy_finalize)
			move_child(allotp_object_of(gc), &legacy);
	}
	for (struct allotp_gc *gc = uncollectable->next; gc != uncollectable; gc = gc->next)
		allotp_visit_children(allotp_object_of(gc), move_child, &legacy);
}

int allotp_garbage_add(struct allot_heap *heap, struct allot_object *object)
{
	int result = allotp_list_add(&heap->garbage, &heap->garbage_room, object);

	if (!result)
		allot_ref(object);
	return result;
}

static void tell_all(struct allot_heap *heap, struct allotp_gc *set, const char *what)
{
	for (struct allotp_gc *gc = set->next; gc != set; gc = gc->next) {
		struct allot_object *object = allotp_object_of(gc);

		allotp_log(heap, "gc: %s <%s %p>", what, object->type->name, (void *)object);
	}
}

/* Without memory for the garbage nothing but the mention is lost. */
static void keep(struct allot_heap *heap, struct allotp_gc *set, unsigned target)
{
	allotp_lock(heap);
	for (struct allotp_gc *gc = set->next; gc != set; gc = gc->next) {
		struct allot_object *object = allotp_object_of(gc);

		if (object->type->legacy_finalize || heap->debug & ALLOT_GC_SAVEALL)
			allotp_garbage_add(heap, object);
		settle(object, target);
	}
	allotp_list_merge(set, &heap->generations[target].head);
	allotp_unlock(heap);
}

/* ---- Finalizers ---- */

/* Each with a reference of its own; what one does to the list, taking away others, is all right. Whether any was called. */
static bool finalize_all(struct allot_heap *heap, struct allotp_gc *unreachable)
{
	struct allotp_gc done;
	bool any = false;

	allotp_list_init(&done);
	allotp_lock(heap);
	while (!allotp_list_is_empty(unreachable)) {
		struct allotp_gc *gc = unreachable->next;
		struct allot_object *object = allotp_object_of(gc);

		allotp_list_remove(gc);
		allotp_list_append(&done, gc);
		if (!object->type->finalize || allotp_state(object) & ALLOTP_FINALIZED)
			continue;
		any = true;
		allot_ref(object);
		allotp_unlock(heap);
		allotp_finalize(heap, object);
		allot_unref(object);
		allotp_lock(heap);
	}
	allotp_list_merge(&done, unreachable);
	allotp_unlock(heap);
	return any;
}

/* Code has run: what is reachable from outside now goes back, with all that it reaches. */
static void let_resurrected_go(struct allot_heap *heap, struct allotp_gc *unreachable, unsigned target)
{
	struct allotp_gc still;
	struct allotp_scan scan = {
		.heap = heap,
		.set = unreachable,
		.unreachable = &still,
		.scope = target,
		.target = target,
		.again = true,
	};

	allotp_list_init(&still);
	allotp_world_stop(heap);
	allotp_scan(&scan);
	allotp_list_merge(unreachable, &heap->generations[target].head);
	allotp_list_merge(&still, unreachable);
	/* Nobody may get at what is about to be cleared. */
	allotp_weakrefs_kill(heap, unreachable);
	allotp_world_start(heap);
}

/* ---- The end ---- */

static int fetch(void *child, void *data)
{
	(void)data;
	__builtin_prefetch(allotp_gc_of(child), 1);
	__builtin_prefetch(child, 1);
	return 0;
}

/* What the next but AHEAD refer to will be looked at soon. From the head each time, as code may take members out meanwhile. */
static void fetch_ahead(const struct allotp_gc *unreachable)
{
	struct allotp_gc *gc = unreachable->next;

	for (unsigned i = 0; i < 2 * AHEAD && gc != unreachable; i++, gc = gc->next)
		if (i >= AHEAD)
			allotp_visit_children(allotp_object_of(gc), fetch, NULL);
}

/* All are held until all are cleared: so none dies in the middle of others, but one after the other, as they are let go. */
static void clear_all(struct allot_heap *heap, struct allotp_gc *unreachable, unsigned target)
{
	struct allotp_gc cleared;
	unsigned turn = 0;

	allotp_list_init(&cleared);
	allotp_lock(heap);
	for (struct allotp_gc *gc = unreachable->next; gc != unreachable; gc = gc->next)
		allot_ref(allotp_object_of(gc));
	while (!allotp_list_is_empty(unreachable)) {
		struct allotp_gc *gc = unreachable->next;
		struct allot_object *object = allotp_object_of(gc);

		if (turn++ % AHEAD == 0)
			fetch_ahead(unreachable);
		allotp_list_remove(gc);
		allotp_list_append(&cleared, gc);
		if (object->type->clear) {
			allotp_unlock(heap);
			object->type->clear(object);
			allotp_lock(heap);
		}
	}
	while (!allotp_list_is_empty(&cleared)) {
		struct allotp_gc *gc = cleared.next;

		allotp_unlock(heap);
		allot_unref(allotp_object_of(gc));
		allotp_lock(heap);
		/* It lives on: something has not given up its reference. */
		if (cleared.next == gc) {
			allotp_list_remove(gc);
			settle(allotp_object_of(gc), target);
			allotp_list_append(&heap->generations[target].head, gc);
		}
	}
	allotp_unlock(heap);
}

void allotp_dispose_of(const struct allotp_scan *scan, struct allot_gc_info *info)
{
	struct allotp_gc *unreachable = scan->unreachable, uncollectable;
	struct allot_heap *heap = scan->heap;
	bool ran = false;

	allotp_list_init(&uncollectable);
	info->collected = scan->unreachable_count;
	if (scan->legacy) {
		allotp_lock(heap);
		move_legacy(heap, unreachable, &uncollectable);
		info->collected = allotp_list_count(unreachable);
		allotp_unlock(heap);
	}
	if (heap->debug & ALLOT_GC_COLLECTABLE)
		tell_all(heap, unreachable, "collectable");
	if (scan->weak)
		ran = allotp_weakrefs_call(heap, unreachable);
	if (scan->finalize)
		ran |= finalize_all(heap, unreachable);
	/* In a shared heap others may have got at some of it by weak references. */
	if (ran || (scan->weak && allotp_is_shared(heap))) {
		let_resurrected_go(heap, unreachable, scan->target);
		info->collected = allotp_list_count(unreachable);
	} else if (scan->weak) {
		allotp_weakrefs_kill(heap, unreachable);
	}
	if (heap->debug & ALLOT_GC_SAVEALL)
		keep(heap, unreachable, scan->target);
	else
		clear_all(heap, unreachable, scan->target);
	info->uncollectable = allotp_list_count(&uncollectable);
	if (heap->debug & ALLOT_GC_UNCOLLECTABLE)
		tell_all(heap, &uncollectable, "uncollectable");
	keep(heap, &uncollectable, scan->target);
}

/* ---- gc.garbage ---- */

size_t allot_gc_garbage_count(struct allot_heap *heap)
{
	size_t count;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	count = heap->garbage.count;
	allotp_unlock(heap);
	return count;
}

void *allot_gc_garbage_get(struct allot_heap *heap, size_t index)
{
	void *object = NULL;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	if (index < heap->garbage.count)
		object = allot_ref(heap->garbage.objects[index]);
	allotp_unlock(heap);
	return object;
}

void allot_gc_garbage_clear(struct allot_heap *heap)
{
	struct allot_list taken;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	taken = heap->garbage;
	heap->garbage = (struct allot_list){ 0 };
	heap->garbage_room = 0;
	allotp_unlock(heap);
	allot_list_release(&taken);
}
