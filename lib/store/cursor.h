/* SPDX-License-Identifier: MIT */
/* Cursors: where a ring is being read. For the drainer only. */
#ifndef ALLOT_STORE_CURSOR_H
#define ALLOT_STORE_CURSOR_H

#include "store/batch.h"

/* Sets a cursor to the slot's first event that is not drained, with all up to `limit` before it. */
void allotp_cursor_begin(struct allot_cursor *cursor, const struct allot_slot *slot, uint32_t number, uint64_t limit);

/* Points the cursor at its event, entering the ring's next segment if it lies there. False: nothing (valid) there. */
bool allotp_cursor_load(struct allot_batch *batch, struct allot_cursor *cursor);

/* Past so many events of its segment, which are in the batch now. */
static inline void allotp_cursor_move(struct allot_batch *batch, struct allot_cursor *cursor, uint32_t count)
{
	cursor->event += count;
	cursor->number += count;
	batch->events += count;
}

/* What orders events of different slots: among equal stamps those go first that give an address up. */
static inline uint64_t allotp_event_order(uint64_t stamp, uint8_t op)
{
	return stamp << 1 | !(op == ALLOT_OP_FREE || op == ALLOT_OP_GIVE_UP || op == ALLOT_OP_UNMAP);
}

static inline uint64_t allotp_cursor_key(const struct allot_cursor *cursor)
{
	return allotp_event_order(cursor->event->stamp, allotp_event_op(cursor->event));
}

/* Whose turn it is in an event's bucket, of those in the batch or in the header. */
static inline uint32_t *allotp_turn_of(uint32_t *applied, const struct allot_event *event)
{
	return &applied[allotp_event_bucket(event->key, allotp_event_op(event))];
}

/* Whether all earlier events in the bucket of this one have been applied. A ticket that was passed over is late, not early. */
static inline bool allotp_turn_has_come(uint32_t turn, const struct allot_event *event)
{
	return !allotp_event_has_ticket(event) || (int32_t)(event->ticket - turn) <= 0;
}

/* It is the next one's turn. Never back: an event that others did not wait for may come late. */
static inline void allotp_turn_pass(uint32_t *turn, uint32_t next)
{
	if (__builtin_expect((int32_t)(next - *turn) > 0, 1))
		*turn = next;
}

static inline bool allotp_cursor_has_turn(struct allot_batch *batch, const struct allot_cursor *cursor)
{
	return allotp_turn_has_come(*allotp_turn_of(batch->applied, cursor->event), cursor->event);
}

#endif
