/* SPDX-License-Identifier: MIT */
/* What groups are ranked by, and where it is found in sites, groups and totals. */
#include <stddef.h>

#include "report/statistics.h"

enum allot_measure allotp_measure_choose(enum allot_measure measure, const struct allot_snapshot *snapshot,
					 const struct allot_snapshot *before)
{
	if (measure != ALLOT_MEASURE_AUTO)
		return measure;
	if (snapshot->live.blocks || (before && before->live.blocks))
		return ALLOT_MEASURE_LIVE;
	return ALLOT_MEASURE_PEAK;
}

const char *allotp_measure_name(enum allot_measure measure)
{
	static const char *const names[ALLOT_MEASURES] = { "auto", "live", "peak", "ever", "count", "temporary" };

	return names[measure];
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
