/* SPDX-License-Identifier: MIT */
/* What a store holds of sampled blocks, numbers with a fraction, to the whole numbers and variances of a snapshot. */
#include <stddef.h>

#include "snapshot/counts.h"
#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

static struct allot_variance variance_of(const struct allot_spread *spread)
{
	return (struct allot_variance){
		.bytes = (double)spread->bytes / (UINT64_C(1) << 2 * ALLOT_FRACTION_BYTES),
		.blocks = (double)spread->blocks / (UINT64_C(1) << 2 * ALLOT_FRACTION_BLOCKS),
	};
}

static unsigned __int128 left(struct allot_view *view, unsigned __int128 ever, unsigned __int128 freed)
{
	if (freed <= ever)
		return ever - freed;
	view->corrupt++;
	return 0;
}

void allotp_freeze_variances(struct allot_view *view, uint64_t site, const struct allot_site_counters *counters,
			     struct allot_variances *variances)
{
	uint64_t numbers = allotp_view_filled(view, ALLOT_REGION_VARIANCES, view->header->site_count + 1,
					      sizeof(struct allot_store_variance));
	struct allot_store_variance stored;
	struct allot_spread live;

	if (site >= numbers) {
		view->corrupt++;
		return;
	}
	allotp_view_fetch(view, ALLOT_REGION_VARIANCES, site, &stored, sizeof(stored));
	live.bytes = left(view, stored.ever.bytes, stored.freed.bytes);
	live.blocks = left(view, stored.ever.blocks, stored.freed.blocks);
	variances->ever = variance_of(&stored.ever);
	variances->live = variance_of(&live);
	variances->temporary = variance_of(&stored.temporary);
	/* As with the counts, a site that has not changed since the last peak is as it was then. */
	variances->peak = variance_of(counters->changed <= view->header->totals.peak_event ? &live : &stored.peak);
}

uint64_t allotp_freeze_rounded(const struct allot_header *header, uint64_t value, unsigned int fraction_bits)
{
	if (!header->sampling_bytes)
		return value;
	return (value >> fraction_bits) + (value >> (fraction_bits - 1) & 1);
}

/*
 * Rounding each site by itself could make the sums wrong by as much as half of each: what rounding takes from one site
 * it gives to the next. A number without a fraction stays, so what is not there does not appear.
 */
struct carry {
	__int128 bytes, blocks;
};

static void round_one(uint64_t *value, unsigned int bits, __int128 *carry, uint64_t most)
{
	__int128 unit = (__int128)1 << bits, whole = *value + *carry;
	__int128 rounded = whole < 0 ? 0 : (whole + unit / 2) / unit;

	if (*value % (uint64_t)unit) {
		if (rounded > most)
			rounded = most;
		*carry = whole - rounded * unit;
		*value = (uint64_t)rounded;
	} else {
		*value >>= bits;
	}
}

static void round_count(struct allot_count *count, struct carry *carry, struct allot_count most)
{
	round_one(&count->bytes, ALLOT_FRACTION_BYTES, &carry->bytes, most.bytes);
	round_one(&count->blocks, ALLOT_FRACTION_BLOCKS, &carry->blocks, most.blocks);
}

void allotp_freeze_estimates(struct allot_snapshot *snapshot)
{
	static const struct allot_count any = { UINT64_MAX, UINT64_MAX };
	struct carry ever = { 0 }, live = { 0 }, peak = { 0 }, temporary = { 0 };

	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		struct allot_site *site = &snapshot->sites[i];

		/* Nothing is more than all there ever was. */
		round_count(&site->ever, &ever, any);
		round_count(&site->live, &live, site->ever);
		round_count(&site->peak, &peak, site->ever);
		round_count(&site->temporary, &temporary, site->ever);
		allotp_count_add(&snapshot->ever, site->ever);
		allotp_count_add(&snapshot->live, site->live);
		allotp_count_add(&snapshot->peak, site->peak);
		allotp_count_add(&snapshot->temporary, site->temporary);
	}
	snapshot->frees = snapshot->ever.blocks - snapshot->live.blocks;
}
