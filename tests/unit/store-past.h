/* SPDX-License-Identifier: MIT */
/* What the history of a store should say: what was live of each site of the model at each repetition. */
#ifndef ALLOT_TESTS_STORE_PAST_H
#define ALLOT_TESTS_STORE_PAST_H

#include "store-model.h"

#define PAST_MOST 2000u
#define PAST_NAME 7u

struct store_past {
	uint64_t repetitions;
	struct past_site {
		uint64_t bytes, blocks;
	} at[PAST_MOST][MODEL_SITES];
};

/* The event of a repetition; the model has all that came before it. */
struct fixture_event past_repeat(struct store_past *past, struct store_model *model, uint64_t stamp);

/* NULL if the store says the same, else what differs. */
const char *past_difference(const struct store_past *past, const struct store_model *model,
			    const struct allot_store *store);

#endif
