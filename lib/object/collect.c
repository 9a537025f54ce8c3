/* SPDX-License-Identifier: MIT */
/* Generations: when one is collected, and what a collection does with the lists. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "object/heap.h"

#define OLDEST (ALLOT_GC_GENERATIONS - 1)

void allotp_trigger_set(struct allot_heap *heap)
{
	heap->trigger = heap->enabled && heap->generations[0].threshold ? heap->generations[0].threshold : INT_MAX;
}

static void call_callbacks(struct allot_heap *heap, enum allot_gc_phase phase, const struct allot_gc_info *info)
{
	/* Callbacks can be added and removed meanwhile, by themselves or by other threads. */
	for (size_t i = 0;; i++) {
		struct allotp_callback callback = { 0 };

		allotp_lock(heap);
		if (i < heap->callback_count)
			callback = heap->callbacks[i];
		allotp_unlock(heap);
		if (!callback.function)
			return;
		callback.function(phase, info, callback.data);
	}
}

static void tell_start(struct allot_heap *heap, int generation)
{
	if (!(heap->debug & ALLOT_GC_STATS))
		return;
	allotp_log(heap, "gc: collecting generation %d...", generation);
	allotp_log(heap, "gc: objects in each generation: %zu %zu %zu", allotp_list_count(&heap->generations[0].head),
		   allotp_list_count(&heap->generations[1].head), allotp_list_count(&heap->generations[2].head));
	allotp_log(heap, "gc: objects in permanent generation: %zu", allotp_list_count(&heap->permanent));
}

static void tell_end(struct allot_heap *heap, const struct allot_gc_info *info, uint64_t began)
{
	if (heap->debug & ALLOT_GC_STATS)
		allotp_log(heap, "gc: done, %zu unreachable, %zu uncollectable, %.4fs elapsed",
			   info->collected + info->uncollectable, info->uncollectable,
			   (double)(allotp_clock_ns(CLOCK_MONOTONIC) - began) / 1e9);
}

/* With the world stopped: the younger generations join this one, what survives joins the next. */
static void find_unreachable(struct allotp_scan *scan)
{
	struct allot_heap *heap = scan->heap;
	int generation = (int)scan->scope;

	if (generation < OLDEST)
		heap->generations[generation + 1].count++;
	for (int i = 0; i <= generation; i++)
		heap->generations[i].count = 0;
	for (int i = 0; i < generation; i++)
		allotp_list_merge(&heap->generations[i].head, scan->set);
	allotp_scan(scan);
	if (generation == OLDEST) {
		heap->survivors_total = scan->reachable_count;
		heap->survivors_pending = 0;
	} else {
		if (generation == OLDEST - 1)
			heap->survivors_pending += scan->reachable_count;
		allotp_list_merge(scan->set, &heap->generations[scan->target].head);
	}
}

/* The caller has set heap->collecting. */
static size_t collect(struct allot_heap *heap, int generation)
{
	struct allotp_generation *collected = &heap->generations[generation];
	struct allot_gc_info info = { .generation = generation };
	uint64_t began = allotp_clock_ns(CLOCK_MONOTONIC);
	struct allotp_gc unreachable;
	struct allotp_scan scan = {
		.heap = heap,
		.set = &collected->head,
		.unreachable = &unreachable,
		.scope = (unsigned)generation,
		.target = generation < OLDEST ? (unsigned)generation + 1 : OLDEST,
	};

	allotp_list_init(&unreachable);
	call_callbacks(heap, ALLOT_GC_START, &info);
	allotp_world_stop(heap);
	tell_start(heap, generation);
	find_unreachable(&scan);
	allotp_world_start(heap);
	allotp_dispose_of(&scan, &info);
	tell_end(heap, &info, began);

	allotp_lock(heap);
	collected->stats.collections++;
	collected->stats.collected += info.collected;
	collected->stats.uncollectable += info.uncollectable;
	allotp_unlock(heap);
	call_callbacks(heap, ALLOT_GC_STOP, &info);
	return info.collected + info.uncollectable;
}

static bool begin(struct allot_heap *heap)
{
	bool free;

	allotp_lock(heap);
	free = !heap->collecting;
	if (!free && heap->stop)
		allotp_world_park(heap);
	if (free)
		heap->collecting = true;
	allotp_unlock(heap);
	return free;
}

static void end(struct allot_heap *heap)
{
	allotp_lock(heap);
	heap->collecting = false;
	allotp_unlock(heap);
}

long allot_gc_collect(struct allot_heap *heap, int generation)
{
	size_t found;

	heap = allotp_heap(heap);
	if (generation < 0 || generation > OLDEST)
		return -EINVAL;
	if (!begin(heap))
		return 0;
	found = collect(heap, generation);
	end(heap);
	return (long)found;
}

/* The oldest generation that is due. */
static int due(const struct allot_heap *heap)
{
	for (int i = OLDEST; i >= 0; i--) {
		if (heap->generations[i].count <= heap->generations[i].threshold)
			continue;
		if (i == OLDEST && heap->survivors_pending < heap->survivors_total / 4)
			continue;
		return i;
	}
	return -1;
}

void allotp_collect_if_due(struct allot_heap *heap)
{
	int generation;

	if (!begin(heap))
		return;
	allotp_lock(heap);
	generation = due(heap);
	allotp_unlock(heap);
	if (generation >= 0)
		collect(heap, generation);
	end(heap);
}
