/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the object library share: the heap, and how an object lies in its block:
 *
 *     [ weak slot, 16 bytes ] [ collector header, 16 bytes ] [ struct allot_object and what follows ]
 *       if the type has         if the type has traverse         the address that the program knows
 *       ALLOT_TYPE_WEAKREFS
 *
 * In a shared heap everything but the count is written under the heap's lock, and collector headers are read under it.
 */
#ifndef ALLOT_OBJECT_HEAP_H
#define ALLOT_OBJECT_HEAP_H

#include <allot/gc.h>
#include <allot/object.h>
#include <allot/weakref.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>

#include "object/pool.h"

/* Counts that are none. Both are far below what wrong use brings other counts to. */
#define ALLOTP_REFS_IMMORTAL ((int32_t)0xc0000000)
#define ALLOTP_REFS_DEAD ((int32_t)0xdead0000)
#define ALLOTP_POISON 0xdb

/* The bits of a state; ALLOT_STATE_SHARED is 1. */
#define ALLOTP_GC 2u /* has a collector header */
#define ALLOTP_WEAK 4u /* has a weak slot */
#define ALLOTP_FINALIZED 8u
#define ALLOTP_POOLED 16u
#define ALLOTP_COLLECTING 32u /* in the set that is being looked at */
#define ALLOTP_UNREACHABLE 64u /* of these, found so for now */
#define ALLOTP_FINALIZING 128u /* a finalizer is at it, and the library holds a reference so long */
#define ALLOTP_PUT_OFF 0x1000u /* was tracked, until its death was put off */
#define ALLOTP_GENERATION 0x700u
#define ALLOTP_GENERATION_SHIFT 8
#define ALLOTP_PERMANENT 3u /* generations besides 0 to 2 */
#define ALLOTP_UNTRACKED 4u
#define ALLOTP_NO_CONTAINER 7u
#define ALLOTP_SIMPLE 0x800u /* nobody is to be told of its death: in a pool, without any header, without a function */

/* In a list; while a set is looked at, prev is the count of references to the object from outside the set. */
struct allotp_gc {
	struct allotp_gc *next;
	union {
		struct allotp_gc *prev;
		intptr_t refs;
	};
};

struct allotp_callback {
	allot_gc_callback *function;
	void *data;
};

struct allotp_generation {
	struct allotp_gc head;
	int threshold;
	int count;
	struct allot_gc_stats stats;
};

struct allot_heap {
	struct allotp_pools pools;
	struct allotp_generation generations[ALLOT_GC_GENERATIONS];
	struct allotp_gc permanent;
	int trigger; /* allot_new() looks closer if the count of generation 0 is above */
	unsigned flags; /* ALLOT_HEAP_ */
	bool special; /* something else than a confined heap with pools and without anybody watching */
	bool traced;
	bool enabled;
	bool collecting;
	uint16_t id;
	size_t large_blocks, large_bytes; /* from malloc */
	size_t survivors_total, survivors_pending; /* of the last full collection; of those of generation 1 since */

	unsigned debug;
	struct allot_list garbage;
	size_t garbage_room;
	struct allotp_callback *callbacks;
	size_t callback_count;
	struct allot_finalizer *finalizers; /* the last made first */
	/* What is dead in a debugging heap: its blocks from malloc, objects in pools if they are traced; how many of these. */
	struct allot_list quarantine;
	size_t quarantine_room, quarantine_pooled, quarantine_bytes;
	allot_log *log;
	void *log_data;
	pthread_t owner; /* of a heap that is not shared, when threads are checked */

	/* Of a shared heap. */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* stop or running */
	unsigned running; /* threads that have entered and are not at a safe point */
	int stop; /* a collection waits for them, or looks; read without the lock, too */
};

extern struct allot_heap *allotp_heaps[UINT16_MAX + 1];

/* Calls function for each heap that exists. */
void allotp_heap_each(void (*function)(struct allot_heap *));

/* heap.c: what allot_heap_default() has made, or NULL. */
extern struct allot_heap *allotp_heap_first;

/* NULL is the default heap. */
static inline struct allot_heap *allotp_heap(struct allot_heap *heap)
{
	return heap ? heap : allot_heap_default();
}

static inline struct allot_heap *allotp_heap_of(const struct allot_object *object)
{
	return __atomic_load_n(&allotp_heaps[object->heap], __ATOMIC_RELAXED);
}

static inline bool allotp_is_shared(const struct allot_heap *heap)
{
	return heap->flags & ALLOT_HEAP_SHARED;
}

