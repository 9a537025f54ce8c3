/* SPDX-License-Identifier: MIT */
/* Sampled blocks into counters and out of them: each with its weight, and with what it adds to the variance. */
#include <stddef.h>

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

/* Where the variances of a site are; made with the site, so NULL in a damaged store only. */
static struct allot_store_variance *variance_of(const struct allot_store *store, uint32_t site)
{
	if (!allotp_store_has(store, ALLOT_REGION_VARIANCES,
			      ((uint64_t)site + 1) * sizeof(struct allot_store_variance)))
		return NULL;
	return allotp_variance(store, site);
}

/* Comes before the counters change, which have the peak's number. */
static void remember_peak(const struct allot_store *store, uint32_t site, struct allot_store_variance *variance)
{
	if (!allotp_has_peak_value(&store->header->totals, &allotp_site(store, site)->counters))
		return;
	variance->peak = variance->ever;
	subtract(&variance->peak, &variance->freed);
}

void allotp_sampled_in(struct allot_store *store, uint32_t site, uint64_t size, uint64_t stamp)
{
	struct allot_weight weight = allotp_weigh(store->header->sampling_bytes, size);
	struct allot_store_variance *variance = variance_of(store, site);

	if (variance) {
		remember_peak(store, site, variance);
		add(&variance->ever, &weight.variance);
	}
	allotp_add_in(&store->header->totals, &allotp_site(store, site)->counters, weight.bytes, weight.blocks, stamp);
	if (allotp_site(store, site)->scoped)
		allotp_scoped_in(store, allotp_site(store, site), weight.bytes, weight.blocks);
}

void allotp_sampled_out(struct allot_store *store, uint32_t site, uint64_t size)
{
	struct allot_weight weight = allotp_weigh(store->header->sampling_bytes, size);
	struct allot_store_variance *variance = variance_of(store, site);

	if (variance) {
		remember_peak(store, site, variance);
		add(&variance->freed, &weight.variance);
	}
	allotp_add_out(&store->header->totals, &allotp_site(store, site)->counters, weight.bytes, weight.blocks);
	if (allotp_site(store, site)->scoped)
		allotp_scoped_out(store, allotp_site(store, site), weight.bytes, weight.blocks);
}

void allotp_sampled_back(struct allot_store *store, uint32_t site, uint64_t size)
{
	struct allot_weight weight = allotp_weigh(store->header->sampling_bytes, size);
	struct allot_store_variance *variance = variance_of(store, site);

	if (variance) {
		remember_peak(store, site, variance);
		subtract(&variance->freed, &weight.variance);
	}
	allotp_add_back(&store->header->totals, &allotp_site(store, site)->counters, weight.bytes, weight.blocks);
	if (allotp_site(store, site)->scoped)
		allotp_scoped_back(store, allotp_site(store, site), weight.bytes, weight.blocks);
}

void allotp_sampled_temporary(struct allot_store *store, uint32_t site, uint64_t size)
{
	struct allot_weight weight = allotp_weigh(store->header->sampling_bytes, size);
	struct allot_store_variance *variance = variance_of(store, site);

	if (variance)
		add(&variance->temporary, &weight.variance);
	allotp_add_temporary(&store->header->totals, &allotp_site(store, site)->counters, weight.bytes, weight.blocks);
	if (allotp_site(store, site)->scoped)
		allotp_scoped_temporary(store, allotp_site(store, site), weight.bytes, weight.blocks);
}
