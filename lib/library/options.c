/* SPDX-License-Identifier: MIT */
/* Whether what a user asks for makes sense. */
#include "library/options.h"

#include <errno.h>

#include "common/error.h"
#include "report/statistics.h"

static bool lacks_objects(const allot_snapshot_t *snapshot)
{
	return snapshot && !allot_snapshot_has_objects(snapshot);
}

int allotp_grouping_check(const allot_snapshot_t *snapshot, const allot_snapshot_t *older, enum allot_group_by group_by,
			  enum allot_measure measure, bool cumulative, struct allot_error *error)
{
	if (!allot_group_by_name(group_by))
		return allotp_error(error, -EINVAL, "there are no groups of kind %d", (int)group_by);
	if (!allot_measure_name(measure))
		return allotp_error(error, -EINVAL, "there is no measure %d", (int)measure);
	if (cumulative && !allotp_can_be_cumulative(group_by))
		return allotp_error(error, -EINVAL,
				    "cumulative does not go with groups by %s, which count each block once",
				    allot_group_by_name(group_by));
	if (group_by == ALLOT_GROUP_TYPE && measure != ALLOT_MEASURE_AUTO && measure != ALLOT_MEASURE_LIVE)
		return allotp_error(error, -EINVAL, "groups by type know what is live, not what was (%s)",
				    allot_measure_name(measure));
	if (group_by == ALLOT_GROUP_TYPE && (lacks_objects(snapshot) || lacks_objects(older)))
		return allotp_error(error, -ENODATA,
				    "there is no table of objects; programs that use liballot-object have one");
	return 0;
}