static inline void allotp_lock(struct allot_heap *heap)
{
	if (__builtin_expect(allotp_is_shared(heap), 0))
		pthread_mutex_lock(&heap->lock);
}

static inline void allotp_unlock(struct allot_heap *heap)
{
	if (__builtin_expect(allotp_is_shared(heap), 0))
		pthread_mutex_unlock(&heap->lock);
}

/* ---- States. Read by anybody for ALLOT_STATE_SHARED, so written as atomics; one writer at a time. ---- */

static inline unsigned allotp_state(const struct allot_object *object)
{
	return __atomic_load_n(&object->state, __ATOMIC_RELAXED);
}

static inline void allotp_state_set(struct allot_object *object, unsigned state)
{
	__atomic_store_n(&object->state, (uint16_t)state, __ATOMIC_RELAXED);
}

static inline unsigned allotp_generation(const struct allot_object *object)
{
	return (allotp_state(object) & ALLOTP_GENERATION) >> ALLOTP_GENERATION_SHIFT;
}

static inline void allotp_generation_set(struct allot_object *object, unsigned generation)
{
	allotp_state_set(object,
			 (allotp_state(object) & ~ALLOTP_GENERATION) | generation << ALLOTP_GENERATION_SHIFT);
}

static inline bool allotp_is_tracked(const struct allot_object *object)
{
	return allotp_generation(object) < ALLOTP_UNTRACKED;
}

static inline int32_t allotp_refs(const struct allot_object *object)
{
	return __atomic_load_n(&object->refs, __ATOMIC_RELAXED);
}

static inline void allotp_refs_set(struct allot_object *object, int32_t refs)
{
	__atomic_store_n(&object->refs, refs, __ATOMIC_RELAXED);
}

/* ---- Headers and lists ---- */

static inline struct allotp_gc *allotp_gc_of(struct allot_object *object)
{
	return (struct allotp_gc *)object - 1;
}

static inline struct allot_object *allotp_object_of(struct allotp_gc *gc)
{
	return (struct allot_object *)(gc + 1);
}

static inline size_t allotp_prefix(unsigned state)
{
	return (state & ALLOTP_GC ? 16 : 0) + (state & ALLOTP_WEAK ? 16 : 0);
}

/* The list of weak references to an object that can have them. */
static inline struct allot_weakref **allotp_weak_slot(const struct allot_object *object)
{
	return (struct allot_weakref **)((char *)object - allotp_prefix(allotp_state(object)) + 8);
}

static inline void allotp_list_init(struct allotp_gc *list)
{
	list->next = list->prev = list;
}

static inline bool allotp_list_is_empty(const struct allotp_gc *list)
{
	return list->next == list;
}

static inline void allotp_list_append(struct allotp_gc *list, struct allotp_gc *gc)
{
	gc->next = list;
	gc->prev = list->prev;
	list->prev->next = gc;
	list->prev = gc;
}

static inline void allotp_list_remove(struct allotp_gc *gc)
{
	gc->prev->next = gc->next;
	gc->next->prev = gc->prev;
}

/* Moves all of one list behind another. */
static inline void allotp_list_merge(struct allotp_gc *from, struct allotp_gc *to)
{
	if (allotp_list_is_empty(from))
		return;
	to->prev->next = from->next;
	from->next->prev = to->prev;
	to->prev = from->prev;
	from->prev->next = to;
	allotp_list_init(from);
}

static inline size_t allotp_list_count(const struct allotp_gc *list)
{
	size_t count = 0;

	for (const struct allotp_gc *gc = list->next; gc != list; gc = gc->next)
		count++;
	return count;
}

/* The requested size of an object's block, without the headers in front. */
static inline size_t allotp_payload(const struct allot_object *object)
{
	const struct allot_type *type = object->type;

	return type->size + (type->item_size ? type->item_size * ((const struct allot_var_object *)object)->count : 0);
}

/* Where the references of a field are, and how many. */
static inline __attribute__((always_inline)) void **allotp_field_places(const struct allot_object *object,
									const struct allot_field *field, size_t *count)
{
	char *place = (char *)object + field->offset;

	*count = 1;
	if (__builtin_expect(field->kind == ALLOT_FIELD_ONE, 1))
		return (void **)place;
	if (field->kind == ALLOT_FIELD_ITEMS) {
		*count = ((const struct allot_var_object *)object)->count;
		return (void **)place;
	}
	*count = *(size_t *)((char *)object + field->count_offset);
	return *(void ***)place;
}

