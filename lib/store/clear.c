/* SPDX-License-Identifier: MIT */
/* Forgetting what was counted, and beginning a new peak: each can be begun again at any point. */
#include "store/clear.h"

#include <stddef.h>
#include <string.h>

#include "snapshot/snapshot.h"
#include "store/batch.h"
#include "store/live.h"
#include "store/scoped.h"
#include "store/site.h"

static void set_clearing(struct allot_store *store, enum allot_clearing clearing)
{
	/* Only a kill needs to see this order, and a kill falls between two instructions. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	store->header->clearing = clearing;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The sites have what is live as their values at the peak, since no event has changed one after it. */
static void reset_peak(struct allot_store *store)
{
	struct allot_totals *totals = &store->header->totals;

	totals->peak_event = totals->tallies.events;
	totals->peak_stamp = store->header->latest_stamp;
	totals->peak_bytes = totals->ever_bytes - totals->freed_bytes;
	totals->peak_blocks = totals->ever_blocks - totals->freed_blocks;
	allotp_scoped_clear_peaks(store);
	allotp_batch_outdate(store);
}

/* They stay, at their stacks, and count from nothing. */
static void clear_sites(struct allot_store *store)
{
	for (uint64_t i = 1; i < allotp_sites_end(store); i++) {
		struct allot_store_site *site = allotp_site(store, i);
		struct allot_site_halves *high = allotp_site_high_at(store, i);

		site->low = (struct allot_site_halves){ 0 };
		site->mismatched = 0;
		if (high)
			*high = (struct allot_site_halves){ 0 };
		if (store->header->sampling_bytes &&
		    allotp_store_has(store, ALLOT_REGION_VARIANCES, (i + 1) * sizeof(struct allot_store_variance)))
			*allotp_variance(store, i) = (struct allot_store_variance){ 0 };
	}
}

static void clear_slots(struct allot_store *store)
{
	uint64_t count = __atomic_load_n(&store->header->slot_count, __ATOMIC_ACQUIRE);

	for (uint64_t i = 0; i < count; i++) {
		struct allot_slot *slot;

		if (!allotp_store_has(store, ALLOT_REGION_SLOTS, (i + 1) * sizeof(*slot)))
			break;
		slot = allotp_slot(store, i);
		slot->last_alloc = 0;
		memset(slot->given_up, 0, sizeof(slot->given_up));
	}
}

/* What was lost, and the stacks that were cut, were of blocks that are forgotten now; damage is not. */
static void clear_trust(struct allot_store *store)
{
	struct allot_header *header = store->header;
	uint64_t modules = __atomic_load_n(&header->module_count, __ATOMIC_ACQUIRE);

	for (int i = 0; i < ALLOT_LOST_CORRUPT; i++)
		__atomic_store_n(&header->lost[i], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&header->limited, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&header->truncated, 0, __ATOMIC_RELAXED);
	for (uint64_t i = 0; i < modules; i++) {
		if (!allotp_store_has(store, ALLOT_REGION_MODULES, (i + 1) * sizeof(struct allot_store_module)))
			break;
		__atomic_store_n(&allotp_module(store, i)->truncated, 0, __ATOMIC_RELAXED);
	}
	header->flags = (header->flags | ALLOT_STORE_LATE) & ~(uint32_t)ALLOT_STORE_MAPS_UNCERTAIN;
}

/* But for the number of events: events go on being numbered by it, and producers that wait for the drain look at it. */
static void clear_totals(struct allot_totals *totals)
{
	memset(totals, 0, offsetof(struct allot_totals, tallies));
	totals->tallies.unknown_frees = totals->tallies.mismatched = totals->tallies.double_allocations = 0;
	totals->samples = (struct allot_samples){ 0 };
}

static void clear(struct allot_store *store)
{
	struct allot_header *header = store->header;

	clear_sites(store);
	allotp_scoped_clear(store);
	clear_slots(store);
	allotp_live_clear(store);
	header->map_count = 0;
	header->mark_count = 0;
	header->dropped_marks = 0;
	header->dropped_scopes = 0;
	header->history = (struct allot_store_history){ 0 };
	header->sample_count = 0;
	header->next_sample = 0;
	clear_trust(store);
	clear_totals(&header->totals);
	allotp_batch_outdate(store);
}

void allotp_clear_peak(struct allot_store *store)
{
	set_clearing(store, ALLOT_CLEARING_PEAK);
	reset_peak(store);
	set_clearing(store, ALLOT_CLEARING_NONE);
}

void allotp_clear(struct allot_store *store)
{
	set_clearing(store, ALLOT_CLEARING_ALL);
	clear(store);
	set_clearing(store, ALLOT_CLEARING_NONE);
}

void allotp_clear_recover(struct allot_store *store)
{
	switch (__atomic_load_n(&store->header->clearing, __ATOMIC_RELAXED)) {
	case ALLOT_CLEARING_PEAK:
		reset_peak(store);
		break;
	case ALLOT_CLEARING_ALL:
		clear(store);
		break;
	}
	set_clearing(store, ALLOT_CLEARING_NONE);
}
