/* SPDX-License-Identifier: MIT */
/* The naive count of what a store should say. */
#include "store-model.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot.h"
#include "store/live.h"
#include "store/site.h"
#include "store/tree.h"
#include "store/weight.h"

static const uint16_t domains[MODEL_DOMAINS] = { 0, 7 };

void model_init(struct store_model *model, struct allot_store *store, uint32_t blocks)
{
	memset(model, 0, sizeof(*model));
	model->block_count = blocks;
	model->blocks = calloc(blocks, sizeof(*model->blocks));
	ck_assert_ptr_nonnull(model->blocks);
	for (uint32_t i = 0; i < MODEL_STACKS; i++)
		model->nodes[i] = allotp_tree_insert(store, ALLOT_NODE_ROOT, 0x1000 + i, 0, 0);
}

void model_free(struct store_model *model)
{
	free(model->blocks);
}

void model_sample(struct store_model *model, struct allot_store *store, uint64_t sampling_bytes)
{
	model->sampling_bytes = sampling_bytes;
	store->header->sampling_bytes = sampling_bytes;
}

uint64_t model_address(uint32_t block)
{
	return UINT64_C(0x7f0000001000) + (uint64_t)(block / MODEL_DOMAINS) * 32;
}

/* ---- what happens next ---- */

static enum allot_family random_family(uint64_t random, uint8_t right)
{
	if (random % 20 == 0)
		return ALLOT_FAMILY_ANY;
	return random % 20 == 1 ? (enum allot_family)(random / 20 % ALLOT_FAMILY_ANY) : (enum allot_family)right;
}

static struct model_event random_alloc(const struct store_model *model, uint64_t *random, uint32_t slot)
{
	struct model_event event = {
		.op = ALLOT_OP_ALLOC,
		.slot = slot,
		.size = fixture_random(random) % 4096,
		.stack = (uint32_t)(fixture_random(random) % MODEL_STACKS),
		.family = (enum allot_family)(fixture_random(random) % ALLOT_FAMILY_ANY),
	};
	const struct model_block *block;

	do {
		event.block = (uint32_t)(fixture_random(random) % model->block_count);
		block = &model->blocks[event.block];
	} while (block->reserved || block->live);
	/* Blocks of one stack are so large that what its site counts needs more than 32 bits. */
	if (!event.stack)
		event.size += UINT64_C(3) << 30;
	return event;
}

static struct model_event random_going(const struct store_model *model, uint64_t *random, uint32_t slot, uint32_t block)
{
	struct model_event event = { .op = ALLOT_OP_FREE, .slot = slot, .block = block };

	if (fixture_random(random) % 5 == 0) {
		event.op = ALLOT_OP_GIVE_UP;
		event.restores = fixture_random(random) % 2;
	} else {
		event.family = random_family(fixture_random(random), model->blocks[block].family);
		event.temporary = fixture_random(random) % 2;
	}
	return event;
}

struct model_event model_random_event(const struct store_model *model, uint64_t *random, uint32_t slots)
{
	uint32_t slot = (uint32_t)(fixture_random(random) % slots);
	uint32_t block = (uint32_t)(fixture_random(random) % model->block_count);
	const struct model_slot *state = &model->slots[slot];
	uint64_t dice = fixture_random(random) % 100;

	if (state->given_up) { /* in the middle of a realloc */
		if (state->restores)
			return (struct model_event){ .op = ALLOT_OP_RESTORE,
						     .slot = slot,
						     .block = state->given_up - 1 };
		return random_alloc(model, random, slot);
	}
	if (dice == 0)
		return (struct model_event){ .op = ALLOT_OP_THREAD, .slot = slot };
	if (dice == 1 && fixture_random(random) % 100 == 0)
		return (struct model_event){ .op = ALLOT_OP_MARK, .slot = slot };
	if (dice < 25 && state->last_alloc)
		block = state->last_alloc - 1;
	if (model->blocks[block].reserved)
		return random_alloc(model, random, slot);
	if (model->blocks[block].live ? dice < 90 : dice > 97)
		return random_going(model, random, slot, block);
	return random_alloc(model, random, slot);
}

/* ---- what it means ---- */

