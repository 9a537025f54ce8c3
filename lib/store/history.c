/* SPDX-License-Identifier: MIT */
/*
 * The history of the sites. A point is written to a place that no other has, and is there when the batch is committed whose
 * history names that place: so a drainer may die at any instruction of it.
 */
#include "store/history.h"

#include "store/journal.h"
#include "store/site.h"

static struct allot_store_past *past_of(const struct allot_store *store, uint64_t site)
{
	return ALLOTP_AT(store, ALLOT_REGION_HISTORY, struct allot_store_past, site);
}

static bool has_room(struct allot_store *store, uint64_t sites)
{
	return !allotp_store_need_many(store, ALLOT_REGION_HISTORY, sites * sizeof(struct allot_store_past));
}

static uint32_t count_of(const struct allot_store_history *history)
{
	return history->count < ALLOT_HISTORY_POINTS ? history->count : ALLOT_HISTORY_POINTS;
}

/* One that none of the points has that are in the store: there are more places than points. */
static uint32_t find_place(const struct allot_store_history *stored)
{
	uint64_t taken = 0;
	uint32_t place = 0;

	for (uint32_t i = 0; i < count_of(stored); i++)
		taken |= UINT64_C(1) << (stored->points[i].place & (ALLOT_HISTORY_PLACES - 1));
	while (place < ALLOT_HISTORY_PLACES - 1 && taken >> place & 1)
		place++;
	return place;
}

static void write_point(struct allot_store *store, uint32_t place, uint64_t end)
{
	for (uint64_t i = 1; i < end; i++) {
		struct allot_site_counters counters;

		allotp_site_counters(store, i, &counters);
		past_of(store, i)->at[place] = (struct allot_past_count){
			.bytes = counters.ever_bytes - counters.freed_bytes,
			.blocks = counters.ever_blocks - counters.freed_blocks,
		};
	}
}

/* Every other point goes, so that those stay that are a multiple of the new step; and the first, which shows what comes once. */
static void thin_out(struct allot_store_history *history)
{
	uint32_t count = 0;

	history->step *= 2;
	for (uint32_t i = 0; i < count_of(history); i++) {
		if (!i || !(history->points[i].number & (history->step - 1)))
			history->points[count++] = history->points[i];
	}
	history->count = count;
}

void allotp_history_repeat(struct allot_batch *batch, uint64_t stamp)
{
	struct allot_store_history *history = &batch->history;
	struct allot_store *store = batch->store;
	uint64_t end = allotp_sites_end(store);
	bool due = allotp_history_is_due(batch);
	uint32_t place;

	batch->repeated = true;
	history->repetitions++;
	if (!history->step)
		history->step = 1;
	if (!due)
		return;
	if (count_of(history) == ALLOT_HISTORY_POINTS)
		thin_out(history);
	/* A full one would be a damaged one. */
	if (history->repetitions & (history->step - 1) || history->count >= ALLOT_HISTORY_POINTS)
		return;
	if (!has_room(store, end)) {
		history->left_out++;
		return;
	}
	place = find_place(&store->header->history);
	write_point(store, place, end);
	history->points[history->count++] = (struct allot_store_point){
		.number = history->repetitions,
		.stamp = stamp,
		.place = place,
	};
}

void allotp_history_tick(struct allot_store *store, uint64_t stamp)
{
	struct allot_batch *batch;

	if (store->header->repeat_name || allotp_store_sync(store))
		return;
	batch = allotp_batch_begin(store);
	if (!batch || batch->dropping)
		return;
	allotp_history_repeat(batch, stamp);
	allotp_journal_write(batch);
}
