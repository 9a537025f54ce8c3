/* SPDX-License-Identifier: MIT */
/*
 * The writing end of a thread's ring. A ring is a chain of segments, so that it can grow when nobody drains it;
 * consumed segments come back through a free list that all threads share. Lock-free and async-signal-safe.
 */
#ifndef ALLOT_STORE_RING_H
#define ALLOT_STORE_RING_H

#include "store/store.h"

/* A thread's private view of the slot it owns. */
struct allot_producer {
	struct allot_store *store;
	struct allot_slot *slot;
	struct allot_event *cursor, *end; /* where the next event goes, and where none does any more */
	uint64_t published;
	uint32_t number; /* of the slot */
};

/* Takes the size of segments over from the header. Before rings are used; -EBADMSG if it is impossible. */
int allotp_ring_open(struct allot_store *store);

/* Takes a slot for the calling thread, a used one first. -EAGAIN: there are as many as the store can hold. */
int allotp_producer_attach(struct allot_producer *producer, struct allot_store *store, uint32_t tid, uint64_t stamp);
/* Gives the slot back, with whatever was not drained yet. */
void allotp_producer_detach(struct allot_producer *producer);

/* Links another segment to the ring. May drain first. Out of line, as it is rare. */
int allotp_producer_extend(struct allot_producer *producer);

/* Returns a consumed segment to the free list; for the drainer. */
void allotp_segment_release(struct allot_store *store, uint32_t segment);

/* The segment, or NULL if there is none of that number. */
struct allot_segment *allotp_segment(struct allot_store *store, uint32_t segment);

/* For the drainer, a head being what a slot has: the event of that number, NULL if it is not in the head's segment; and the
 * head of the segment after this one. */
const struct allot_event *allotp_ring_event(struct allot_store *store, uint64_t head, uint64_t number);
uint64_t allotp_ring_next(struct allot_store *store, uint64_t head);

/* Whether there is room for an event already. */
static inline bool allotp_producer_has_room(const struct allot_producer *producer)
{
	return producer->cursor != producer->end;
}

/* Room for the next event, or NULL when the store cannot grow any more. */
static inline struct allot_event *allotp_producer_reserve(struct allot_producer *producer)
{
	if (__builtin_expect(!allotp_producer_has_room(producer), 0) && allotp_producer_extend(producer))
		return NULL;
	return producer->cursor;
}

/* Makes the reserved event visible. Its partner is the acquire load of `published` in the drainer. */
static inline void allotp_producer_publish(struct allot_producer *producer)
{
	/* A drainer on another core has had this memory last: it is asked back before it is needed. */
	__builtin_prefetch(producer->cursor + 16, 1);
	producer->cursor++;
	__atomic_store_n(&producer->slot->published, ++producer->published, __ATOMIC_RELEASE);
}

#endif
