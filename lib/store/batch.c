/* SPDX-License-Identifier: MIT */
/* The drainer's own memory: the blocks, sites and totals of a batch. */
#include "store/batch.h"

#include <string.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "snapshot/snapshot.h"
#include "store/count.h"
#include "store/journal.h"
#include "store/ring.h"
#include "store/series.h"
#include "store/site.h"

/* Beyond so many the blocks that are remembered are forgotten; those of the next batch must find room, too. */
#define REMEMBERED (ALLOT_BATCH_BLOCKS / 2 - ALLOT_BATCH_EVENTS)

static struct allot_batch *open_batch(struct allot_store *store)
{
	struct allot_batch *batch;
	void *memory;

	if (store->batch)
		return store->batch;
	memory = allotp_sys_mmap(NULL, sizeof(*batch), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (allotp_sys_failed(memory))
		return NULL;
	batch = memory;
	return store->batch = batch;
}

static void forget_blocks(struct allot_batch *batch)
{
	batch->block_count = 0;
	batch->round += ALLOT_BLOCK_ROUND;
	if (batch->round)
		return;
	memset(batch->blocks, 0, sizeof(batch->blocks));
	batch->round = ALLOT_BLOCK_ROUND;
}

static void forget_stacks(struct allot_batch *batch)
{
	for (uint32_t i = 0; i < sizeof(batch->stacks) / sizeof(batch->stacks[0]); i++)
		batch->stacks[i].round = ALLOT_BATCH_NO_ROUND;
	batch->site_round = 0;
}

/* What others have drained meanwhile. */
static void catch_up(struct allot_batch *batch)
{
	const struct allot_header *header = batch->store->header;

	forget_blocks(batch);
	forget_stacks(batch);
	batch->sites[0].number = UINT32_MAX;
	memcpy(batch->applied, header->applied, sizeof(batch->applied));
	batch->totals = header->totals;
	batch->mark_count = __atomic_load_n(&header->mark_count, __ATOMIC_RELAXED);
	batch->dropped_marks = header->dropped_marks;
	batch->repeat_name = header->repeat_name;
	batch->history = header->history;
	batch->repeated = batch->turned = false;
	batch->sampled = header->sampling_bytes != 0;
	allotp_journal_limits(batch);
	batch->end = batch->limit;
	batch->number = header->batch;
	batch->begun = true;
	batch->next_sample = header->next_sample;
}

struct allot_batch *allotp_batch_begin(struct allot_store *store)
{
	struct allot_batch *batch = open_batch(store);

	if (!batch)
		return NULL;
	batch->store = store; /* whoever holds the struct may have moved it */
	if (!batch->begun || batch->number != store->header->batch)
		catch_up(batch);
	batch->dropping = __atomic_load_n(&store->header->dropping, __ATOMIC_RELAXED);
	return batch;
}

struct allot_batch_block *allotp_batch_fetch(struct allot_batch *batch, uint64_t key)
{
	const struct allot_live_entry *entry = allotp_live_find(batch->store, key);
	struct allot_batch_block *block;

	if (!entry)
		return NULL;
	block = allotp_batch_block(batch, key);
	block->size = entry->size;
	block->site = entry->site;
	block->slot_family = entry->slot_family;
	block->place = allotp_live_place(batch->store, entry);
	block->state |= ALLOT_BLOCK_LIVE | ALLOT_BLOCK_STORED;
	return block;
}

/* ---- sites ---- */

static struct allot_batch_site *load_site(struct allot_batch *batch, uint32_t number, uint32_t place)
{
	uint32_t index = batch->site_count + 1;
	struct allot_batch_site *site = &batch->sites[index];
	const struct allot_store_site *stored = allotp_site_at(batch->store, number);

