/* SPDX-License-Identifier: MIT */
/* Filters: their text, what they match, and a snapshot without what they drop. */
#ifndef ALLOT_FILTER_FILTER_H
#define ALLOT_FILTER_FILTER_H

#include <allot/snapshot.h>

#include "report/backtrace.h"

/* A filter as allot_filter_parse reads it, malloc'ed; NULL: no memory. What that cannot express follows in brackets. */
char *allotp_filter_text(const struct allot_filter *filter);

/*
 * Which sites the filters keep, as allot_snapshot_filter says: keep[] has one for each site. Returns 0 or -ENOMEM. Resolves
 * the frames that it has to look at.
 */
int allotp_filter_sites(const struct allot_view *view, const struct allot_filter *filters, size_t count, bool *keep);

/*
 * A new snapshot of what the filters keep of the view's, with the same nodes and modules, so that the view's resolver
 * serves it, too. Returns 0 and *out, or -ENOMEM.
 */
int allotp_filter_apply(const struct allot_view *view, const struct allot_filter *filters, size_t count,
			struct allot_snapshot **out);

#endif
