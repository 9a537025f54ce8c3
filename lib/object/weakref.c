/* SPDX-License-Identifier: MIT */
/*
 * Weak references: objects in a list at what they refer to, the one without a callback first, then the others, the last
 * made first. A list changes under the heap's lock.
 */
#include <stddef.h>

#include "object/heap.h"

struct allot_weakref {
	struct allot_object object;
	struct allot_object *target;       /* NULL if it is dead */
	struct allot_weakref *next, *prev; /* of the same target; next also of those to be called */
	allot_weakref_callback *callback;
	void *data;
	void *held;
};

static const struct allot_field fields[] = {
	ALLOT_FIELD(struct allot_weakref, held),
	ALLOT_FIELDS_END,
};

/* From the list of its target. The heap is locked. */
static void detach(struct allot_weakref *weakref)
{
	struct allot_weakref **slot;

	if (!weakref->target)
		return;
	slot = allotp_weak_slot(weakref->target);
	if (weakref->prev)
		weakref->prev->next = weakref->next;
	else
		*slot = weakref->next;
	if (weakref->next)
		weakref->next->prev = weakref->prev;
	weakref->target = NULL;
	weakref->next = weakref->prev = NULL;
}

static void weakref_clear(void *object)
{
	struct allot_weakref *self = object;
	struct allot_heap *heap = allotp_heap_of(&self->object);

	allotp_lock(heap);
	detach(self);
	self->callback = NULL;
	allotp_unlock(heap);
	ALLOT_CLEAR(self->held);
}

static const struct allot_type weakref_type = {
	.name = "allot_weakref",
	.size = sizeof(struct allot_weakref),
	.traverse = allot_traverse_fields,
	.clear = weakref_clear,
	.fields = fields,
};

bool allotp_is_weakref(const struct allot_object *object)
{
	return object->type == &weakref_type;
}

/* The one without callback, if the target has one: it is the first. */
static struct allot_weakref *plain(struct allot_object *target)
{
	struct allot_weakref *first = *allotp_weak_slot(target);

	return first && !first->callback ? first : NULL;
}

static void attach(struct allot_weakref *weakref, struct allot_object *target)
{
	struct allot_weakref **slot = allotp_weak_slot(target);
	struct allot_weakref *before = weakref->callback ? plain(target) : NULL;

	weakref->target = target;
	weakref->prev = before;
	weakref->next = before ? before->next : *slot;
	if (weakref->next)
		weakref->next->prev = weakref;
	if (before)
		before->next = weakref;
	else
		*slot = weakref;
}

int allot_weakref_new(void *object, struct allot_weakref **weakref)
{
	struct allot_object *target = object;
	struct allot_heap *heap = allotp_heap_of(target);
	struct allot_weakref *made = NULL, *known;

	if (!(allotp_state(target) & ALLOTP_WEAK))
		return -EOPNOTSUPP;
	if (!allotp_refs(target))
		return -ESTALE;
	for (;;) {
		allotp_lock(heap);
		known = plain(target);
		if (known && !allotp_ref_if_alive(&known->object))
			known = NULL;
		if (!known && made)
			attach(made, target);
		allotp_unlock(heap);
		if (known || made)
			break;
		/* This may collect, and another may have made one meanwhile. */
		made = allot_new(heap, &weakref_type);
		if (!made)
			return -ENOMEM;
	}
	if (known)
		allot_unref(made);
	*weakref = known ? known : made;
	return 0;
}

int allot_weakref_watch(void *object, allot_weakref_callback *callback, void *data, void *held,
			struct allot_weakref **weakref)
{
	struct allot_object *target = object;
	struct allot_heap *heap = allotp_heap_of(target);
	struct allot_weakref *made;

	if (!callback)
		return -EINVAL;
	if (!(allotp_state(target) & ALLOTP_WEAK))
		return -EOPNOTSUPP;
	if (!allotp_refs(target))
		return -ESTALE;
	made = allot_new(heap, &weakref_type);
	if (!made)
		return -ENOMEM;
	made->callback = callback;
	made->data = data;
	made->held = allot_ref(held);
	allotp_lock(heap);
	attach(made, target);
	allotp_unlock(heap);
	*weakref = made;
	return 0;
}

