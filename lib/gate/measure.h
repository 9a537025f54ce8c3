/* SPDX-License-Identifier: MIT */
/* What a part of a program has: the sums over the call sites that a rule of a budget is for. */
#ifndef ALLOT_GATE_MEASURE_H
#define ALLOT_GATE_MEASURE_H

#include "gate/budget.h"

/* A part of a program in one snapshot. */
struct allot_part {
	bool found;             /* the snapshot knows the domain, region or module; always so for programs and sites */
	struct allot_sums sums; /* of a program or a region, what they say themselves; else those of the sites */
	uint32_t site[ALLOT_QUANTITIES]; /* the site that has most of it, plus 1; 0: none has any */
};

/*
 * Measures what a rule is for; of a region, the one whose path (allotp_snapshot_region_path) is given. Returns 0 or -ENOMEM.
 */
int allotp_part_measure(const struct allot_rule *rule, const char *region, const struct allot_ledger *ledger,
			struct allot_part *part);

#endif
