/* SPDX-License-Identifier: MIT */
/* Reports of handles. */
#include "report/report.h"

#include <errno.h>

#include "common/error.h"
#include "library/handle.h"
#include "library/options.h"

int allot_snapshot_report(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			  const struct allot_report_options *options, FILE *out, struct allot_error *error)
{
	struct allot_view now, before;
	int rc = allotp_grouping_check(options->group_by, options->measure, options->cumulative, error);

	if (rc < 0)
		return rc;
	if (!allot_format_name(options->format))
		return allotp_error(error, -EINVAL, "there is no format %d", (int)options->format);
	rc = allotp_handle_lock_both(snapshot, older, &now, &before);
	if (rc == 0) {
		rc = allotp_report_write(out, &now, older ? &before : NULL, options);
		allotp_handle_unlock_both(snapshot, older);
	}
	return rc < 0 ? allotp_error(error, rc, "out of memory") : 0;
}
