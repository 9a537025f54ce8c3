/* SPDX-License-Identifier: MIT */
/* What one event does to the counters, the blocks and the maps. For the drainer only. */
#ifndef ALLOT_STORE_APPLY_H
#define ALLOT_STORE_APPLY_H

#include "store/batch.h"

/* Applies the cursor's event in a batch; it has been touched. */
void allotp_apply(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event);

/*
 * Applies an allocation and its own free, which follows it at once in the slot. False: it cannot be done this way, and
 * nothing was.
 */
bool allotp_apply_pair(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event);

#endif