	if (!stored)
		return NULL;
	allotp_site_counters(batch->store, number, &site->counters);
	site->mismatched = stored->mismatched;
	site->number = number;
	site->place = place;
	site->scope = stored->scope;
	site->share = stored->share;
	site->share_count = stored->share_count;
	site->domain = stored->domain;
	site->scoped = stored->scoped;
	if (batch->sampled) {
		struct allot_store_variance *variance = &batch->variances[index];

		memset(variance, 0, sizeof(*variance));
		if (allotp_store_has(batch->store, ALLOT_REGION_VARIANCES, ((uint64_t)number + 1) * sizeof(*variance)))
			*variance = *allotp_variance(batch->store, number);
	}
	batch->site_places[place] = (uint16_t)index;
	batch->site_count = index;
	if (index >= ALLOT_BATCH_SITES_DUE)
		batch->end = 0;
	return site;
}

struct allot_batch_site *allotp_batch_find_site(struct allot_batch *batch, uint32_t number)
{
	uint32_t place = allotp_batch_site_place(number), index;

	while ((index = batch->site_places[place])) {
		if (batch->sites[index].number == number)
			return &batch->sites[index];
		place = allotp_batch_site_place(place + 1);
	}
	return load_site(batch, number, place);
}

struct allot_batch_site *allotp_batch_learn_stack(struct allot_batch *batch, uint32_t stack, uint16_t domain)
{
	struct allot_batch_stack *known = allotp_batch_stack(batch, stack);
	bool is_known = known->stack == stack && known->domain == domain && known->round != ALLOT_BATCH_NO_ROUND;
	uint32_t number = is_known ? known->site : allotp_site_find(batch->store, stack, domain);
	struct allot_batch_site *site = number ? allotp_batch_site(batch, number) : NULL;

	if (site)
		*known = (struct allot_batch_stack){
			.stack = stack,
			.domain = domain,
			.round = batch->site_round,
			.site = number,
			.index = (uint32_t)(site - batch->sites),
		};
	return site;
}

/* ---- the end ---- */

/* The producers see it when they have filled a segment, and stop. */
void allotp_batch_out_of_room(struct allot_batch *batch)
{
	allotp_store_lost(batch->store, ALLOT_LOST_STORE_FULL, 1);
	batch->dropping = ALLOT_DROPPING_FULL;
	__atomic_store_n(&batch->store->header->dropping, ALLOT_DROPPING_FULL, __ATOMIC_RELAXED);
	__atomic_store_n(&batch->store->header->stopped, 1, __ATOMIC_RELAXED);
}

/*
 * Blocks that were allocated at an address whose last block, it now turns out, was never seen to be freed. To look for it
 * at once would cost more than the rest of the event. Where that never happens, blocks that are gone are not asked about.
 */
static inline bool is_to_be_found(const struct allot_batch *batch, const struct allot_batch_block *block)
{
	return !(block->state & (ALLOT_BLOCK_STORED | ALLOT_BLOCK_ABSENT)) &&
	       (block->state & ALLOT_BLOCK_LIVE || batch->totals.tallies.double_allocations);
}

static void find_replaced(struct allot_batch *batch, struct allot_batch_block *block)
{
	const struct allot_live_entry *entry = allotp_live_find(batch->store, block->key);
	struct allot_batch_site *site;

	block->state |= entry ? ALLOT_BLOCK_STORED : ALLOT_BLOCK_ABSENT;
	if (!entry)
		return;
	block->place = allotp_live_place(batch->store, entry);
	batch->totals.tallies.double_allocations++;
	site = allotp_batch_site(batch, entry->site);
	if (site)
		allotp_block_out(batch, site, entry->size);
}

/* Blocks lie far apart: their memory is asked for some blocks ahead. */
static void prefetch_changed(const struct allot_batch *batch, uint32_t i, bool far)
{
	enum { BLOCK_AHEAD = 32, DIRECTORY_AHEAD = 24, HOME_AHEAD = 16 };
	const struct allot_batch_block *block;

	if (i + BLOCK_AHEAD >= batch->changed_count)
		return;
	__builtin_prefetch(&batch->blocks[batch->changed[i + BLOCK_AHEAD]], 1);
	if (!far)
		return;
	block = &batch->blocks[batch->changed[i + DIRECTORY_AHEAD]];
	if (is_to_be_found(batch, block))
		allotp_live_prefetch_directory(batch->store, block->key);
	block = &batch->blocks[batch->changed[i + HOME_AHEAD]];
	if (is_to_be_found(batch, block))
		allotp_live_prefetch(batch->store, block->key);
}

/* The blocks that the live table is to be changed for: in changed[] all others are left out. */
static void settle_blocks(struct allot_batch *batch)
{
	bool far = allotp_live_is_far(batch->store);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->changed_count; i++) {
		struct allot_batch_block *block = &batch->blocks[batch->changed[i]];

		prefetch_changed(batch, i, far);
		if (is_to_be_found(batch, block))
			find_replaced(batch, block);
		block->state &= ~(uint32_t)ALLOT_BLOCK_CHANGED;
		if (block->state & (ALLOT_BLOCK_LIVE | ALLOT_BLOCK_STORED))
			batch->changed[kept++] = batch->changed[i];
	}
	batch->changed_count = kept;
}

