/* SPDX-License-Identifier: MIT */
/* What sites in scopes and budgets count besides their own counters. For the drainer only. */
#ifndef ALLOT_STORE_SCOPED_H
#define ALLOT_STORE_SCOPED_H

#include "store/batch.h"

/*
 * Gives a new site, not counted yet, its scope and its shares, if its stack says so. False: there is no room for them.
 * May be repeated for a site that never came to be.
 */
bool allotp_scoped_begin(struct allot_store *store, struct allot_store_site *site, uint32_t number);

/* Blocks of a site that is `scoped`: they come, they go, they are back, they were temporary. Budgets count no mappings. */
void allotp_scoped_in(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes, uint64_t blocks);
void allotp_scoped_out(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes, uint64_t blocks);
void allotp_scoped_back(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes,
			uint64_t blocks);
void allotp_scoped_temporary(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes,
			     uint64_t blocks);

/* A budget begins, or begins again. */
void allotp_scoped_budget(struct allot_batch *batch, uint64_t number);

/* Puts what one of them counts into the store; can be repeated. */
void allotp_scoped_put(struct allot_store *store, const struct allot_scoped *record);

/* Forgets all that was counted; what is live is the peak. In the store itself; each can be repeated. */
void allotp_scoped_clear(struct allot_store *store);
void allotp_scoped_clear_peaks(struct allot_store *store);

#endif
