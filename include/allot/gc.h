/* SPDX-License-Identifier: MIT */
/*
 * The collector of cycles: CPython 3.13's, with the functions of Python's module gc. A heap has three generations of
 * containers and a permanent one that is never looked at. See object.h for words, threads and errors.
 *
 * In a shared heap a collection stops the threads that have entered it while it looks, and lets them go on while
 * finalizers and callbacks run, which hold no lock of the heap. One collection runs at a time.
 */
#ifndef ALLOT_GC_H
#define ALLOT_GC_H

#include <stdbool.h>

#include <allot/object.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define ALLOT_GC_STATS 1u
#define ALLOT_GC_COLLECTABLE 2u
#define ALLOT_GC_UNCOLLECTABLE 4u
#define ALLOT_GC_SAVEALL 32u
#define ALLOT_GC_LEAK (ALLOT_GC_COLLECTABLE | ALLOT_GC_UNCOLLECTABLE | ALLOT_GC_SAVEALL)

#define ALLOT_GC_GENERATIONS 3

/*
 * Collects a generation, 0 to 2, and those younger, also when disabled. Returns how many objects were found unreachable:
 * collected and uncollectable; not those that finalizers resurrected. 0 if a collection is running already. -EINVAL.
 */
long allot_gc_collect(struct allot_heap *heap, int generation);

/* Whether allot_new() collects by itself; on at first. */
void allot_gc_enable(struct allot_heap *heap);
void allot_gc_disable(struct allot_heap *heap);
bool allot_gc_is_enabled(struct allot_heap *heap);

/*
 * A generation is collected by itself when its count is above its threshold; 2000, 10, 10 at first. The count of
 * generation 0 is that of containers made less those freed since its last collection, of the others how often the next
 * younger was collected. Generation 2 waits until the objects that came since its last collection are a quarter of
 * those that it left. A threshold 0 of 0 turns this off. A negative value leaves a threshold as it was.
 */
void allot_gc_set_threshold(struct allot_heap *heap, int threshold0, int threshold1, int threshold2);
void allot_gc_get_threshold(struct allot_heap *heap, int thresholds[ALLOT_GC_GENERATIONS]);
void allot_gc_get_count(struct allot_heap *heap, int counts[ALLOT_GC_GENERATIONS]);

struct allot_gc_stats {
	size_t collections;
	size_t collected;
	size_t uncollectable;
};

/* Since the heap was made, by the generation that a collection was asked for. */
void allot_gc_get_stats(struct allot_heap *heap, struct allot_gc_stats stats[ALLOT_GC_GENERATIONS]);

/* Moves all containers to the permanent generation, which nothing below looks at, or all of those to generation 2. */
void allot_gc_freeze(struct allot_heap *heap);
void allot_gc_unfreeze(struct allot_heap *heap);
size_t allot_gc_get_freeze_count(struct allot_heap *heap);

/* The containers of a generation, or of all with -1. -EINVAL, -ENOMEM. */
int allot_gc_get_objects(struct allot_heap *heap, int generation, struct allot_list *list);

/* The containers that refer to any of the objects, each once. -ENOMEM. */
int allot_gc_get_referrers(struct allot_heap *heap, void *const *objects, size_t count, struct allot_list *list);

/* What the objects refer to, by their traverse functions; the same object as often as it is referred to. -ENOMEM. */
int allot_gc_get_referents(void *const *objects, size_t count, struct allot_list *list);

/* Whether the collector sees the object, and to change that for a container. Doing it twice does nothing. */
void allot_gc_track(void *object);
void allot_gc_untrack(void *object);
bool allot_gc_is_tracked(const void *object);

/* Whether the object's finalizer was called, for containers. */
bool allot_gc_is_finalized(const void *object);

/* ALLOT_GC_ flags: what is told on standard error, and whether all that is unreachable is kept as garbage. */
void allot_gc_set_debug(struct allot_heap *heap, unsigned flags);
unsigned allot_gc_get_debug(struct allot_heap *heap);

/* What could not be collected, or was to be saved: each held by the heap until it is taken, which gives a new reference. */
size_t allot_gc_garbage_count(struct allot_heap *heap);
void *allot_gc_garbage_get(struct allot_heap *heap, size_t index); /* a new reference, or NULL */
void allot_gc_garbage_clear(struct allot_heap *heap);

struct allot_gc_info {
	int generation;
	size_t collected; /* 0 at the start */
	size_t uncollectable;
};

enum allot_gc_phase {
	ALLOT_GC_START,
	ALLOT_GC_STOP,
};

/* Called before and after each collection, in the order in which they were added. May do anything but collect. */
typedef void allot_gc_callback(enum allot_gc_phase phase, const struct allot_gc_info *info, void *data);

int allot_gc_callback_add(struct allot_heap *heap, allot_gc_callback *callback, void *data); /* -ENOMEM */
int allot_gc_callback_remove(struct allot_heap *heap, allot_gc_callback *callback, void *data); /* -ENOENT */

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
