/* SPDX-License-Identifier: MIT */
/*
 * What of a set of containers cannot be reached from outside: CPython's algorithm, in two passes over the set, without
 * recursion and without memory of its own.
 *
 * Pass 1 counts for each container the references from outside: its count, less one for each reference that is met in the
 * set. CPython starts these numbers in a pass of their own; here each is started when it is first met, since a
 * container's generation tells whether it is in the set. Pass 2 takes what has such references for reachable, and all
 * that it refers to. What has none is unreachable for now; if it turns up later as referred to, it goes back and is looked at again.
 *
 * Before pass 2 comes to a container, its header has that number; then its place in a list again.
 */
#include "object/heap.h"

/*
 * What an object refers to can be anywhere, so its headers are fetched some time before they are looked at: in pass 1, where
 * order does not matter, references wait in a ring; in pass 2, an object further on is asked for its references.
 */
#define WAITING 32
#define AHEAD 16

static inline void fetch(const void *object)
{
	__builtin_prefetch((const char *)object - sizeof(struct allotp_gc), 1);
	__builtin_prefetch(object, 1);
}

static inline void start(const struct allotp_scan *scan, struct allot_object *object, unsigned state)
{
	int32_t refs = allotp_refs(object);

	if (__builtin_expect(refs <= 0, 0)) {
		/* Another thread is about to let it die, and holds it so long. */
		if (refs || !allotp_is_shared(scan->heap))
			allotp_fault(object, "the collector found a reference count that is not positive");
		refs = 1;
	}
	allotp_gc_of(object)->refs = refs;
	allotp_state_set(object, (state & ~ALLOTP_UNREACHABLE) | ALLOTP_COLLECTING);
}

static inline void subtract(const struct allotp_scan *scan, struct allot_object *object)
{
	unsigned state = allotp_state(object);
	struct allotp_gc *gc;

	/* From here, objects of other heaps are as those that no collector sees. */
	if (object->heap != scan->heap->id)
		state = ALLOTP_NO_CONTAINER << ALLOTP_GENERATION_SHIFT;
	if (!(state & ALLOTP_COLLECTING)) {
		if (scan->again || (state & ALLOTP_GENERATION) > scan->scope << ALLOTP_GENERATION_SHIFT) {
			if (__builtin_expect(allotp_refs(object) == ALLOTP_REFS_DEAD, 0))
				allotp_fault(object, "use after free: the collector found a reference to it");
			return;
		}
		start(scan, object, state);
	}
	gc = allotp_gc_of(object);
	if (__builtin_expect(gc->refs <= 0, 0))
		allotp_fault(object, "refcount is too small");
	gc->refs--;
}

struct waiting {
	const struct allotp_scan *scan;
	struct allot_object *objects[WAITING];
	unsigned at;
};

static int wait(void *child, void *data)
{
	struct waiting *waiting = data;
	struct allot_object *first = waiting->objects[waiting->at];

	fetch(child);
	waiting->objects[waiting->at] = child;
	waiting->at = (waiting->at + 1) % WAITING;
	if (first)
		subtract(waiting->scan, first);
	return 0;
}

static size_t subtract_all(struct allotp_scan *scan)
{
	struct waiting waiting = { .scan = scan };
	size_t count = 0;

	for (struct allotp_gc *gc = scan->set->next; gc != scan->set; gc = gc->next) {
		struct allot_object *object = allotp_object_of(gc);
		unsigned state = allotp_state(object);

		if (!(state & ALLOTP_COLLECTING))
			start(scan, object, state);
		allotp_visit_children(object, wait, &waiting);
		count++;
	}
	for (int i = 0; i < WAITING; i++)
		if (waiting.objects[i])
			subtract(scan, waiting.objects[i]);
	return count;
}

static int reach(void *child, void *data)
{
	struct allotp_scan *scan = data;
	struct allot_object *object = child;
	unsigned state = allotp_state(object);
	struct allotp_gc *gc = allotp_gc_of(object);

	if (!(state & ALLOTP_COLLECTING) || object->heap != scan->heap->id)
		return 0;
	if (state & ALLOTP_UNREACHABLE) {
		allotp_list_remove(gc);
		allotp_list_append(scan->set, gc);
		gc->refs = 1;
		allotp_state_set(object, state & ~ALLOTP_UNREACHABLE);
		scan->unreachable_count--;
	} else if (!gc->refs) {
		gc->refs = 1;
	}
	return 0;
}

/* What comes back from there was noted for nothing. */
static inline void note(struct allotp_scan *scan, const struct allot_object *object, unsigned state)
{
	const struct allot_type *type = object->type;

	scan->legacy |= !!type->legacy_finalize;
	scan->finalize |= type->finalize && !(state & ALLOTP_FINALIZED);
	scan->weak |= (state & ALLOTP_WEAK && *allotp_weak_slot(object)) || allotp_is_weakref(object);
}

static int fetch_child(void *child, void *data)
{
	(void)data;
	fetch(child);
	return 0;
}

static void move_unreachable(struct allotp_scan *scan)
{
	struct allotp_gc *before = scan->set, *ahead = scan->set->next, *gc;

	for (int i = 0; i < AHEAD && ahead != scan->set; i++)
		ahead = ahead->next;
	while ((gc = before->next) != scan->set) {
		struct allot_object *object = allotp_object_of(gc);

		/* Still in the set: only what was looked at leaves it. It is visited if it is as its neighbours, which is likely. */
		if (ahead != scan->set) {
			if (gc->refs)
				allotp_visit_children(allotp_object_of(ahead), fetch_child, NULL);
			ahead = ahead->next;
		}
		if (gc->refs) {
			/* First, so that a reference to itself finds it done. */
			allotp_state_set(object, (allotp_state(object) & ~(ALLOTP_COLLECTING | ALLOTP_GENERATION)) |
							 scan->target << ALLOTP_GENERATION_SHIFT);
			allotp_visit_children(object, reach, scan);
			gc->prev = before;
			before = gc;
		} else {
			note(scan, object, allotp_state(object));
			allotp_state_set(object, allotp_state(object) | ALLOTP_UNREACHABLE);
			before->next = gc->next;
			allotp_list_append(scan->unreachable, gc);
			scan->unreachable_count++;
		}
	}
	scan->set->prev = before;
}

void allotp_scan(struct allotp_scan *scan)
{
	size_t count;

	scan->unreachable_count = 0;
	if (scan->again)
		for (struct allotp_gc *gc = scan->set->next; gc != scan->set; gc = gc->next)
			start(scan, allotp_object_of(gc), allotp_state(allotp_object_of(gc)));
	count = subtract_all(scan);
	move_unreachable(scan);
	scan->reachable_count = count - scan->unreachable_count;
}
