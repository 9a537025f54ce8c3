/* SPDX-License-Identifier: MIT */
/* What is left of a snapshot after filters. */
#include "report/filtered.h"

#include <inttypes.h>

#include "report/print.h"
#include "report/size.h"

double allotp_filtered_share(const struct allot_snapshot *snapshot, enum allot_measure measure)
{
	struct allot_count left = allotp_snapshot_count(snapshot, measure);
	struct allot_count whole = allotp_totals_count(&snapshot->unfiltered, measure);
	double part = measure == ALLOT_MEASURE_COUNT ? (double)left.blocks : (double)left.bytes;
	double all = measure == ALLOT_MEASURE_COUNT ? (double)whole.blocks : (double)whole.bytes;

	return all > 0 ? part / all : 0;
}

void allotp_filtered_write(FILE *out, const struct allot_snapshot *snapshot, enum allot_measure measure,
			   const char *prefix)
{
	struct allot_count left = allotp_snapshot_count(snapshot, measure), whole;

	if (!snapshot->filters)
		return;
	whole = allotp_totals_count(&snapshot->unfiltered, measure);
	fprintf(out, "%sFiltered by ", prefix);
	allotp_put(out, snapshot->filters);
	if (!snapshot->site_count) {
		fprintf(out, ": nothing is left of %s in %" PRIu64 " block%s.\n", allotp_size((double)whole.bytes).text,
			whole.blocks, ALLOT_PLURAL(whole.blocks));
		return;
	}
	fprintf(out, ": %s in %" PRIu64 " block%s of %s in %" PRIu64 " (%.1f %%).\n",
		allotp_size((double)left.bytes).text, left.blocks, ALLOT_PLURAL(left.blocks),
		allotp_size((double)whole.bytes).text, whole.blocks, 100 * allotp_filtered_share(snapshot, measure));
}
