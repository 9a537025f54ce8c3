/* SPDX-License-Identifier: MIT */
/* Makes and destroys heaps, and numbers them. */
#include "object/heap.h"

#include <stdlib.h>
#include <string.h>

#define FLAGS (ALLOT_HEAP_SHARED | ALLOT_HEAP_NO_POOLS | ALLOT_HEAP_DEBUG)

/* By number; 0 is nobody's. Written under the lock. */
struct allot_heap *allotp_heaps[UINT16_MAX + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint16_t newest;

static bool environment_is(const char *name, const char *value)
{
	const char *found = secure_getenv(name);

	return found && !strcmp(found, value);
}

static uint16_t number_take(struct allot_heap *heap)
{
	uint16_t number = newest;

	for (unsigned tries = 0; tries < UINT16_MAX; tries++) {
		number = number == UINT16_MAX ? 1 : number + 1;
		if (!allotp_heaps[number]) {
			__atomic_store_n(&allotp_heaps[number], heap, __ATOMIC_RELAXED);
			newest = number;
			return number;
		}
	}
	return 0;
}

int allot_heap_create(unsigned flags, struct allot_heap **heap)
{
	static const int thresholds[ALLOT_GC_GENERATIONS] = { 2000, 10, 10 };
	struct allot_heap *made;

	if (flags & ~FLAGS)
		return -EINVAL;
	if (environment_is("ALLOT_OBJECT_POOLS", "0"))
		flags |= ALLOT_HEAP_NO_POOLS;
	if (environment_is("ALLOT_OBJECT_DEBUG", "1"))
		flags |= ALLOT_HEAP_DEBUG;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++) {
		allotp_list_init(&made->generations[i].head);
		made->generations[i].threshold = thresholds[i];
	}
	allotp_list_init(&made->permanent);
	made->flags = flags;
	made->enabled = true;
	made->traced = allotp_origin_is_traced();
	made->special = flags || made->traced;
	made->owner = pthread_self();
	allotp_trigger_set(made);
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	pthread_mutex_lock(&lock);
	made->id = number_take(made);
	pthread_mutex_unlock(&lock);
	if (!made->id) {
		free(made);
		return -ENFILE;
	}
	*heap = made;
	return 0;
}

struct allot_heap *allotp_heap_first;

struct allot_heap *allot_heap_default(void)
{
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	/* Acquire: the heap that another thread has made, released below. */
	struct allot_heap *made = __atomic_load_n(&allotp_heap_first, __ATOMIC_ACQUIRE);

	if (__builtin_expect(!made, 0)) {
		pthread_mutex_lock(&making);
		made = allotp_heap_first;
		if (!made && !allot_heap_create(0, &made))
			__atomic_store_n(&allotp_heap_first, made, __ATOMIC_RELEASE);
		pthread_mutex_unlock(&making);
		if (!made)
			abort();
	}
	return made;
}

void allotp_heap_each(void (*function)(struct allot_heap *))
{
	for (unsigned i = 1; i <= UINT16_MAX; i++) {
		struct allot_heap *heap = __atomic_load_n(&allotp_heaps[i], __ATOMIC_RELAXED);

		if (heap)
			function(heap);
	}
}

void allot_heap_usage(struct allot_heap *heap, size_t *objects, size_t *bytes)
{
	struct allot_pool_usage stats;
	size_t count;

	heap = allotp_heap(heap);
	allot_pool_stats(heap, &stats);
	allotp_lock(heap);
	count = stats.large_blocks - heap->quarantine_pooled;
	for (int i = 0; i < ALLOT_POOL_CLASSES; i++)
		count += stats.classes[i].used_blocks;
	if (bytes)
		*bytes = stats.in_used_blocks + stats.in_large_blocks - heap->quarantine_bytes;
	allotp_unlock(heap);
	if (objects)
		*objects = count;
}

/* What Python's interpreter says of its garbage as it ends. */
static void tell_garbage(struct allot_heap *heap)
{
	bool listed = heap->debug & ALLOT_GC_UNCOLLECTABLE;

	if (!heap->garbage.count || heap->debug & ALLOT_GC_SAVEALL)
		return;
	if (!listed && !(heap->flags & ALLOT_HEAP_DEBUG))
		return;
	allotp_log(heap, "gc: %zu uncollectable objects at shutdown%s", heap->garbage.count,
		   listed ? "" : "; use allot_gc_set_debug(ALLOT_GC_UNCOLLECTABLE) to list them");
	for (size_t i = 0; listed && i < heap->garbage.count; i++) {
		struct allot_object *object = heap->garbage.objects[i];

		allotp_log(heap, "      <%s %p>", object->type->name, (void *)object);
	}
}

static void release_quarantine(struct allot_heap *heap)
{
	for (size_t i = 0; i < heap->quarantine.count; i++) {
		void *dead = heap->quarantine.objects[i];

		if (allotp_radix_find(dead))
			allotp_origin_untrack(dead);
		else if (heap->traced)
			allotp_origin_free(dead);
		else
			free(dead);
	}
	free(heap->quarantine.objects);
}

int allot_heap_destroy(struct allot_heap *heap)
{
	size_t objects;

	if (!heap)
		return 0;
	allotp_finalizers_at_exit(heap);
	/* What dies can leave more behind, in generations that were looked at. */
	while (allot_gc_collect(heap, ALLOT_GC_GENERATIONS - 1) > 0 && !heap->garbage.count)
		;
	tell_garbage(heap);
	allot_heap_usage(heap, &objects, NULL);
	if (objects)
		return -EBUSY;
	pthread_mutex_lock(&lock);
	__atomic_store_n(&allotp_heaps[heap->id], NULL, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock);
	release_quarantine(heap);
	allotp_pools_release(&heap->pools);
	pthread_cond_destroy(&heap->changed);
	pthread_mutex_destroy(&heap->lock);
	free(heap->callbacks);
	free(heap->garbage.objects);
	free(heap);
	return 0;
}
