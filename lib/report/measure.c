/* SPDX-License-Identifier: MIT */
/* What groups are ranked by, and where it is found in sites, groups and totals. */
#include <stddef.h>

#include "report/statistics.h"
#include "snapshot/counts.h"

enum allot_measure allotp_measure_choose(enum allot_measure measure, const struct allot_snapshot *snapshot,
					 const struct allot_snapshot *before)
{
	if (measure != ALLOT_MEASURE_AUTO)
		return measure;
	if (snapshot->live.blocks || (before && before->live.blocks))
		return ALLOT_MEASURE_LIVE;
	return ALLOT_MEASURE_PEAK;
}

const char *allot_measure_name(enum allot_measure measure)
{
	static const char *const names[ALLOT_MEASURES] = { "auto", "live", "peak", "ever", "count", "temporary" };

	return (unsigned)measure < ALLOT_MEASURES ? names[measure] : NULL;
}

static struct allot_count choose(enum allot_measure measure, struct allot_count live, struct allot_count peak,
				 struct allot_count ever, struct allot_count temporary)
{
	switch (measure) {
	case ALLOT_MEASURE_PEAK:
		return peak;
	case ALLOT_MEASURE_EVER:
	case ALLOT_MEASURE_COUNT:
		return ever;
	case ALLOT_MEASURE_TEMPORARY:
		return temporary;
	default:
		return live;
	}
}

struct allot_count allotp_site_count(const struct allot_site *site, enum allot_measure measure)
{
	return choose(measure, site->live, site->peak, site->ever, site->temporary);
}

struct allot_count allotp_group_count(const struct allot_group *group, enum allot_measure measure)
{
	return choose(measure, group->live, group->peak, group->ever, group->temporary);
}

struct allot_count allotp_snapshot_count(const struct allot_snapshot *snapshot, enum allot_measure measure)
{
	return choose(measure, snapshot->live, snapshot->peak, snapshot->ever, snapshot->temporary);
}

struct allot_count allotp_totals_count(const struct allot_snapshot_totals *totals, enum allot_measure measure)
{
	return choose(measure, totals->live, totals->peak, totals->ever, totals->temporary);
}

struct allot_variance allotp_variances_of(const struct allot_variances *variances, enum allot_measure measure)
{
	switch (measure) {
	case ALLOT_MEASURE_PEAK:
		return variances->peak;
	case ALLOT_MEASURE_EVER:
	case ALLOT_MEASURE_COUNT:
		return variances->ever;
	case ALLOT_MEASURE_TEMPORARY:
		return variances->temporary;
	default:
		return variances->live;
	}
}

struct allot_variance allotp_group_variance(const struct allot_group *group, enum allot_measure measure)
{
	return allotp_variances_of(&group->variance, measure);
}

struct allot_variances allotp_snapshot_variances(const struct allot_snapshot *snapshot)
{
	struct allot_variances sum = { 0 };

	for (uint32_t i = 0; i < snapshot->site_count; i++)
		allotp_variances_add(&sum, &snapshot->sites[i].variance);
	return sum;
}
