/* SPDX-License-Identifier: MIT */
/* Windows: events of two rings that may be applied one ring after the other. For the drainer only. */
#ifndef ALLOT_STORE_WINDOW_H
#define ALLOT_STORE_WINDOW_H

#include "store/cursor.h"

/*
 * Threads that run at once take turns event by event, and nobody can predict whose is next. But of allocations and frees, all that
 * their order tells is the peak: what is about one address is in the order of its tickets. So where all that is allocated before
 * some moment, and nothing freed, would make no new peak, whatever comes before that may be applied ring by ring. Returns the stamp
 * up to which both may go, `limit` at the most; 0: only in order. No other ring has an event before the limit.
 */
uint64_t allotp_window_end(const struct allot_batch *batch, const struct allot_cursor *first,
			   const struct allot_cursor *second, uint64_t limit);

#endif
