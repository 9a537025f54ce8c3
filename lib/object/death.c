/* SPDX-License-Identifier: MIT */
/*
 * How an object dies when its count comes to zero: finalizer, unless that resurrects it, weak references, fields, memory.
 * Objects that die because others do are put off once that nests too deep, and are done when the outermost is.
 */
#include <stdlib.h>
#include <string.h>

#include "object/heap.h"

#define NESTING 64

/*
 * What this thread has put off. Containers are linked by their headers, others by their weak slots; objects without either
 * by their own count and state, which nobody needs meanwhile: 48 bits of an address.
 */
static __thread struct {
	unsigned depth;
	struct allot_object *later;
} deaths __attribute__((tls_model("initial-exec")));

static void state_add(struct allot_heap *heap, struct allot_object *object, unsigned bits)
{
	allotp_lock(heap);
	allotp_state_set(object, allotp_state(object) | bits);
	allotp_unlock(heap);
}

/* A finalizer of either kind, with a reference that is not its own; if it gives that up, too, allotp_die() tells. */
static void call(struct allot_heap *heap, struct allot_object *object, void (*finalizer)(void *), unsigned bits)
{
	state_add(heap, object, bits | ALLOTP_FINALIZING);
	finalizer(object);
	allotp_lock(heap);
	allotp_state_set(object, allotp_state(object) & ~ALLOTP_FINALIZING);
	allotp_unlock(heap);
}

void allotp_finalize(struct allot_heap *heap, struct allot_object *object)
{
	if (!object->type->finalize || allotp_state(object) & ALLOTP_FINALIZED)
		return;
	call(heap, object, object->type->finalize, allotp_state(object) & ALLOTP_GC ? ALLOTP_FINALIZED : 0);
}

/* Gives up the reference that a finalizer was called with: whether it was the last. */
static bool is_last(struct allot_object *object)
{
	int32_t refs;

	if (allotp_state(object) & ALLOT_STATE_SHARED)
		return __atomic_fetch_sub(&object->refs, 1, __ATOMIC_ACQ_REL) == 1;
	refs = allotp_refs(object);
	if (refs < 0)
		return false;
	allotp_refs_set(object, refs - 1);
	return refs == 1;
}

/*
 * A debugging heap keeps what is dead as it is, poisoned; and the tracer knows it still, to say where it was made. Without
 * memory for the list a block from malloc goes, and with it the help.
 */
static bool quarantine(struct allot_heap *heap, struct allot_object *object, char *block)
{
	size_t payload = allotp_payload(object);

	memset(object + 1, ALLOTP_POISON, payload - sizeof(*object));
	if (!(allotp_state(object) & ALLOTP_POOLED))
		return !allotp_list_add(&heap->quarantine, &heap->quarantine_room, block);
	if (heap->traced && allotp_list_add(&heap->quarantine, &heap->quarantine_room, object))
		allotp_origin_untrack(object);
	heap->quarantine_pooled++;
	heap->quarantine_bytes += (size_t)allotp_pool_of(block)->units * ALLOTP_BLOCK_UNIT;
	return true;
}

/* The heap is locked. */
static __attribute__((noinline)) void block_free_slowly(struct allot_heap *heap, struct allot_object *object)
{
	unsigned state = allotp_state(object);
	char *block = (char *)object - allotp_prefix(state);

	if (!(state & ALLOTP_POOLED)) {
		heap->large_blocks--;
		heap->large_bytes -= allotp_payload(object) + allotp_prefix(state);
	}
	if (heap->flags & ALLOT_HEAP_DEBUG && quarantine(heap, object, block))
		return;
	if (state & ALLOTP_POOLED) {
		if (heap->traced)
			allotp_origin_untrack(object);
		allotp_block_free(block);
	} else if (heap->traced) {
		allotp_origin_free(block);
	} else {
		free(block);
	}
}

/* The heap is locked. */
static inline __attribute__((always_inline)) void block_free(struct allot_heap *heap, struct allot_object *object,
							     unsigned state)
{
	if (state & ALLOTP_GC && heap->generations[0].count > 0)
		heap->generations[0].count--;
	allotp_refs_set(object, ALLOTP_REFS_DEAD);
	if (__builtin_expect(heap->special || !(state & ALLOTP_POOLED), 0))
		block_free_slowly(heap, object);
	else
		allotp_block_free((char *)object - allotp_prefix(state));
}

static inline void bury(struct allot_heap *heap, struct allot_object *object)
{
	const struct allot_type *type = object->type;

	if (type->clear)
		type->clear(object);
	if (type->dealloc)
		type->dealloc(object);
	allotp_lock(heap);
	block_free(heap, object, allotp_state(object));
	allotp_unlock(heap);
}

/* ---- Death ---- */

/* Whether a finalizer has resurrected the object. */
static bool survives(struct allot_heap *heap, struct allot_object *object, bool legacy)
{
	allotp_refs_set(object, 1);
	if (legacy)
		call(heap, object, object->type->legacy_finalize, 0);
	else
		allotp_finalize(heap, object);
	return !is_last(object);
}