int allot_weakref_get(struct allot_weakref *weakref, void **object)
{
	struct allot_heap *heap = allotp_heap_of(&weakref->object);
	struct allot_object *target;

	allotp_lock(heap);
	target = weakref->target;
	if (target && !allotp_ref_if_alive(target))
		target = NULL;
	allotp_unlock(heap);
	if (!target)
		return -ESTALE;
	*object = target;
	return 0;
}

bool allot_weakref_is_dead(struct allot_weakref *weakref)
{
	struct allot_heap *heap = allotp_heap_of(&weakref->object);
	bool dead;

	allotp_lock(heap);
	dead = !weakref->target || allotp_refs(weakref->target) == 0;
	allotp_unlock(heap);
	return dead;
}

size_t allot_weakref_count(const void *object)
{
	const struct allot_object *target = object;
	struct allot_heap *heap = allotp_heap_of(target);
	size_t count = 0;

	if (!(allotp_state(target) & ALLOTP_WEAK))
		return 0;
	allotp_lock(heap);
	for (struct allot_weakref *each = *allotp_weak_slot(target); each; each = each->next)
		count++;
	allotp_unlock(heap);
	return count;
}

/* ---- Death ---- */

/* Those to be called, in order; each holds a reference to itself. */
struct queue {
	struct allot_weakref *first, **end;
};

static void enqueue(struct queue *queue, struct allot_weakref *weakref)
{
	*queue->end = weakref;
	queue->end = &weakref->next;
}

static bool call_all(struct queue *queue)
{
	bool any = queue->first;

	while (queue->first) {
		struct allot_weakref *weakref = queue->first;

		queue->first = weakref->next;
		weakref->next = NULL;
		weakref->callback(weakref, weakref->data);
		allot_unref(weakref);
	}
	return any;
}

void allotp_weakrefs_clear(struct allot_heap *heap, struct allot_object *object)
{
	struct allot_weakref **slot = allotp_weak_slot(object), *weakref;
	struct queue queue = { .end = &queue.first };

	allotp_lock(heap);
	while ((weakref = *slot)) {
		detach(weakref);
		/* One that is itself dying calls nobody. */
		if (weakref->callback && allotp_ref_if_alive(&weakref->object))
			enqueue(&queue, weakref);
	}
	allotp_unlock(heap);
	call_all(&queue);
}

bool allotp_weakrefs_call(struct allot_heap *heap, struct allotp_gc *unreachable)
{
	struct queue queue = { .end = &queue.first };

	allotp_lock(heap);
	for (struct allotp_gc *gc = unreachable->next; gc != unreachable; gc = gc->next) {
		struct allot_object *object = allotp_object_of(gc);
		struct allot_weakref *next;

		/* Also one that refers to what is not seen to be dying with it: its callback could see what is cleared. */
		if (allotp_is_weakref(object) && ((struct allot_weakref *)object)->callback)
			detach((struct allot_weakref *)object);
		if (!(allotp_state(object) & ALLOTP_WEAK))
			continue;
		for (struct allot_weakref *each = *allotp_weak_slot(object); each; each = next) {
			next = each->next;
			if (!each->callback)
				continue;
			detach(each);
			if (!(allotp_state(&each->object) & ALLOTP_COLLECTING) && allotp_ref_if_alive(&each->object))
				enqueue(&queue, each);
		}
	}
	allotp_unlock(heap);
	return call_all(&queue);
}

void allotp_weakrefs_kill(struct allot_heap *heap, struct allotp_gc *unreachable)
{
	(void)heap;
	for (struct allotp_gc *gc = unreachable->next; gc != unreachable; gc = gc->next) {
		struct allot_object *object = allotp_object_of(gc);

		if (allotp_is_weakref(object))
			detach((struct allot_weakref *)object);
		if (allotp_state(object) & ALLOTP_WEAK)
			while (*allotp_weak_slot(object))
				detach(*allotp_weak_slot(object));
	}
}
