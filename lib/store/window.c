/* SPDX-License-Identifier: MIT */
/* How far two rings may be applied one after the other. */
#include "store/window.h"

/* So many events of a ring are looked at. */
enum { MOST = 64 };

struct window {
	uint64_t end;  /* a stamp; it only shrinks */
	uint64_t room; /* bytes that may be allocated */
};

static inline uint64_t stamp_of(const struct allot_event *event)
{
	return __atomic_load_n(&event->stamp, __ATOMIC_RELAXED);
}

/* Takes room for an event. False: there is none, or it does something that depends on the time, or has no ticket. */
static inline bool take_room(uint64_t *room, const struct allot_event *event)
{
	uint64_t what = __atomic_load_n(&event->what, __ATOMIC_RELAXED), op = what >> 48 & UINT8_MAX;
	uint64_t size = op == ALLOT_OP_ALLOC ? what & ALLOT_LOW48 : 0;

	if (op - ALLOT_OP_ALLOC > ALLOT_OP_GIVE_UP - ALLOT_OP_ALLOC || what >> 56 & ALLOT_COUNTED_EVENT || size > *room)
		return false;
	*room -= size;
	return true;
}

/* Lets the window end before an event of the cursor that cannot be in it; or before the last. */
static void shrink(struct window *window, const struct allot_cursor *cursor)
{
	uint64_t left = cursor->stop - cursor->number;
	const struct allot_event *event = cursor->event, *last = event + (left < MOST ? left : MOST) - 1;

	while (event < last && stamp_of(event) < window->end && take_room(&window->room, event))
		event++;
	if (stamp_of(event) < window->end)
		window->end = stamp_of(event);
}

/* Scopes and budgets have peaks of their own; and what is sampled stands for more than its size. */
static bool has_other_peaks(const struct allot_batch *batch)
{
	const struct allot_header *header = batch->store->header;

	return batch->sampled || __atomic_load_n(&header->scope_count, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&header->budget_count, __ATOMIC_RELAXED);
}

uint64_t allotp_window_end(const struct allot_batch *batch, const struct allot_cursor *first,
			   const struct allot_cursor *second, uint64_t limit)
{
	const struct allot_totals *totals = &batch->totals;
	uint64_t live = totals->ever_bytes - totals->freed_bytes, room = totals->peak_bytes - live;
	struct window window = {
		.end = limit < batch->next_sample ? limit : batch->next_sample,
		.room = room,
	};

	/* A realloc that failed has brought back more than there was at the peak: whatever is allocated next makes one. */
	if (live > totals->peak_bytes || has_other_peaks(batch))
		return 0;
	/* Where they do not even begin, they are not looked through. */
	if (!take_room(&room, first->event) || !take_room(&room, second->event))
		return 0;
	shrink(&window, first);
	if (window.end > stamp_of(second->event))
		shrink(&window, second);
	return window.end;
}
