/* SPDX-License-Identifier: MIT */
/* What is left of each site's leaks when those that are known are suppressed. */
#ifndef ALLOT_LEAKS_TALLY_H
#define ALLOT_LEAKS_TALLY_H

#include "gate/suppression.h"
#include "report/backtrace.h"

struct allot_site_leaks {
	struct allot_count counts[ALLOT_LEAKS];
	struct allot_count fresh[ALLOT_LEAKS]; /* what no look before had found */
	struct allot_count led;                /* what its definitely lost blocks lead to */
};

struct allot_tally {
	struct allot_site_leaks *sites; /* as many as the snapshot has */
	struct allot_count counts[ALLOT_LEAKS], fresh[ALLOT_LEAKS];
	struct allot_count suppressed;
};

/*
 * Fills the tally in. A suppression that matches the stack of blocks that are lost, or perhaps, leaves them out, and what
 * definitely lost ones of them lead to. suppressions may be NULL; they have met what there is afterwards. Returns 0 or
 * -ENOMEM; release it either way.
 */
int allotp_tally(struct allot_tally *tally, const struct allot_view *view, struct allot_suppressions *suppressions);
void allotp_tally_release(struct allot_tally *tally);

#endif
