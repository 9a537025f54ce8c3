/* SPDX-License-Identifier: MIT */
/* Groups of sites with their sums, in tracemalloc's order (CPython's Snapshot.statistics and compare_to). */
#ifndef ALLOT_REPORT_STATISTICS_H
#define ALLOT_REPORT_STATISTICS_H

#include "report/backtrace.h"
#include "report/keys.h"
#include "report/label.h"

struct allot_group {
	uint32_t key;
	struct allot_count live, peak, ever, temporary;
	struct allot_variances variance; /* of them, where blocks were sampled */
	struct allot_count before;       /* the measure in the older snapshot, when two are compared */
	struct allot_variance variance_before;
	bool gone; /* in the older one only: the node below is one of its nodes */
	/* The frame that gave the key, in the stack of the group's largest site; below ALLOT_NODE_FIRST: none. */
	uint32_t node, frame;
	uint64_t sites; /* stacks it was summed from; in cumulative groups, frames */
};

struct allot_statistics {
	struct allot_keys *keys;    /* not owned */
	enum allot_measure measure; /* never AUTO */
	struct allot_group *groups; /* most first */
	uint32_t count;
	struct allot_count total; /* of the measure, over the whole snapshot; of objects, over all of them */
	struct allot_count total_before;
};

/* Whether blocks can count in more than one such group. */
bool allotp_can_be_cumulative(enum allot_group_by group_by);

/* AUTO becomes what it stands for with this snapshot (and the older one it is compared with, or NULL). */
enum allot_measure allotp_measure_choose(enum allot_measure measure, const struct allot_snapshot *snapshot,
					 const struct allot_snapshot *before);

struct allot_count allotp_site_count(const struct allot_site *site, enum allot_measure measure);
struct allot_count allotp_group_count(const struct allot_group *group, enum allot_measure measure);
struct allot_variance allotp_group_variance(const struct allot_group *group, enum allot_measure measure);
struct allot_variance allotp_variances_of(const struct allot_variances *variances, enum allot_measure measure);
/* Of the totals. */
struct allot_variances allotp_snapshot_variances(const struct allot_snapshot *snapshot);
struct allot_count allotp_totals_count(const struct allot_snapshot_totals *totals, enum allot_measure measure);
struct allot_count allotp_snapshot_count(const struct allot_snapshot *snapshot, enum allot_measure measure);

/*
 * Groups the sites of a snapshot. A group's sums hold all its sites' counters; with skip_empty, all that
 * have some of the measure. Order: descending by (bytes, blocks, traceback) of the measure (for COUNT:
 * blocks, bytes, traceback), where tracebacks compare as allotp_keys_compare says.
 *
 * Only what groups need is resolved: the innermost frames, all frames for stacks and cumulative sums.
 *
 * Returns 0 and *out, -EINVAL for cumulative with stack or domain, or -ENOMEM. The keys must outlive it.
 */
int allotp_statistics_new(const struct allot_view *view, struct allot_keys *keys,
			  const struct allot_statistics_options *options, struct allot_statistics **out);

/*
 * The union of two statistics made with the same keys and options, as CPython's compare_to: unchanged groups are
 * kept, gone ones have zeros. Order: descending by (|bytes' change|, bytes, |blocks' change|, blocks,
 * traceback); for COUNT blocks stand before bytes. Returns 0 and *out, or -ENOMEM.
 */
int allotp_statistics_compare(const struct allot_statistics *before, const struct allot_statistics *after,
			      struct allot_statistics **out);

void allotp_statistics_free(struct allot_statistics *statistics);

#endif
