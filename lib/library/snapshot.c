/* SPDX-License-Identifier: MIT */
/* What is done with a snapshot as a whole: keeping it, naming it, filtering it. */
#include <errno.h>

#include "common/error.h"
#include "filter/filter.h"
#include "filter/glob.h"
#include "library/handle.h"

int allot_snapshot_dump(const allot_snapshot_t *snapshot, const char *path, struct allot_error *error)
{
	struct allot_view view;
	int rc = allotp_handle_lock(snapshot, &view);

	if (rc == 0) {
		rc = allotp_resolver_keep(view.resolver, snapshot->snapshot);
		if (rc == 0)
			rc = allotp_snapshot_write(snapshot->snapshot, path, error);
		else
			allotp_error(error, rc, "%s: cannot write: out of memory", path);
		allotp_handle_unlock(snapshot);
		return rc;
	}
	return allotp_error(error, rc, "%s: cannot write: out of memory", path);
}

int allot_snapshot_resolve(const allot_snapshot_t *snapshot, struct allot_error *error)
{
	struct allot_view view;
	int rc = allotp_handle_lock(snapshot, &view);

	if (rc == 0) {
		for (uint32_t i = ALLOT_NODE_FIRST; i < view.snapshot->node_count && rc == 0; i++)
			rc = allotp_resolve(view.resolver, i) ? 0 : -ENOMEM;
		allotp_handle_unlock(snapshot);
	}
	return rc < 0 ? allotp_error(error, rc, "out of memory") : 0;
}

bool allot_glob_match(const char *pattern, const char *text)
{
	return allotp_glob_match(pattern, text);
}

int allot_snapshot_filter(const allot_snapshot_t *snapshot, const struct allot_filter *filters, size_t count,
			  allot_snapshot_t **out, struct allot_error *error)
{
	struct allot_snapshot *filtered = NULL;
	struct allot_view view;
	int rc = allotp_handle_lock(snapshot, &view);

	if (rc == 0) {
		rc = allotp_filter_apply(&view, filters, count, &filtered);
		allotp_handle_unlock(snapshot);
	}
	if (rc == 0)
		rc = allotp_handle_share(snapshot, filtered, out);
	if (rc == 0)
		return 0;
	allotp_snapshot_free(filtered);
	return allotp_error(error, rc, "out of memory");
}
