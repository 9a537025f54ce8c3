/* SPDX-License-Identifier: MIT */
/* What one event does to the counters, the live table and the maps. For the drainer only. */
#ifndef ALLOT_STORE_APPLY_H
#define ALLOT_STORE_APPLY_H

#include "store/store.h"

/* Applies an event that slot number `slot` wrote as its event number `number`. */
void allotp_apply(struct allot_store *store, uint32_t slot, uint64_t number, const struct allot_event *event);

/*
 * Applies an allocation and its own free, which follows it at once in the slot, without a visit to the live table.
 * False: it cannot be done this way, and nothing was.
 */
bool allotp_apply_pair(struct allot_store *store, uint32_t slot, uint64_t number, const struct allot_event *event);

/* After a drainer died: puts back what the event that it was applying had changed, so that it can be applied again. */
void allotp_apply_recover(struct allot_store *store);

/* The site of a stack in a domain, made if need be. 0: the store is full. */
uint32_t allotp_site_of(struct allot_store *store, uint32_t stack, uint32_t domain);

/* Counts bytes and blocks into a site and the totals, or out of them; what the maps need too. */
void allotp_count_in(struct allot_store *store, struct allot_store_site *site, uint64_t bytes, uint64_t blocks,
		     uint64_t stamp);
void allotp_count_out(struct allot_store *store, struct allot_store_site *site, uint64_t bytes, uint64_t blocks);

#endif