static void die_slowly(struct allot_heap *heap, struct allot_object *object)
{
	const struct allot_type *type = object->type;

	if (type->finalize && !(allotp_state(object) & ALLOTP_FINALIZED) && survives(heap, object, false))
		return;
	allotp_lock(heap);
	allotp_refs_set(object, 0);
	if (allotp_is_tracked(object))
		allotp_untrack(heap, object);
	allotp_unlock(heap);
	if (allotp_state(object) & ALLOTP_WEAK)
		allotp_weakrefs_clear(heap, object);
	if (type->legacy_finalize && survives(heap, object, true)) {
		allot_gc_track(object);
		return;
	}
	allotp_refs_set(object, 0);
	bury(heap, object);
}

/* Whether there is more to a death than to give up references and memory. */
static inline bool is_slow(const struct allot_heap *heap, const struct allot_object *object, unsigned state)
{
	return heap->special || state & ALLOTP_WEAK || object->type->finalize || object->type->legacy_finalize;
}

/* ---- What is put off: deaths that have not begun ---- */

/* Of an object with a weak slot and without a collector header. Nobody else uses the place. */
static void **weak_link(struct allot_object *object)
{
	return (void **)allotp_weak_slot(object) - 1;
}

/* Who gets at it meanwhile, by weak references, finds it dead. */
static void put_off(struct allot_heap *heap, struct allot_object *object)
{
	uintptr_t next = (uintptr_t)deaths.later;
	unsigned state = allotp_state(object);

	if (!(state & (ALLOTP_GC | ALLOTP_WEAK))) {
		allotp_refs_set(object, (int32_t)(uint32_t)next);
		allotp_state_set(object, (uint16_t)(next >> 32));
	} else {
		allotp_lock(heap);
		allotp_refs_set(object, 0);
		if (allotp_is_tracked(object)) {
			allotp_untrack(heap, object);
			allotp_state_set(object, allotp_state(object) | ALLOTP_PUT_OFF);
		}
		allotp_unlock(heap);
		if (state & ALLOTP_GC)
			allotp_gc_of(object)->next = (struct allotp_gc *)next;
		else
			*weak_link(object) = (void *)next;
	}
	deaths.later = object;
}

/* The last that was put off, as it was before. */
static struct allot_object *take_up(void)
{
	struct allot_object *object = deaths.later;
	unsigned state;

	if (object->type->traverse) {
		deaths.later = (struct allot_object *)allotp_gc_of(object)->next;
		if (allotp_state(object) & ALLOTP_PUT_OFF) {
			allotp_state_set(object, allotp_state(object) & ~ALLOTP_PUT_OFF);
			allot_gc_track(object);
		}
		return object;
	}
	if (object->type->flags & ALLOT_TYPE_WEAKREFS) {
		deaths.later = *weak_link(object);
		*weak_link(object) = NULL;
		return object;
	}
	deaths.later = (struct allot_object *)((uintptr_t)allotp_state(object) << 32 | (uint32_t)allotp_refs(object));
	allotp_refs_set(object, 0);
	state = allotp_is_shared(allotp_heap_of(object)) ? ALLOT_STATE_SHARED : 0;
	if (allotp_radix_find(object))
		state |= ALLOTP_POOLED;
	allotp_state_set(object, state | ALLOTP_NO_CONTAINER << ALLOTP_GENERATION_SHIFT);
	return object;
}

static void die_now(struct allot_heap *heap, struct allot_object *object)
{
	deaths.depth++;
	if (is_slow(heap, object, allotp_state(object)))
		die_slowly(heap, object);
	else
		bury(heap, object);
	deaths.depth--;
}

static __attribute__((noinline)) void die_in_turn(struct allot_heap *heap, struct allot_object *object)
{
	if (deaths.depth >= NESTING) {
		put_off(heap, object);
		return;
	}
	die_now(heap, object);
	while (!deaths.depth && deaths.later) {
		struct allot_object *next = take_up();

		die_now(allotp_heap_of(next), next);
	}
}

void allotp_die(struct allot_object *object)
{
	const struct allot_type *type = object->type;
	struct allot_heap *heap = allotp_heap_of(object);
	unsigned state = allotp_state(object);

	if (__builtin_expect(is_slow(heap, object, state), 0)) {
		if (state & ALLOTP_FINALIZING)
			allotp_fault(object, "reference count underflow: a finalizer gave up a reference that it does "
					     "not own");
		die_in_turn(heap, object);
		return;
	}
	if ((state & ALLOTP_GENERATION) < ALLOTP_UNTRACKED << ALLOTP_GENERATION_SHIFT) {
		allotp_list_remove(allotp_gc_of(object));
		allotp_generation_set(object, ALLOTP_UNTRACKED);
	}
	if (type->clear || type->dealloc) {
		object->refs = 0;
		die_in_turn(heap, object);
	} else {
		block_free(heap, object, state);
	}
}
