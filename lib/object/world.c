/* SPDX-License-Identifier: MIT */
/*
 * The threads of a shared heap, and how a collection stops them. A thread that has entered counts as running but while
 * it is parked at a safe point; the collector waits until none but itself runs, and looks with the heap locked. So those
 * that have not entered wait, too, if they call the library.
 */
#include "object/heap.h"

#define MOST_HEAPS 8

/* The shared heaps that this thread has entered, and how often. */
static __thread struct {
	struct allot_heap *heap;
	unsigned depth;
} entered[MOST_HEAPS] __attribute__((tls_model("initial-exec")));

/* Where the heap is in entered, or a free place with NULL; -1 for none. */
static int place_of(const struct allot_heap *heap)
{
	for (int i = 0; i < MOST_HEAPS; i++)
		if (entered[i].heap == heap)
			return i;
	return -1;
}

/* The heap is locked. */
static void wait_to_run(struct allot_heap *heap)
{
	while (heap->stop)
		pthread_cond_wait(&heap->changed, &heap->lock);
}

int allot_heap_enter(struct allot_heap *heap)
{
	int place;

	heap = allotp_heap(heap);
	if (!allotp_is_shared(heap))
		return 0;
	place = place_of(heap);
	if (place < 0) {
		place = place_of(NULL);
		if (place < 0)
			return -EMFILE;
		pthread_mutex_lock(&heap->lock);
		wait_to_run(heap);
		heap->running++;
		pthread_mutex_unlock(&heap->lock);
		entered[place].heap = heap;
	}
	entered[place].depth++;
	return 0;
}

void allot_heap_leave(struct allot_heap *heap)
{
	int place;

	heap = allotp_heap(heap);
	place = place_of(heap);
	if (place < 0 || --entered[place].depth)
		return;
	entered[place].heap = NULL;
	pthread_mutex_lock(&heap->lock);
	heap->running--;
	pthread_cond_broadcast(&heap->changed);
	pthread_mutex_unlock(&heap->lock);
}

void allotp_world_park(struct allot_heap *heap)
{
	if (place_of(heap) < 0) {
		wait_to_run(heap);
		return;
	}
	heap->running--;
	pthread_cond_broadcast(&heap->changed);
	wait_to_run(heap);
	heap->running++;
}

void allot_heap_safepoint(struct allot_heap *heap)
{
	heap = allotp_heap(heap);
	/* Relaxed: to see it late is to stop late. What the collector sees is ordered by the lock. */
	if (__builtin_expect(!__atomic_load_n(&heap->stop, __ATOMIC_RELAXED), 1))
		return;
	pthread_mutex_lock(&heap->lock);
	if (heap->stop)
		allotp_world_park(heap);
	pthread_mutex_unlock(&heap->lock);
}

void allotp_world_stop(struct allot_heap *heap)
{
	unsigned own;

	if (!allotp_is_shared(heap))
		return;
	own = place_of(heap) >= 0;
	pthread_mutex_lock(&heap->lock);
	/* Somebody may look at all objects just now. */
	if (heap->stop)
		allotp_world_park(heap);
	__atomic_store_n(&heap->stop, 1, __ATOMIC_RELAXED);
	while (heap->running > own)
		pthread_cond_wait(&heap->changed, &heap->lock);
}

void allotp_world_start(struct allot_heap *heap)
{
	if (!allotp_is_shared(heap))
		return;
	__atomic_store_n(&heap->stop, 0, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&heap->changed);
	pthread_mutex_unlock(&heap->lock);
}
