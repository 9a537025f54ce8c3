/* SPDX-License-Identifier: MIT */
/* The journal: a batch is written there, and from there into the store. For the drainer only. */
#ifndef ALLOT_STORE_JOURNAL_H
#define ALLOT_STORE_JOURNAL_H

#include "store/batch.h"

/* Makes the journal's first part. Before anything is recorded. 0 or a negative errno. */
int allotp_journal_init(struct allot_store *store);

/* Sets how much a batch may hold so that the journal, as large as it can be in this store, holds what it changes. */
void allotp_journal_limits(struct allot_batch *batch);

/* Puts a batch into the store. */
void allotp_journal_write(struct allot_batch *batch);

/* Whether a drainer has left something half done. */
bool allotp_journal_is_pending(const struct allot_store *store);

/* After a drainer died: finishes what it had begun to put into the store. */
void allotp_journal_recover(struct allot_store *store);

#endif
