/* SPDX-License-Identifier: MIT */
/* Reports of handles, and their trust headers. */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>

#include "common/error.h"
#include "library/handle.h"
#include "library/options.h"
#include "report/trust.h"

int allot_snapshot_report(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			  const struct allot_report_options *options, FILE *out, struct allot_error *error)
{
	struct allot_view now, before;
	int rc =
		allotp_grouping_check(snapshot, older, options->group_by, options->measure, options->cumulative, error);

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

/* Takes the lock and looks at all live call sites. */
static int summarize(const allot_snapshot_t *snapshot, struct allot_view *view, struct allot_trust_summary *summary)
{
	int rc = allotp_handle_lock(snapshot, view);

	if (rc < 0)
		return rc;
	rc = allotp_trust_summarize(view, summary);
	if (rc < 0)
		allotp_handle_unlock(snapshot);
	return rc;
}

char *allot_snapshot_trust_text(const allot_snapshot_t *snapshot)
{
	struct allot_trust_summary summary;
	struct allot_view view;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (summarize(snapshot, &view, &summary) < 0)
		return NULL;
	out = open_memstream(&text, &size);
	if (out)
		allotp_trust_write(out, &view, &summary, "");
	allotp_handle_unlock(snapshot);
	if (!out || fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int allot_snapshot_unsymbolized(const allot_snapshot_t *snapshot, uint64_t *bytes, struct allot_error *error)
{
	struct allot_trust_summary summary;
	struct allot_view view;
	int rc = summarize(snapshot, &view, &summary);

	if (rc < 0)
		return allotp_error(error, rc, "out of memory");
	*bytes = summary.unsymbolized_bytes;
	allotp_handle_unlock(snapshot);
	return 0;
}
