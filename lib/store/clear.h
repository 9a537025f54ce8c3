/* SPDX-License-Identifier: MIT */
/*
 * What a program asks of its store as a whole: to forget, and to begin a new peak. For the drainer only. If it dies in
 * the middle, whoever takes over does it again, to the end.
 */
#ifndef ALLOT_STORE_CLEAR_H
#define ALLOT_STORE_CLEAR_H

#include "store/store.h"

/* What is live now becomes the peak. */
void allotp_clear_peak(struct allot_store *store);

/*
 * Forgets all that was counted: sites, blocks, mappings, marks, the time series, and how often something was wrong. What is
 * in the rings stays there. From now on frees of unknown blocks are those of forgotten ones.
 */
void allotp_clear(struct allot_store *store);

/* After a drainer died. */
void allotp_clear_recover(struct allot_store *store);

#endif
