/* SPDX-License-Identifier: MIT */
/*
 * What scopes and budgets should say, counted the naive way beside a store model: "load" and "parse" in it, a budget and
 * another in that. Stacks 1 to 5 of the model are made to lie in them; all others are in none.
 */
#ifndef ALLOT_TESTS_STORE_SCOPES_H
#define ALLOT_TESTS_STORE_SCOPES_H

#include "store-model.h"

enum { SCOPES_LOAD, SCOPES_PARSE, SCOPES_OUTER, SCOPES_INNER, SCOPES_COUNT };

struct store_scopes {
	struct store_model *model;
	uint32_t numbers[SCOPES_COUNT]; /* of two scopes and two budgets in the store */
	struct model_count peak[SCOPES_COUNT];
	struct model_site base[SCOPES_COUNT][MODEL_SITES]; /* of budgets: the sites when they began */
};

/* Makes scopes and budgets in a store in which nothing has happened, and moves the model's stacks. */
void scopes_init(struct store_scopes *scopes, struct store_model *model, struct allot_store *store);

/* After each event that the model has applied. */
void scopes_follow(struct store_scopes *scopes, const struct model_event *event);

/* One of the budgets begins again. The event is to be written, too. */
struct fixture_event scopes_begin(struct store_scopes *scopes, int which, uint64_t stamp);

/* NULL if the store says the same, else what differs; valid until the next call. */
const char *scopes_difference(const struct store_scopes *scopes, const struct allot_store *store);

#endif