/* Adds a block, or takes one out. */
static void add(const struct store_model *model, struct model_count *count, uint64_t size, int sign)
{
	struct allot_weight weight = { .bytes = size, .blocks = 1 };

	if (model->sampling_bytes)
		weight = allotp_weigh(model->sampling_bytes, size);
	count->bytes += (uint64_t)sign * weight.bytes;
	count->blocks += (uint64_t)sign * weight.blocks;
	count->variance.bytes += (unsigned __int128)sign * weight.variance.bytes;
	count->variance.blocks += (unsigned __int128)sign * weight.variance.blocks;
}

static struct model_count left(const struct model_count *ever, const struct model_count *freed)
{
	return (struct model_count){
		.bytes = ever->bytes - freed->bytes,
		.blocks = ever->blocks - freed->blocks,
		.variance = { ever->variance.bytes - freed->variance.bytes,
			      ever->variance.blocks - freed->variance.blocks },
	};
}

static void count_out(struct store_model *model, const struct model_block *block)
{
	add(model, &model->freed, block->size, 1);
	add(model, &model->sites[block->site].freed, block->size, 1);
}

static void find_peak(struct store_model *model)
{
	struct model_count live = left(&model->ever, &model->freed);

	if (model->any_peak || live.bytes <= model->peak.bytes)
		return;
	model->peak = live;
	for (uint32_t i = 0; i < MODEL_SITES; i++)
		model->sites[i].peak = left(&model->sites[i].ever, &model->sites[i].freed);
}

static void allocate(struct store_model *model, const struct model_event *event)
{
	struct model_block *block = &model->blocks[event->block];

	if (block->live) {
		model->double_allocations++;
		count_out(model, block);
	}
	*block = (struct model_block){
		.live = true,
		.family = (uint8_t)event->family,
		.slot = event->slot,
		.site = event->stack * MODEL_DOMAINS + event->block % MODEL_DOMAINS,
		.size = event->size,
	};
	add(model, &model->ever, event->size, 1);
	add(model, &model->sites[block->site].ever, event->size, 1);
	find_peak(model);
	model->slots[event->slot].last_alloc = event->block + 1;
	model->slots[event->slot].given_up = 0;
}

static void release(struct store_model *model, const struct model_event *event)
{
	struct model_block *block = &model->blocks[event->block];
	struct model_slot *slot = &model->slots[event->slot];
	struct model_site *site = &model->sites[block->site];

	if (!block->live) {
		model->unknown_frees++;
		return;
	}
	block->live = false;
	count_out(model, block);
	if (slot->last_alloc == event->block + 1) {
		slot->last_alloc = 0;
		if (block->slot == event->slot && (!model->sampling_bytes || event->temporary)) {
			add(model, &model->temporary, block->size, 1);
			add(model, &site->temporary, block->size, 1);
		}
	}
	if (event->family != ALLOT_FAMILY_ANY && event->family != block->family) {
		site->mismatched++;
		model->mismatched++;
	}
}

static void give_up(struct store_model *model, const struct model_event *event)
{
	struct model_block *block = &model->blocks[event->block];
	struct model_slot *slot = &model->slots[event->slot];

	slot->given_up = event->block + 1;
	slot->taken = *block;
	slot->restores = event->restores;
	block->reserved = event->restores;
	if (!block->live) {
		model->unknown_frees++;
		return;
	}
	block->live = false;
	count_out(model, block);
	if (slot->last_alloc == event->block + 1)
		slot->last_alloc = 0;
}

static void restore(struct store_model *model, const struct model_event *event)
{
	struct model_block *block = &model->blocks[event->block];
	struct model_slot *slot = &model->slots[event->slot];
	struct model_site *site = &model->sites[slot->taken.site];

	slot->given_up = 0;
	block->reserved = false;
	if (!slot->taken.live) {
		model->unknown_frees -= model->unknown_frees > 0;
		return;
	}
	block->live = true;
	add(model, &model->freed, block->size, -1);
	add(model, &site->freed, block->size, -1);
}

