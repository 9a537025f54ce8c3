/* SPDX-License-Identifier: MIT */
/* Allocations and frees of which nothing is unusual: nearly all events, as fast as can be. For the drainer only. */
#ifndef ALLOT_STORE_USUAL_H
#define ALLOT_STORE_USUAL_H

#include "store/cursor.h"

/*
 * Applies the cursor's next event, and those after it, as long as each is a usual one, is older than the stamp `limit`, and has its
 * turn; `most` of them at the most, which is not 0, and for which the batch has room. Not when blocks are sampled, or events
 * dropped. Returns how many were applied: the cursor's next event may be an unusual one then.
 */
uint32_t allotp_usual_run(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint32_t most);

#endif
