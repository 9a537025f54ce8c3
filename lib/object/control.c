/* SPDX-License-Identifier: MIT */
/* The collector's settings and numbers. */
#include <stdlib.h>
#include <string.h>

#include "object/heap.h"

static void set_enabled(struct allot_heap *heap, bool enabled)
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	heap->enabled = enabled;
	allotp_trigger_set(heap);
	allotp_unlock(heap);
}

void allot_gc_enable(struct allot_heap *heap)
{
	set_enabled(heap, true);
}

void allot_gc_disable(struct allot_heap *heap)
{
	set_enabled(heap, false);
}

bool allot_gc_is_enabled(struct allot_heap *heap)
{
	bool enabled;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	enabled = heap->enabled;
	allotp_unlock(heap);
	return enabled;
}

void allot_gc_set_threshold(struct allot_heap *heap, int threshold0, int threshold1, int threshold2)
{
	const int thresholds[ALLOT_GC_GENERATIONS] = { threshold0, threshold1, threshold2 };

	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++)
		if (thresholds[i] >= 0)
			heap->generations[i].threshold = thresholds[i];
	allotp_trigger_set(heap);
	allotp_unlock(heap);
}

void allot_gc_get_threshold(struct allot_heap *heap, int thresholds[ALLOT_GC_GENERATIONS])
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++)
		thresholds[i] = heap->generations[i].threshold;
	allotp_unlock(heap);
}

void allot_gc_get_count(struct allot_heap *heap, int counts[ALLOT_GC_GENERATIONS])
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++)
		counts[i] = heap->generations[i].count;
	allotp_unlock(heap);
}

void allot_gc_get_stats(struct allot_heap *heap, struct allot_gc_stats stats[ALLOT_GC_GENERATIONS])
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++)
		stats[i] = heap->generations[i].stats;
	allotp_unlock(heap);
}

/* ---- The permanent generation ---- */

static void move_all(struct allotp_gc *from, struct allotp_gc *to, unsigned generation)
{
	for (struct allotp_gc *gc = from->next; gc != from; gc = gc->next)
		allotp_generation_set(allotp_object_of(gc), generation);
	allotp_list_merge(from, to);
}

void allot_gc_freeze(struct allot_heap *heap)
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++) {
		move_all(&heap->generations[i].head, &heap->permanent, ALLOTP_PERMANENT);
		heap->generations[i].count = 0;
	}
	allotp_unlock(heap);
}

void allot_gc_unfreeze(struct allot_heap *heap)
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	move_all(&heap->permanent, &heap->generations[2].head, 2);
	allotp_unlock(heap);
}

size_t allot_gc_get_freeze_count(struct allot_heap *heap)
{
	size_t count;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	count = allotp_list_count(&heap->permanent);
	allotp_unlock(heap);
	return count;
}

/* ---- Debugging and callbacks ---- */

void allot_gc_set_debug(struct allot_heap *heap, unsigned flags)
{
	heap = allotp_heap(heap);
	allotp_lock(heap);
	heap->debug = flags;
	allotp_unlock(heap);
}

unsigned allot_gc_get_debug(struct allot_heap *heap)
{
	unsigned flags;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	flags = heap->debug;
	allotp_unlock(heap);
	return flags;
}

int allot_gc_callback_add(struct allot_heap *heap, allot_gc_callback *callback, void *data)
{
	struct allotp_callback *callbacks;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	callbacks = reallocarray(heap->callbacks, heap->callback_count + 1, sizeof(*callbacks));
	if (callbacks) {
		callbacks[heap->callback_count++] = (struct allotp_callback){ callback, data };
		heap->callbacks = callbacks;
	}
	allotp_unlock(heap);
	return callbacks ? 0 : -ENOMEM;
}

int allot_gc_callback_remove(struct allot_heap *heap, allot_gc_callback *callback, void *data)
{
	int result = -ENOENT;

	heap = allotp_heap(heap);
	allotp_lock(heap);
	for (size_t i = 0; i < heap->callback_count && result; i++) {
		struct allotp_callback *each = &heap->callbacks[i];

		if (each->function != callback || each->data != data)
			continue;
		heap->callback_count--;
		memmove(each, each + 1, (heap->callback_count - i) * sizeof(*each));
		result = 0;
	}
	allotp_unlock(heap);
	return result;
}