/* A block that is there already goes without a word. */
static void track(struct store_model *model, const struct model_event *event)
{
	struct model_block *block = &model->blocks[event->block];
	struct model_event quiet = *event;

	if (block->live)
		count_out(model, block);
	block->live = false;
	quiet.family = ALLOT_FAMILY_ANY;
	allocate(model, &quiet);
}

static void untrack(struct store_model *model, const struct model_event *event)
{
	struct model_event quiet = *event;

	quiet.family = ALLOT_FAMILY_ANY;
	if (model->blocks[event->block].live)
		release(model, &quiet);
}

void model_clear(struct store_model *model)
{
	memset(model->sites, 0, sizeof(model->sites));
	memset(&model->ever, 0, sizeof(model->ever));
	memset(&model->freed, 0, sizeof(model->freed));
	memset(&model->temporary, 0, sizeof(model->temporary));
	memset(&model->peak, 0, sizeof(model->peak));
	model->unknown_frees = model->mismatched = model->double_allocations = model->marks = 0;
	for (uint32_t i = 0; i < model->block_count; i++)
		model->blocks[i].live = false;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		model->slots[i].last_alloc = 0;
		model->slots[i].taken.live = false;
	}
}

void model_reset_peak(struct store_model *model)
{
	model->peak = left(&model->ever, &model->freed);
	for (uint32_t i = 0; i < MODEL_SITES; i++)
		model->sites[i].peak = left(&model->sites[i].ever, &model->sites[i].freed);
}

void model_apply(struct store_model *model, const struct model_event *event)
{
	model->events++;
	switch (event->op) {
	case ALLOT_OP_ALLOC:
		model->allocating++;
		allocate(model, event);
		break;
	case ALLOT_OP_FREE:
		model->freeing++;
		release(model, event);
		break;
	case ALLOT_OP_GIVE_UP:
		model->freeing++;
		give_up(model, event);
		break;
	case ALLOT_OP_RESTORE:
		model->freeing--;
		restore(model, event);
		break;
	case ALLOT_OP_TRACK:
		track(model, event);
		break;
	case ALLOT_OP_UNTRACK:
		untrack(model, event);
		break;
	case ALLOT_OP_THREAD:
		model->slots[event->slot].last_alloc = 0;
		break;
	case ALLOT_OP_MARK:
		model->marks++;
		break;
	default:
		ck_abort_msg("the model knows nothing of op %d", (int)event->op);
	}
}

static void merge_count(struct model_count *into, const struct model_count *count)
{
	into->bytes += count->bytes;
	into->blocks += count->blocks;
	into->variance.bytes += count->variance.bytes;
	into->variance.blocks += count->variance.blocks;
}

void model_merge(struct store_model *into, const struct store_model *model)
{
	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		merge_count(&into->sites[i].ever, &model->sites[i].ever);
		merge_count(&into->sites[i].freed, &model->sites[i].freed);
		merge_count(&into->sites[i].temporary, &model->sites[i].temporary);
		into->sites[i].mismatched += model->sites[i].mismatched;
	}
	merge_count(&into->ever, &model->ever);
	merge_count(&into->freed, &model->freed);
	merge_count(&into->temporary, &model->temporary);
	into->events += model->events;
	into->unknown_frees += model->unknown_frees;
	into->mismatched += model->mismatched;
	into->double_allocations += model->double_allocations;
	into->marks += model->marks;
}

struct fixture_event model_encode(const struct store_model *model, const struct model_event *event, uint64_t stamp)
{
	struct fixture_event encoded = { .stamp = stamp, .op = (uint8_t)event->op };

	if (event->op >= ALLOT_OP_THREAD)
		return encoded;
	encoded.address = model_address(event->block);
	encoded.domain = domains[event->block % MODEL_DOMAINS];
	encoded.family = (uint8_t)event->family;
	if (event->op == ALLOT_OP_TRACK || event->op == ALLOT_OP_UNTRACK)
		encoded.family = ALLOT_FAMILY_ANY;
	if (event->op == ALLOT_OP_ALLOC || event->op == ALLOT_OP_TRACK) {
		encoded.size = event->size;
		encoded.stack = model->nodes[event->stack];
	} else if (event->op == ALLOT_OP_FREE) {
		encoded.size = event->temporary;
	}
	return encoded;
}

