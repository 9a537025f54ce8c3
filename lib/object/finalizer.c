/* SPDX-License-Identifier: MIT */
/*
 * Finalizers that do not belong to a type. A heap's registry holds a reference to each that is alive, the last made
 * first; the finalizer holds a weak reference to its object, whose callback calls it.
 */
#include <stdlib.h>
#include <string.h>

#include "object/heap.h"

struct allot_finalizer {
	struct allot_object object;
	struct allot_finalizer *next, *prev; /* of the registry */
	struct allot_weakref *weakref;       /* NULL if it is not alive */
	allot_finalizer_function *function;
	void *data;
	bool atexit;
};

static const struct allot_type finalizer_type = {
	.name = "allot_finalizer",
	.size = sizeof(struct allot_finalizer),
};

/* Out of the registry, whose reference is the caller's now: whether it was there. Its weak reference too. */
static bool take_out(struct allot_finalizer *finalizer, struct allot_weakref **weakref)
{
	struct allot_heap *heap = allotp_heap_of(&finalizer->object);

	allotp_lock(heap);
	*weakref = finalizer->weakref;
	if (*weakref) {
		finalizer->weakref = NULL;
		if (finalizer->prev)
			finalizer->prev->next = finalizer->next;
		else
			heap->finalizers = finalizer->next;
		if (finalizer->next)
			finalizer->next->prev = finalizer->prev;
	}
	allotp_unlock(heap);
	return *weakref;
}

bool allot_finalizer_call(struct allot_finalizer *finalizer)
{
	struct allot_weakref *weakref;
	int result;

	if (!take_out(finalizer, &weakref))
		return false;
	result = finalizer->function(finalizer->data);
	if (result)
		allotp_log(allotp_heap_of(&finalizer->object), "allot: a finalizer failed: %s", strerror(abs(result)));
	allot_unref(weakref);
	allot_unref(finalizer);
	return true;
}

static void object_died(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	allot_finalizer_call(data);
}

static void at_exit(void)
{
	allotp_heap_each(allotp_finalizers_at_exit);
}

static void register_at_exit(void)
{
	atexit(at_exit);
}

int allot_finalizer_new(void *object, allot_finalizer_function *function, void *data,
			struct allot_finalizer **finalizer)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct allot_heap *heap = allot_heap_of(object);
	struct allot_finalizer *made;
	struct allot_weakref *weakref;
	int result;

	pthread_once(&once, register_at_exit);
	made = allot_new(heap, &finalizer_type);
	if (!made)
		return -ENOMEM;
	made->function = function;
	made->data = data;
	made->atexit = true;
	result = allot_weakref_watch(object, object_died, made, NULL, &weakref);
	if (result) {
		allot_unref(made);
		return result;
	}
	if (finalizer)
		*finalizer = allot_ref(made);
	allotp_lock(heap);
	made->weakref = weakref;
	made->next = heap->finalizers;
	if (made->next)
		made->next->prev = made;
	heap->finalizers = made;
	allotp_unlock(heap);
	return 0;
}

static void *target_of(struct allot_weakref *weakref)
{
	void *object;

	return allot_weakref_get(weakref, &object) ? NULL : object;
}

void *allot_finalizer_detach(struct allot_finalizer *finalizer)
{
	struct allot_weakref *weakref;
	void *object;

	if (!take_out(finalizer, &weakref))
		return NULL;
	object = target_of(weakref);
	allot_unref(weakref);
	allot_unref(finalizer);
	return object;
}

void *allot_finalizer_peek(struct allot_finalizer *finalizer)
{
	struct allot_heap *heap = allotp_heap_of(&finalizer->object);
	struct allot_weakref *weakref;
	void *object;

	allotp_lock(heap);
	weakref = allot_ref(finalizer->weakref);
	allotp_unlock(heap);
	object = weakref ? target_of(weakref) : NULL;
	allot_unref(weakref);
	return object;
}

bool allot_finalizer_is_alive(struct allot_finalizer *finalizer)
{
	struct allot_heap *heap = allotp_heap_of(&finalizer->object);
	bool alive;

	allotp_lock(heap);
	alive = finalizer->weakref;
	allotp_unlock(heap);
	return alive;
}

void allot_finalizer_set_atexit(struct allot_finalizer *finalizer, bool atexit)
{
	struct allot_heap *heap = allotp_heap_of(&finalizer->object);

	allotp_lock(heap);
	finalizer->atexit = atexit;
	allotp_unlock(heap);
}

bool allot_finalizer_get_atexit(struct allot_finalizer *finalizer)
{
	struct allot_heap *heap = allotp_heap_of(&finalizer->object);
	bool atexit;

	allotp_lock(heap);
	atexit = finalizer->atexit;
	allotp_unlock(heap);
	return atexit;
}

/* The newest that wants to be called, with a reference. */
static struct allot_finalizer *newest(struct allot_heap *heap)
{
	struct allot_finalizer *each;

	allotp_lock(heap);
	each = heap->finalizers;
	while (each && !each->atexit)
		each = each->next;
	allot_ref(each);
	allotp_unlock(heap);
	return each;
}

void allotp_finalizers_at_exit(struct allot_heap *heap)
{
	bool enabled = allot_gc_is_enabled(heap);
	struct allot_finalizer *finalizer;

	allot_gc_disable(heap);
	while ((finalizer = newest(heap))) {
		allot_finalizer_call(finalizer);
		allot_unref(finalizer);
	}
	if (enabled)
		allot_gc_enable(heap);
}
