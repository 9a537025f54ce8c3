/* SPDX-License-Identifier: MIT */
/* The history of the sites: what was live of each at evenly spaced repetitions. For the drainer only. */
#ifndef ALLOT_STORE_HISTORY_H
#define ALLOT_STORE_HISTORY_H

#include "store/batch.h"

/* Whether a mark of that name is a repetition. */
static inline bool allotp_history_has(const struct allot_batch *batch, uint64_t name)
{
	return name && name == batch->repeat_name;
}

/* Whether a point is made of the next repetition. */
static inline bool allotp_history_is_due(const struct allot_batch *batch)
{
	uint64_t step = batch->history.step ? batch->history.step : 1;

	return !((batch->history.repetitions + 1) & (step - 1));
}

/*
 * Counts a repetition, and makes a point of it if it is due: of what the sites have in the store, so all that was before is
 * committed then. The point is there with the batch's commit.
 */
void allotp_history_repeat(struct allot_batch *batch, uint64_t stamp);

/*
 * The same for a reader that looks at even times, when it has drained: nothing, where the repetitions are marks of the
 * program.
 */
void allotp_history_tick(struct allot_store *store, uint64_t stamp);

#endif
