/* SPDX-License-Identifier: MIT */
/* Makes objects and counts references to them. */
#include "object/heap.h"

#include <stdlib.h>
#include <string.h>

static inline unsigned first_state(const struct allot_heap *heap, const struct allot_type *type)
{
	unsigned state = allotp_is_shared(heap) ? ALLOT_STATE_SHARED : 0;

	if (type->flags & ALLOT_TYPE_WEAKREFS)
		state |= ALLOTP_WEAK;
	if (type->traverse)
		return state | ALLOTP_GC | ALLOTP_UNTRACKED << ALLOTP_GENERATION_SHIFT;
	return state | ALLOTP_NO_CONTAINER << ALLOTP_GENERATION_SHIFT;
}

static inline void track(struct allot_heap *heap, struct allot_object *object)
{
	allotp_generation_set(object, 0);
	allotp_list_append(&heap->generations[0].head, allotp_gc_of(object));
}

/*
 * size is a multiple of 16, and so is the address. The barrier keeps the compiler from making this a memset, or a `rep stos`,
 * which takes longer to begin than these few words to write.
 */
static inline __attribute__((always_inline)) void zero(void *block, size_t size)
{
	typedef long long vector __attribute__((vector_size(16), may_alias));
	vector *at = block, *end = (vector *)((char *)block + size);

	for (; at < end; at++) {
		*at = (vector){ 0 };
		__asm__ volatile("" ::: "memory");
	}
}

/* All that is not quick: threads, large objects, those who watch. The heap is locked. */
static void *block_new(struct allot_heap *heap, size_t size, unsigned *state)
{
	size_t units = (size + ALLOTP_BLOCK_UNIT - 1) / ALLOTP_BLOCK_UNIT;
	void *block;

	if (units <= ALLOT_POOL_CLASSES && !(heap->flags & ALLOT_HEAP_NO_POOLS)) {
		block = allotp_block_new(&heap->pools, (unsigned)units - 1);
		if (block)
			zero(block, units * ALLOTP_BLOCK_UNIT);
		*state |= ALLOTP_POOLED;
		return block;
	}
	block = heap->traced ? allotp_origin_calloc(size) : calloc(1, size);
	if (block) {
		heap->large_blocks++;
		heap->large_bytes += size;
	}
	return block;
}

static void check_thread(struct allot_heap *heap, const struct allot_type *type)
{
	struct allot_object dummy = { .refs = 0, .type = type };

	if (heap->flags & ALLOT_HEAP_DEBUG && !allotp_is_shared(heap) && !pthread_equal(heap->owner, pthread_self()))
		allotp_fault(&dummy, "made by another thread than the heap's, which is not shared");
}

static __attribute__((noinline)) void *new_slowly(struct allot_heap *heap, const struct allot_type *type,
						  size_t payload, size_t count)
{
	struct allot_object *object;
	unsigned state;
	size_t size;
	char *block;

	heap = allotp_heap(heap);
	state = first_state(heap, type);
	size = payload + allotp_prefix(state);
	check_thread(heap, type);
	allotp_lock(heap);
	if (heap->stop)
		allotp_world_park(heap);
	if (state & ALLOTP_GC && ++heap->generations[0].count > heap->trigger) {
		allotp_unlock(heap);
		allotp_collect_if_due(heap);
		allotp_lock(heap);
	}
	block = block_new(heap, size, &state);
	if (!block) {
		if (state & ALLOTP_GC && heap->generations[0].count)
			heap->generations[0].count--;
		allotp_unlock(heap);
		errno = ENOMEM;
		return NULL;
	}
	object = (struct allot_object *)(block + allotp_prefix(state));
	object->refs = 1;
	object->state = (uint16_t)state;
	object->heap = heap->id;
	object->type = type;
	if (type->item_size)
		((struct allot_var_object *)object)->count = count;
	if (state & ALLOTP_GC && !(type->flags & ALLOT_TYPE_UNTRACKED))
		track(heap, object);
	allotp_unlock(heap);
	/* Others are known since block_new(). */
	if (heap->traced && state & ALLOTP_POOLED)
		allotp_origin_track(object, size);
	return object;
}

/* That are called at a death. One test for all. */
static inline bool has_functions(const struct allot_type *type)
{
	return (uintptr_t)type->clear | (uintptr_t)type->finalize | (uintptr_t)type->legacy_finalize |
	       (uintptr_t)type->dealloc;
}

/* The quick way calls nobody, so that it needs no frame: whatever is not plain is new_slowly's. */
void *allot_new(struct allot_heap *heap, const struct allot_type *type)
{
	unsigned weak = type->flags & ALLOT_TYPE_WEAKREFS, container = !!type->traverse, state;
	size_t prefix = (weak + container) * 16,
	       units = (type->size + prefix + ALLOTP_BLOCK_UNIT - 1) / ALLOTP_BLOCK_UNIT;
	struct allot_object *object;
	struct allotp_pool *pool;
	char *block;

	if (!heap)
		heap = __atomic_load_n(&allotp_heap_first, __ATOMIC_ACQUIRE);
	if (__builtin_expect(!heap || heap->special || units > ALLOT_POOL_CLASSES, 0))
		return new_slowly(heap, type, type->size, 0);
	pool = heap->pools.usable[units - 1];
	if (__builtin_expect(!pool, 0))
		return new_slowly(heap, type, type->size, 0);
	if (container) {
		if (__builtin_expect(heap->generations[0].count >= heap->trigger, 0))
			return new_slowly(heap, type, type->size, 0);
		heap->generations[0].count++;
	}
	block = allotp_block_of(&heap->pools, pool);
	/* The number of items, if there are any, is 0 with all the rest. */
	zero(block, units * ALLOTP_BLOCK_UNIT);
	object = (struct allot_object *)(block + prefix);
	state = ALLOTP_POOLED | weak * ALLOTP_WEAK;
	if (!container) {
		state |= ALLOTP_NO_CONTAINER << ALLOTP_GENERATION_SHIFT;
		if (!prefix && !has_functions(type))
			state |= ALLOTP_SIMPLE;
	} else if (type->flags & ALLOT_TYPE_UNTRACKED) {
		state |= ALLOTP_GC | ALLOTP_UNTRACKED << ALLOTP_GENERATION_SHIFT;
	} else {
		state |= ALLOTP_GC;
		allotp_list_append(&heap->generations[0].head, allotp_gc_of(object));
	}
	*object = (struct allot_object){ 1, (uint16_t)state, heap->id, type };
	return object;
}

