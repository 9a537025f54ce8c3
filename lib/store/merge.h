/* SPDX-License-Identifier: MIT */
/* The merge of all rings: which event is applied next. For the drainer only. */
#ifndef ALLOT_STORE_MERGE_H
#define ALLOT_STORE_MERGE_H

#include "store/store.h"

/*
 * Applies the published events with stamps up to the cut: by stamp, wherever that makes a difference, but those at one address by
 * their tickets. An event that waits for a ticket which does not come is applied when its stamp is not after overdue and nothing else is left.
 * Returns how many events.
 */
uint64_t allotp_merge(struct allot_store *store, uint64_t cut, uint64_t overdue);

#endif
