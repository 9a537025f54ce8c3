/* SPDX-License-Identifier: MIT */
/* What events do to the counters, the blocks and the maps. For the drainer only. */
#ifndef ALLOT_STORE_APPLY_H
#define ALLOT_STORE_APPLY_H

#include "store/cursor.h"

/*
 * Applies the cursor's next event, and those after it as long as each has its turn and a key below the limit. *applied
 * counts them. False: the cursor is used up.
 */
bool allotp_apply_run(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint64_t *applied);

#endif
