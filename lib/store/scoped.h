/* SPDX-License-Identifier: MIT */
/* What sites in scopes and budgets count besides their own counters. For apply.c and what it counts with alone. */
#ifndef ALLOT_STORE_SCOPED_H
#define ALLOT_STORE_SCOPED_H

#include "store/store.h"

/*
 * Gives a new site, not counted yet, its scope and its shares, if its stack says so. False: there is no room for them.
 * May be repeated for a site that never came to be.
 */
bool allotp_scoped_begin(struct allot_store *store, struct allot_store_site *site, uint32_t number);

/* Blocks of a site that is `scoped`: they come, they go, they are back, they were temporary. Budgets count no mappings. */
void allotp_scoped_in(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks);
void allotp_scoped_out(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks);
void allotp_scoped_back(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes,
			uint64_t blocks);
void allotp_scoped_temporary(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes,
			     uint64_t blocks);

/* A budget begins, or begins again. */
void allotp_scoped_budget(struct allot_store *store, uint64_t number);

/* After a drainer died: puts budgets and shares back to what they were before the event that it was applying. */
void allotp_scoped_undo(struct allot_store *store);

/* Sums the scopes up from the sites; all but their peaks, which do not mind being found twice. */
void allotp_scoped_sum_up(struct allot_store *store);

/* Forgets all that was counted; what is live is the peak. Each can be repeated. */
void allotp_scoped_clear(struct allot_store *store);
void allotp_scoped_clear_peaks(struct allot_store *store);

#endif