static void release_segments(struct allot_batch *batch)
{
	for (uint32_t i = 0; i < batch->cursor_count; i++) {
		struct allot_cursor *cursor = batch->cursors[i];

		if (cursor->left_behind)
			allotp_segment_release(batch->store, cursor->left_behind);
		cursor->left_behind = 0;
		cursor->changed = false;
	}
	for (uint32_t i = 0; i < batch->released_count; i++)
		allotp_segment_release(batch->store, batch->released[i]);
}

/* When an event was: a stamp that was counted may lag behind the time. */
static uint64_t time_of(const struct allot_batch *batch, uint64_t stamp)
{
	uint64_t since = batch->store->counted_since;

	return stamp < since ? since : stamp;
}

void allotp_batch_sample(struct allot_batch *batch, uint64_t stamp)
{
	const struct allot_totals *totals = &batch->totals;

	batch->samples[batch->sample_count++] = (struct allot_store_sample){
		.stamp = time_of(batch, stamp),
		.live_bytes = totals->ever_bytes - totals->freed_bytes,
		.live_blocks = totals->ever_blocks - totals->freed_blocks,
		.ever_bytes = totals->ever_bytes,
		.ever_blocks = totals->ever_blocks,
	};
	batch->next_sample = stamp + batch->store->header->sample_interval;
	if (batch->sample_count == ALLOT_BATCH_SAMPLES)
		batch->end = 0;
}

static void add_samples(struct allot_batch *batch)
{
	for (uint32_t i = 0; i < batch->sample_count; i++)
		allotp_series_add(batch->store, &batch->samples[i]);
	if (batch->sample_count)
		batch->next_sample = batch->store->header->next_sample;
	batch->sample_count = 0;
}

static void forget_sites(struct allot_batch *batch)
{
	for (uint32_t i = 1; i <= batch->site_count; i++)
		batch->site_places[batch->sites[i].place] = 0;
	batch->site_count = 0;
	if (++batch->site_round == ALLOT_BATCH_NO_ROUND)
		forget_stacks(batch);
}

void allotp_batch_commit(struct allot_batch *batch)
{
	if (!batch->cursor_count)
		return;
	settle_blocks(batch);
	if (batch->totals.peak_event != batch->store->header->totals.peak_event)
		batch->totals.peak_stamp = time_of(batch, batch->totals.peak_stamp);
	allotp_journal_write(batch);
	/* Dying here loses segments, nothing else. */
	release_segments(batch);
	if (batch->block_count > REMEMBERED)
		forget_blocks(batch);
	add_samples(batch);
	forget_sites(batch);
	for (uint32_t i = 0; i < batch->record_count; i++)
		batch->record_places[batch->records[i].place] = 0;
	batch->record_count = 0;
	batch->end = batch->limit;
	batch->events = batch->changed_count = batch->cursor_count = batch->released_count = 0;
}