/* ---- what the store says ---- */

static char text[256];

static const char *differs(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *differs(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return text;
}

static const char *compare(const char *what, uint32_t number, const struct model_count *count, uint64_t bytes,
			   uint64_t blocks)
{
	if (count->bytes == bytes && count->blocks == blocks)
		return NULL;
	return differs("%s of %u: %llu bytes in %llu blocks instead of %llu in %llu", what, number,
		       (unsigned long long)bytes, (unsigned long long)blocks, (unsigned long long)count->bytes,
		       (unsigned long long)count->blocks);
}

static const char *compare_number(const char *what, uint64_t expected, uint64_t found)
{
	if (expected == found)
		return NULL;
	return differs("%s: %llu instead of %llu", what, (unsigned long long)found, (unsigned long long)expected);
}

int64_t model_site_index(const struct store_model *model, const struct allot_store_site *site)
{
	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		if (model->nodes[i / MODEL_DOMAINS] == site->stack && domains[i % MODEL_DOMAINS] == site->domain)
			return i;
	}
	return -1;
}

/* A site that has not changed since the peak is as it was then. */
static const char *compare_site_peak(const struct model_site *site, uint32_t i,
				     const struct allot_site_counters *counters, uint64_t peak_event)
{
	if (counters->changed > peak_event)
		return compare("peak", i, &site->peak, counters->peak_bytes, counters->peak_blocks);
	return compare("peak, unchanged,", i, &site->peak, counters->ever_bytes - counters->freed_bytes,
		       counters->ever_blocks - counters->freed_blocks);
}

static const char *compare_spread(const char *what, uint32_t i, const struct allot_spread *expected,
				  const struct allot_spread *found)
{
	if (expected->bytes == found->bytes && expected->blocks == found->blocks)
		return NULL;
	return differs("variance of %s of %u: another", what, i);
}

static const char *compare_variance(const struct store_model *model, uint32_t i, const struct allot_store *store,
				    uint32_t number)
{
	const struct allot_store_variance *variance = allotp_variance(store, number);
	const struct model_site *site = &model->sites[i];
	const char *difference = compare_spread("ever", i, &site->ever.variance, &variance->ever);
	struct allot_site_counters counters;

	allotp_site_counters(store, number, &counters);
	if (!difference)
		difference = compare_spread("freed", i, &site->freed.variance, &variance->freed);
	if (!difference)
		difference = compare_spread("temporary", i, &site->temporary.variance, &variance->temporary);
	if (!difference && !model->any_peak && counters.changed > store->header->totals.peak_event)
		difference = compare_spread("peak", i, &site->peak.variance, &variance->peak);
	return difference;
}

static const char *compare_site(const struct store_model *model, uint32_t i, const struct allot_store_site *stored,
				const struct allot_site_counters *counters, uint64_t peak_event)
{
	const struct model_site *site = &model->sites[i];
	const char *difference = compare("ever", i, &site->ever, counters->ever_bytes, counters->ever_blocks);

	if (!difference)
		difference = compare("freed", i, &site->freed, counters->freed_bytes, counters->freed_blocks);
	if (!difference)
		difference = compare("temporary", i, &site->temporary, counters->temporary_bytes,
				     counters->temporary_blocks);
	if (!difference && !model->any_peak)
		difference = compare_site_peak(site, i, counters, peak_event);
	if (!difference)
		difference = compare_number("mismatched of a site", site->mismatched, stored->mismatched);
	return difference;
}

static const char *compare_sites(const struct store_model *model, const struct allot_store *store)
{
	bool seen[MODEL_SITES] = { false };

	for (uint32_t number = 1; number <= store->header->site_count; number++) {
		const struct allot_store_site *site = allotp_site(store, number);
		int64_t i = model_site_index(model, site);
		struct allot_site_counters counters;
		const char *difference;

		allotp_site_counters(store, number, &counters);
		/* A kill may leave an empty site behind. */
		if (!counters.ever_blocks && !counters.freed_blocks && !site->mismatched)
			continue;
		if (model->with_maps && site->domain == ALLOT_DOMAIN_MMAP)
			continue;
		if (i < 0)
			return differs("site %u is none of ours", number);
		if (seen[i])
			return differs("site %u is there twice", number);
		seen[i] = true;
		difference = compare_site(model, (uint32_t)i, site, &counters, store->header->totals.peak_event);
		if (!difference && model->sampling_bytes)
			difference = compare_variance(model, (uint32_t)i, store, number);
		if (difference)
			return difference;
	}
	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		if (!seen[i] && model->sites[i].ever.blocks)
			return differs("site %u is missing", i);
	}
	return NULL;
}

