/* SPDX-License-Identifier: MIT */
/* Sampled blocks into counters and out of them: each with its weight, and with what it adds to the variance. */
#include "store/count.h"
#include "store/weight.h"

static void add(struct allot_spread *to, const struct allot_spread *spread)
{
	to->bytes += spread->bytes;
	to->blocks += spread->blocks;
}

static void subtract(struct allot_spread *from, const struct allot_spread *spread)
{
	from->bytes -= spread->bytes;
	from->blocks -= spread->blocks;
}

static struct allot_weight weigh(const struct allot_batch *batch, uint64_t size)
{
	uint64_t sampling_bytes = batch->store->header->sampling_bytes;

	return allotp_weigh(sampling_bytes ? sampling_bytes : 1, size);
}

static struct allot_store_variance *variance_of(struct allot_batch *batch, const struct allot_batch_site *site)
{
	return &batch->variances[site - batch->sites];
}

/* Comes before the counters change, which have the peak's number. */
static void remember_peak(const struct allot_batch *batch, const struct allot_batch_site *site,
			  struct allot_store_variance *variance)
{
	if (!allotp_has_peak_value(&batch->totals, &site->counters))
		return;
	variance->peak = variance->ever;
	subtract(&variance->peak, &variance->freed);
}

void allotp_sampled_in(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size, uint64_t stamp)
{
	struct allot_store_variance *variance = variance_of(batch, site);
	struct allot_weight weight = weigh(batch, size);

	remember_peak(batch, site, variance);
	add(&variance->ever, &weight.variance);
	allotp_count_in(batch, site, weight.bytes, weight.blocks, stamp);
}

void allotp_sampled_out(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size)
{
	struct allot_store_variance *variance = variance_of(batch, site);
	struct allot_weight weight = weigh(batch, size);

	remember_peak(batch, site, variance);
	add(&variance->freed, &weight.variance);
	allotp_count_out(batch, site, weight.bytes, weight.blocks);
}

void allotp_sampled_back(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size)
{
	struct allot_store_variance *variance = variance_of(batch, site);
	struct allot_weight weight = weigh(batch, size);

	remember_peak(batch, site, variance);
	subtract(&variance->freed, &weight.variance);
	allotp_count_back(batch, site, weight.bytes, weight.blocks);
}

void allotp_sampled_temporary(struct allot_batch *batch, struct allot_batch_site *site, uint64_t size)
{
	struct allot_weight weight = weigh(batch, size);

	add(&variance_of(batch, site)->temporary, &weight.variance);
	allotp_count_temporary(batch, site, weight.bytes, weight.blocks);
}
