/* SPDX-License-Identifier: MIT */
/* Reading rings, segment by segment. */
#include "store/cursor.h"

#include "snapshot/snapshot.h"
#include "store/ring.h"

void allotp_cursor_begin(struct allot_cursor *cursor, const struct allot_slot *slot, uint32_t number, uint64_t limit)
{
	*cursor = (struct allot_cursor){
		.slot = number,
		.number = slot->consumed,
		.limit = limit,
		.head = slot->head ? slot->head : slot->first,
		.last_alloc = slot->last_alloc,
		.given_up = { slot->given_up[0], slot->given_up[1], slot->given_up[2] },
	};
}

bool allotp_cursor_load(struct allot_batch *batch, struct allot_cursor *cursor)
{
	struct allot_store *store = batch->store;
	uint32_t ordinal = (uint32_t)(cursor->number >> store->segment_shift);

	if (cursor->number >= cursor->limit)
		return false;
	if ((uint32_t)(cursor->head >> 32) != ordinal) {
		uint32_t old = (uint32_t)cursor->head;

		if ((uint32_t)(cursor->head >> 32) + 1 != ordinal || !allotp_segment(store, old)) {
			allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
			return false;
		}
		cursor->head = allotp_ring_next(store, cursor->head);
		/* It is drained, but as long as the batch is not committed it is not known to be. */
		if (cursor->changed)
			batch->released[batch->released_count++] = old;
		else
			cursor->left_behind = old;
	}
	cursor->event = NULL;
	if (allotp_store_reaches(store, ALLOT_REGION_SEGMENTS, (cursor->head & UINT32_MAX) * store->segment_bytes))
		cursor->event = allotp_ring_event(store, cursor->head, cursor->number);
	if (!cursor->event) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return false;
	}
	cursor->stop = (cursor->number | (store->segment_events - 1)) + 1;
	if (cursor->stop > cursor->limit)
		cursor->stop = cursor->limit;
	return true;
}
