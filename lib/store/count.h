/* SPDX-License-Identifier: MIT */
/*
 * Blocks into counters and out of them: those of a site and the totals, in a batch. Each event passes through one of these;
 * sampled.c has those that count a block for many.
 */
#ifndef ALLOT_STORE_COUNT_H
#define ALLOT_STORE_COUNT_H

#include "store/scoped.h"

/* What the functions below do with a block's weight, when blocks are sampled. */
void allotp_sampled_in(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size, uint64_t stamp);
void allotp_sampled_out(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size);
void allotp_sampled_back(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size);
void allotp_sampled_temporary(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size);

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
		totals->peak_bytes = live;
		totals->peak_blocks = totals->ever_blocks - totals->freed_blocks;
		totals->peak_event = totals->tallies.events;
		totals->peak_stamp = stamp;
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

/* The same, in all that they count for. */

static inline void allotp_count_in(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes,
				   uint64_t blocks, uint64_t stamp)
{
	allotp_add_in(&batch->totals, &site->counters, bytes, blocks, stamp);
	if (__builtin_expect(site->scoped, 0))
		allotp_scoped_in(batch, site, bytes, blocks);
}

static inline void allotp_count_out(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes,
				    uint64_t blocks)
{
	allotp_add_out(&batch->totals, &site->counters, bytes, blocks);
	if (__builtin_expect(site->scoped, 0))
		allotp_scoped_out(batch, site, bytes, blocks);
}

static inline void allotp_count_back(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes,
				     uint64_t blocks)
{
	allotp_add_back(&batch->totals, &site->counters, bytes, blocks);
	if (__builtin_expect(site->scoped, 0))
		allotp_scoped_back(batch, site, bytes, blocks);
}

static inline void allotp_count_temporary(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes,
					  uint64_t blocks)
{
	allotp_add_temporary(&batch->totals, &site->counters, bytes, blocks);
	if (__builtin_expect(site->scoped, 0))
		allotp_scoped_temporary(batch, site, bytes, blocks);
}

static inline void allotp_block_in(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size,
				   uint64_t stamp)
{
	if (__builtin_expect(batch->sampled, 0))
		allotp_sampled_in(batch, site, size, stamp);
	else
		allotp_count_in(batch, site, size, 1, stamp);
}

static inline void allotp_block_out(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size)
{
	if (__builtin_expect(batch->sampled, 0))
		allotp_sampled_out(batch, site, size);
	else
		allotp_count_out(batch, site, size, 1);
}

static inline void allotp_block_back(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size)
{
	if (__builtin_expect(batch->sampled, 0))
		allotp_sampled_back(batch, site, size);
	else
		allotp_count_back(batch, site, size, 1);
}

static inline void allotp_block_temporary(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size)
{
	if (__builtin_expect(batch->sampled, 0))
		allotp_sampled_temporary(batch, site, size);
	else
		allotp_count_temporary(batch, site, size, 1);
}

/* What is recorded whole, as mappings are, counts for itself, but with the same fraction as what is sampled. */
static inline uint64_t allotp_whole_bytes(const struct allot_batch *batch, uint64_t bytes)
{
	return batch->sampled ? bytes << ALLOT_FRACTION_BYTES : bytes;
}

static inline uint64_t allotp_whole_blocks(const struct allot_batch *batch, uint64_t blocks)
{
	return batch->sampled ? blocks << ALLOT_FRACTION_BLOCKS : blocks;
}

static inline void allotp_whole_in(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes,
				   uint64_t blocks, uint64_t stamp)
{
	allotp_count_in(batch, site, allotp_whole_bytes(batch, bytes), allotp_whole_blocks(batch, blocks), stamp);
}

static inline void allotp_whole_out(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes,
				    uint64_t blocks)
{
	allotp_count_out(batch, site, allotp_whole_bytes(batch, bytes), allotp_whole_blocks(batch, blocks));
}

static inline void allotp_whole_temporary(struct allot_batch *batch, struct allot_batch_site *site, uint64_t bytes)
{
	allotp_count_temporary(batch, site, allotp_whole_bytes(batch, bytes), allotp_whole_blocks(batch, 1));
}

#endif
