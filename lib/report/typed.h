/* SPDX-License-Identifier: MIT */
/* What is live of each type at each call site, by the table of objects. */
#ifndef ALLOT_REPORT_TYPED_H
#define ALLOT_REPORT_TYPED_H

#include "snapshot/snapshot.h"

#define ALLOT_TYPED_NOWHERE UINT32_MAX

struct allot_typed {
	uint32_t type; /* index into the table's names; 0: is no object */
	uint32_t site; /* index into sites[]; ALLOT_TYPED_NOWHERE: not known */
	struct allot_count live;
};

/*
 * One item for each type and site that has any; with others, also for what sites have that is no object. Of a filtered
 * snapshot only objects whose sites are there. Returns 0 with a malloc'ed array, or -ENOMEM with NULL and 0.
 */
int allotp_typed_sites(const struct allot_snapshot *snapshot, bool others, struct allot_typed **out, uint32_t *count);

#endif
