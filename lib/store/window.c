/* SPDX-License-Identifier: MIT */
/* How far two rings may be applied one after the other. */
#include "store/window.h"

/* So many events of a ring are looked at. */
enum { MOST = 64 };

struct window {
	uint64_t end;  /* a stamp; it only shrinks */
	uint64_t room; /* bytes that may be allocated */
};

/* Whether an event may be in one: it does nothing that depends on the time, and has a ticket. */
static inline bool is_timeless(uint64_t op, uint64_t family)
{
	return op - ALLOT_OP_ALLOC <= ALLOT_OP_GIVE_UP - ALLOT_OP_ALLOC && !(family & ALLOT_COUNTED_EVENT);
}

static inline uint64_t stamp_of(const struct allot_event *event)
{
	return __atomic_load_n(&event->stamp, __ATOMIC_RELAXED);
}

/* Lets the window end before an event of the cursor that would allocate too much, or must not be in it; or before the last. */
static void shrink(struct window *window, const struct allot_cursor *cursor)
{
	uint64_t left = cursor->stop - cursor->number;
	const struct allot_event *event = cursor->event, *last = event + (left < MOST ? left : MOST) - 1;

	for (; event < last && stamp_of(event) < window->end; event++) {
		uint64_t what = __atomic_load_n(&event->what, __ATOMIC_RELAXED), op = what >> 48 & UINT8_MAX;
		uint64_t size = op == ALLOT_OP_ALLOC ? what & ALLOT_LOW48 : 0;

		if (__builtin_expect(!is_timeless(op, what >> 56) || size > window->room, 0))
			break;
		window->room -= size;
	}
	if (stamp_of(event) < window->end)
		window->end = stamp_of(event);
}

/* Scopes and budgets have peaks of their own; and what is sampled, stands for more than its size. */
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
	uint64_t live = totals->ever_bytes - totals->freed_bytes;
	struct window window = {
		.end = limit < batch->next_sample ? limit : batch->next_sample,
		.room = totals->peak_bytes > live ? totals->peak_bytes - live : 0,
	};

	if (has_other_peaks(batch))
		return 0;
	shrink(&window, first);
	if (window.end > stamp_of(second->event))
		shrink(&window, second);
	return window.end;
}