/* Calls visit for each reference of an object, as its type says. visit is a constant where this is inlined. */
static inline __attribute__((always_inline)) int allotp_visit_children(struct allot_object *object, allot_visit *visit,
								       void *data)
{
	const struct allot_type *type = object->type;

	if (type->traverse != allot_traverse_fields)
		return type->traverse(object, visit, data);
	if (!type->fields)
		return 0;
	for (const struct allot_field *field = type->fields; field->name; field++) {
		size_t count;
		void **places = allotp_field_places(object, field, &count);

		for (size_t i = 0; i < count; i++)
			if (places[i]) {
				int result = visit(places[i], data);

				if (result)
					return result;
			}
	}
	return 0;
}

/* ---- The parts ---- */

/* death.c: the count came to zero, in a shared heap for good. */
void allotp_die(struct allot_object *object);

/* death.c: calls finalize, if that is due. The caller has a reference. */
void allotp_finalize(struct allot_heap *heap, struct allot_object *object);

/* object.c: a new reference unless the object is dying or dead. */
bool allotp_ref_if_alive(struct allot_object *object);

/* object.c: takes a tracked container out of its list. The heap is locked. */
void allotp_untrack(struct allot_heap *heap, struct allot_object *object);

/* collect.c: at an allocation, if the count of generation 0 is above the trigger. */
void allotp_collect_if_due(struct allot_heap *heap);

/* collect.c: what allot_new() has to compare with. */
void allotp_trigger_set(struct allot_heap *heap);

/* scan.c: steps 1 to 3 for a list of containers; what is not reachable from outside goes to another list. */
struct allotp_scan {
	struct allot_heap *heap;
	struct allotp_gc *set;
	struct allotp_gc *unreachable;
	unsigned scope; /* the oldest generation of the set */
	unsigned target; /* what survives goes to this generation */
	bool again; /* all have ALLOTP_COLLECTING already, and nobody else has */
	size_t reachable_count, unreachable_count; /* results */
	bool legacy, weak, finalize; /* whether there may be something to do for what is unreachable before it can go */
};
void allotp_scan(struct allotp_scan *scan);

/* garbage.c: steps 5 to 9 for what a scan has found. Fills in the counts of info. */
void allotp_dispose_of(const struct allotp_scan *scan, struct allot_gc_info *info);

/* garbage.c: -ENOMEM. Takes a reference of its own. */
int allotp_garbage_add(struct allot_heap *heap, struct allot_object *object);

/* weakref.c: weak references to an object that is dying by count, with their callbacks. */
void allotp_weakrefs_clear(struct allot_heap *heap, struct allot_object *object);

/* weakref.c: before finalizers: of a set with ALLOTP_COLLECTING, those with callbacks; these are called. Whether any code ran. */
bool allotp_weakrefs_call(struct allot_heap *heap, struct allotp_gc *unreachable);

/* weakref.c: after finalizers: all the rest, calling nobody. */
void allotp_weakrefs_kill(struct allot_heap *heap, struct allotp_gc *unreachable);

/* weakref.c: whether the object is a weak reference. */
bool allotp_is_weakref(const struct allot_object *object);

/* finalizer.c: calls those that want to be called at exit. */
void allotp_finalizers_at_exit(struct allot_heap *heap);

/* world.c: stops the threads of a shared heap, and locks it; lets them go on. */
void allotp_world_stop(struct allot_heap *heap);
void allotp_world_start(struct allot_heap *heap);

/* world.c: a safe point, with the heap locked. */
void allotp_world_park(struct allot_heap *heap);

/* list.c: a list that grows; add takes over a reference. -ENOMEM: the reference is still the caller's. */
int allotp_list_add(struct allot_list *list, size_t *room, void *object);

/* log.c: a line for the heap's log. */
void allotp_log(struct allot_heap *heap, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* log.c: tells what is wrong with an object, and where that came from, and aborts. */
_Noreturn void allotp_fault(const struct allot_object *object, const char *what);

/* origin.c: with the tracer in the process, objects are blocks of a domain of their own, in pools or from malloc. */
bool allotp_origin_is_traced(void);
void allotp_origin_track(const void *object, size_t size);
void allotp_origin_untrack(const void *object);
void *allotp_origin_calloc(size_t size);
void allotp_origin_free(void *block);

/*
 * table.c: tells all objects of all heaps to the tracer; an allot_object_walk of trace.h. In a copy of the process, in which
 * nothing else runs: takes no lock, and no memory but by system calls.
 */
struct allot_object_sink;
int allotp_table_walk(const struct allot_object_sink *sink);

#endif
