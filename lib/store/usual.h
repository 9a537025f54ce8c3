/* SPDX-License-Identifier: MIT */
/* Allocations and frees of which nothing is unusual: nearly all events, as fast as can be. For the drainer only. */
#ifndef ALLOT_STORE_USUAL_H
#define ALLOT_STORE_USUAL_H

#include "store/cursor.h"

/*
 * Applies the cursor's next event, and those after it, `most` at the most, as long as each is older than the stamp `limit`,
 * has its turn, and needs nothing that the batch does not have at hand: the next may be any other. `most` is not 0, and the batch
 * has room for so many. Not when blocks are sampled. Returns how many were applied.
 */
uint32_t allotp_usual_run(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint32_t most);

#endif
