/* SPDX-License-Identifier: MIT */
/*
 * Blocks into counters and out of them: those of a site and the totals. For apply.c alone, where each event passes
 * through one of these; sampled.c has those that count a block for many.
 */
#ifndef ALLOT_STORE_COUNT_H
#define ALLOT_STORE_COUNT_H

#include <stdbool.h>

#include "store/scoped.h"
#include "store/store.h"

/* What the functions below do with a block's weight, when blocks are sampled. The site is the number of one that is there. */
void allotp_sampled_in(struct allot_store *store, uint32_t site, uint64_t size, uint64_t stamp);
void allotp_sampled_out(struct allot_store *store, uint32_t site, uint64_t size);
void allotp_sampled_back(struct allot_store *store, uint32_t site, uint64_t size);
void allotp_sampled_temporary(struct allot_store *store, uint32_t site, uint64_t size);

static inline bool allotp_is_sampled(const struct allot_store *store)
{
	return __builtin_expect(store->header->sampling_bytes != 0, 0);
}

/* A site keeps its value at the last peak when it first changes after it. */
static inline bool allotp_has_peak_value(const struct allot_totals *totals, const struct allot_site_counters *counters)
{
	return counters->changed <= totals->peak_event;
}

static inline void allotp_remember_peak(const struct allot_totals *totals, struct allot_site_counters *counters)
{
	if (allotp_has_peak_value(totals, counters)) {
		counters->peak_bytes = counters->ever_bytes - counters->freed_bytes;
		counters->peak_blocks = counters->ever_blocks - counters->freed_blocks;
	}
	counters->changed = totals->tallies.events;
}

static inline void allotp_add_in(struct allot_totals *totals, struct allot_site_counters *counters, uint64_t bytes,
				 uint64_t blocks, uint64_t stamp)
{
	uint64_t live;

	allotp_remember_peak(totals, counters);
	counters->ever_bytes += bytes;
	counters->ever_blocks += blocks;
	totals->ever_bytes += bytes;
	totals->ever_blocks += blocks;
	live = totals->ever_bytes - totals->freed_bytes;
	if (live > totals->peak_bytes) {
		totals->peak_blocks = totals->ever_blocks - totals->freed_blocks;
		totals->peak_event = totals->tallies.events;
		totals->peak_stamp = stamp;
		/* Last, as this is what tells that the peak was found. Only a kill needs to see the order. */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		totals->peak_bytes = live;
	}
}

static inline void allotp_add_out(struct allot_totals *totals, struct allot_site_counters *counters, uint64_t bytes,
				  uint64_t blocks)
{
	allotp_remember_peak(totals, counters);
	counters->freed_bytes += bytes;
	counters->freed_blocks += blocks;
	totals->freed_bytes += bytes;
	totals->freed_blocks += blocks;
}

/* What was freed is live again. */
static inline void allotp_add_back(struct allot_totals *totals, struct allot_site_counters *counters, uint64_t bytes,
				   uint64_t blocks)
{
	allotp_remember_peak(totals, counters);
	counters->freed_bytes -= bytes;
	counters->freed_blocks -= blocks;
	totals->freed_bytes -= bytes;
	totals->freed_blocks -= blocks;
}

static inline void allotp_add_temporary(struct allot_totals *totals, struct allot_site_counters *counters,
					uint64_t bytes, uint64_t blocks)
{
	counters->temporary_bytes += bytes;
	counters->temporary_blocks += blocks;
	totals->temporary_bytes += bytes;
	totals->temporary_blocks += blocks;
}

static inline void allotp_block_in(struct allot_store *store, bool sampled, uint32_t site, uint64_t size,
				   uint64_t stamp)
{
	struct allot_store_site *at = allotp_site(store, site);

	if (sampled) {
		allotp_sampled_in(store, site, size, stamp);
	} else {
		allotp_add_in(&store->header->totals, &at->counters, size, 1, stamp);
		if (__builtin_expect(at->scoped, 0))
			allotp_scoped_in(store, at, size, 1);
	}
}

static inline void allotp_block_out(struct allot_store *store, bool sampled, uint32_t site, uint64_t size)
{
	struct allot_store_site *at = allotp_site(store, site);

	if (sampled) {
		allotp_sampled_out(store, site, size);
	} else {
		allotp_add_out(&store->header->totals, &at->counters, size, 1);
		if (__builtin_expect(at->scoped, 0))
			allotp_scoped_out(store, at, size, 1);
	}
}

static inline void allotp_block_back(struct allot_store *store, bool sampled, uint32_t site, uint64_t size)
{
	struct allot_store_site *at = allotp_site(store, site);

	if (sampled) {
		allotp_sampled_back(store, site, size);
	} else {
		allotp_add_back(&store->header->totals, &at->counters, size, 1);
		if (__builtin_expect(at->scoped, 0))
			allotp_scoped_back(store, at, size, 1);
	}
}

static inline void allotp_block_temporary(struct allot_store *store, bool sampled, uint32_t site, uint64_t size)
{
	struct allot_store_site *at = allotp_site(store, site);

	if (sampled) {
		allotp_sampled_temporary(store, site, size);
	} else {
		allotp_add_temporary(&store->header->totals, &at->counters, size, 1);
		if (__builtin_expect(at->scoped, 0))
			allotp_scoped_temporary(store, at, size, 1);
	}
}

#endif