void *allot_new_items(struct allot_heap *heap, const struct allot_type *type, size_t count)
{
	size_t items, payload;

	if (!type->item_size) {
		errno = EINVAL;
		return NULL;
	}
	if (__builtin_mul_overflow(type->item_size, count, &items) ||
	    __builtin_add_overflow(items, type->size, &payload) || payload > PTRDIFF_MAX - 64) {
		errno = ENOMEM;
		return NULL;
	}
	return new_slowly(heap, type, payload, count);
}

/* ---- Counts ---- */

void allot_ref_slowly(struct allot_object *object)
{
	int32_t refs = allotp_refs(object);

	if (refs == ALLOTP_REFS_DEAD)
		allotp_fault(object, "use after free: a new reference");
	if (refs == 0)
		allotp_fault(object, "a new reference to an object that is dying");
	if (refs == INT32_MAX)
		allot_make_immortal(object);
	else if (refs > ALLOTP_REFS_IMMORTAL / 2)
		allotp_fault(object, "reference count underflow, seen at a new reference");
}

void allot_unref_slowly(struct allot_object *object, int32_t refs)
{
	if (__builtin_expect(refs == 1, 1)) {
		if (!(allotp_state(object) & ALLOTP_SIMPLE)) {
			allotp_die(object);
			return;
		}
		allotp_refs_set(object, ALLOTP_REFS_DEAD);
		allotp_block_free(object);
		return;
	}
	if (refs == ALLOTP_REFS_DEAD)
		allotp_fault(object, "use after free: a reference given up twice");
	if (refs > ALLOTP_REFS_IMMORTAL / 2)
		allotp_fault(object, "reference count underflow: a reference given up twice");
}

bool allotp_ref_if_alive(struct allot_object *object)
{
	int32_t refs = allotp_refs(object);

	if (!(allotp_state(object) & ALLOT_STATE_SHARED)) {
		if (refs == 0 || refs == ALLOTP_REFS_DEAD)
			return false;
		allot_ref(object);
		return true;
	}
	/* Its partner is the decrement of allot_unref(): a count of 0 is never raised again. */
	while (refs > 0)
		if (__atomic_compare_exchange_n(&object->refs, &refs, refs + 1, true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return refs && refs != ALLOTP_REFS_DEAD;
}

int32_t allot_refcount(const void *object)
{
	int32_t refs = allotp_refs(object);

	if (refs == ALLOTP_REFS_DEAD)
		allotp_fault(object, "use after free: its reference count");
	return refs < 0 ? INT32_MAX : refs;
}

void allot_make_immortal(void *object)
{
	struct allot_object *self = object;

	allot_gc_untrack(object);
	allotp_refs_set(self, ALLOTP_REFS_IMMORTAL);
}

/* ---- What an object is ---- */

const struct allot_type *allot_type_of(const void *object)
{
	return ((const struct allot_object *)object)->type;
}

struct allot_heap *allot_heap_of(const void *object)
{
	return allotp_heap_of(object);
}

size_t allot_object_size(const void *object)
{
	const struct allot_object *self = object;
	size_t size = self->type->size_of ? self->type->size_of(object) : allotp_payload(self);

	return size + allotp_prefix(allotp_state(self));
}

/* ---- What the collector sees ---- */

void allotp_untrack(struct allot_heap *heap, struct allot_object *object)
{
	(void)heap;
	allotp_list_remove(allotp_gc_of(object));
	allotp_state_set(object, (allotp_state(object) & ~(ALLOTP_GENERATION | ALLOTP_COLLECTING)) |
					 ALLOTP_UNTRACKED << ALLOTP_GENERATION_SHIFT);
}

void allot_gc_track(void *object)
{
	struct allot_object *self = object;
	struct allot_heap *heap = allotp_heap_of(self);

	if (!(allotp_state(self) & ALLOTP_GC))
		return;
	allotp_lock(heap);
	if (!allotp_is_tracked(self))
		track(heap, self);
	allotp_unlock(heap);
}

void allot_gc_untrack(void *object)
{
	struct allot_object *self = object;
	struct allot_heap *heap = allotp_heap_of(self);

	if (!(allotp_state(self) & ALLOTP_GC))
		return;
	allotp_lock(heap);
	if (allotp_is_tracked(self))
		allotp_untrack(heap, self);
	allotp_unlock(heap);
}

bool allot_gc_is_tracked(const void *object)
{
	return allotp_is_tracked(object);
}

bool allot_gc_is_finalized(const void *object)
{
	return allotp_state(object) & ALLOTP_FINALIZED;
}