struct live {
	const struct store_model *model;
	const struct allot_store *store;
	bool *seen;
	uint64_t count;
	const char *difference;
};

static void compare_entry(const struct allot_live_entry *entry, void *data)
{
	struct live *live = data;
	uint64_t address = entry->key & ALLOT_LOW48, place = (address - model_address(0)) / 32;
	uint32_t number = (uint32_t)(place * MODEL_DOMAINS + (entry->key >> 48 == domains[1]));
	const struct model_block *block;

	if (live->difference)
		return;
	if (number >= live->model->block_count || address != model_address(number)) {
		live->difference = differs("live block %#llx is none of ours", (unsigned long long)entry->key);
		return;
	}
	block = &live->model->blocks[number];
	if (live->seen[number])
		live->difference = differs("block %u is live twice", number);
	else if (!block->live)
		live->difference = differs("block %u is live", number);
	else if (entry->size != block->size || entry->slot_family != (block->slot << 2 | block->family) ||
		 model_site_index(live->model, allotp_site(live->store, entry->site)) != block->site)
		live->difference = differs("block %u has another's values", number);
	live->seen[number] = true;
	live->count++;
}

static const char *compare_live(const struct store_model *model, const struct allot_store *store)
{
	struct live live = { .model = model, .store = store };
	uint64_t blocks = 0;

	live.seen = calloc(model->block_count, sizeof(*live.seen));
	ck_assert_ptr_nonnull(live.seen);
	fixture_each_live(store, compare_entry, &live);
	free(live.seen);
	if (live.difference)
		return live.difference;
	if (!model->sampling_bytes)
		return compare_number("live blocks", left(&model->ever, &model->freed).blocks, live.count);
	for (uint32_t i = 0; i < model->block_count; i++)
		blocks += model->blocks[i].live;
	return compare_number("live blocks", blocks, live.count);
}

static const char *compare_totals(const struct store_model *model, const struct allot_totals *totals)
{
	const char *difference = compare_number("events", model->events, totals->tallies.events);

	if (!difference)
		difference = compare("ever", UINT32_MAX, &model->ever, totals->ever_bytes, totals->ever_blocks);
	if (!difference)
		difference = compare("freed", UINT32_MAX, &model->freed, totals->freed_bytes, totals->freed_blocks);
	if (!difference)
		difference = compare("temporary", UINT32_MAX, &model->temporary, totals->temporary_bytes,
				     totals->temporary_blocks);
	if (!difference && !model->any_peak)
		difference = compare("peak", UINT32_MAX, &model->peak, totals->peak_bytes, totals->peak_blocks);
	return difference;
}

const char *model_difference(const struct store_model *model, const struct allot_store *store)
{
	const struct allot_totals *totals = &store->header->totals;
	const char *difference = model->with_maps ? NULL : compare_totals(model, totals);

	if (!difference)
		difference = compare_number("unknown frees", model->unknown_frees, totals->tallies.unknown_frees);
	if (!difference)
		difference = compare_number("mismatched", model->mismatched, totals->tallies.mismatched);
	if (!difference)
		difference = compare_number("double allocations", model->double_allocations,
					    totals->tallies.double_allocations);
	if (!difference)
		difference = compare_number("marks", model->marks, store->header->mark_count);
	if (!difference && model->sampling_bytes)
		difference = compare_number("samples", model->allocating, totals->samples.allocated);
	if (!difference && model->sampling_bytes)
		difference = compare_number("samples freed", model->freeing, totals->samples.freed);
	if (!difference)
		difference = compare_sites(model, store);
	return difference ? difference : compare_live(model, store);
}
