/* SPDX-License-Identifier: MIT */
/* What the history of a store should say. */
#include "store-past.h"

struct fixture_event past_repeat(struct store_past *past, struct store_model *model, uint64_t stamp)
{
	fixture_require(past->repetitions < PAST_MOST);
	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		const struct model_site *site = &model->sites[i];

		past->at[past->repetitions][i] = (struct past_site){ site->ever.bytes - site->freed.bytes,
								     site->ever.blocks - site->freed.blocks };
	}
	past->repetitions++;
	model->events++;
	return (struct fixture_event){ .stamp = stamp, .address = PAST_NAME, .op = ALLOT_OP_MARK };
}

/* The first, and each multiple of the least power of two that leaves room for all. */
static uint64_t next_point(uint64_t number, uint64_t step)
{
	return (number / step + 1) * step;
}

static uint64_t step_of(uint64_t repetitions)
{
	uint64_t step = 1;

	/* From the second step on the first point is no multiple of it. */
	while (repetitions / step + (step > 1) > ALLOT_HISTORY_POINTS)
		step *= 2;
	return step;
}

static const char *wrong_point(const struct store_past *past, const struct store_model *model,
			       const struct allot_store *store, const struct allot_store_point *point)
{
	bool seen[MODEL_SITES] = { false };

	for (uint64_t number = 1; number <= store->header->site_count; number++) {
		const struct allot_past_count *found =
			&ALLOTP_AT(store, ALLOT_REGION_HISTORY, struct allot_store_past, number)->at[point->place];
		const struct allot_store_site *site = allotp_site(store, number);
		int64_t i = model_site_index(model, site);
		const struct past_site *expected;

		/* A kill may leave an empty site behind. */
		if (!site->low.ever_blocks && !site->low.freed_blocks)
			continue;
		if (i < 0)
			return "history: a site is none of ours";
		seen[i] = true;
		expected = &past->at[point->number - 1][i];
		/* The site may be younger than the history's memory. */
		if (!expected->blocks && !allotp_store_has(store, ALLOT_REGION_HISTORY,
							   (number + 1) * sizeof(*found) * ALLOT_HISTORY_PLACES))
			continue;
		if (found->bytes != expected->bytes || found->blocks != expected->blocks)
			return "history: a point has something else than there was before its mark";
	}
	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		if (!seen[i] && past->at[point->number - 1][i].blocks)
			return "history: a site is missing";
	}
	return NULL;
}

const char *past_difference(const struct store_past *past, const struct store_model *model,
			    const struct allot_store *store)
{
	const struct allot_store_history *history = &store->header->history;
	uint64_t number = 1, step = step_of(past->repetitions);
	uint32_t count = 0;

	if (history->repetitions != past->repetitions)
		return "history: another number of repetitions";
	if (history->left_out)
		return "history: something was left out";
	for (; number <= past->repetitions; number = next_point(number, step)) {
		const struct allot_store_point *point = &history->points[count];
		const char *wrong;

		if (count == history->count || point->number != number)
			return "history: other points";
		wrong = wrong_point(past, model, store, point);
		if (wrong)
			return wrong;
		count++;
	}
	return count == history->count ? NULL : "history: more points";
}
