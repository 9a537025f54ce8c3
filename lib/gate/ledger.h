/* SPDX-License-Identifier: MIT */
/* What each call site of a snapshot has, by its identity (gate/identity.h). */
#ifndef ALLOT_GATE_LEDGER_H
#define ALLOT_GATE_LEDGER_H

#include "gate/suppression.h"
#include "gate/trace.h"
#include "report/keys.h"

/* What a limit is on. */
enum allot_quantity {
	ALLOT_QUANTITY_LIVE,
	ALLOT_QUANTITY_PEAK,
	ALLOT_QUANTITY_EVER,
	ALLOT_QUANTITY_COUNT, /* all that was ever allocated, but blocks are what counts */
	ALLOT_QUANTITY_TEMPORARY,
	ALLOT_QUANTITY_LEAKS, /* lost; if nobody has looked: not freed, but for what the C library keeps; without what is suppressed */
	ALLOT_QUANTITIES,                               /* that can be limited */
	ALLOT_QUANTITY_UNSUPPRESSED = ALLOT_QUANTITIES, /* live, without what is suppressed */
	ALLOT_QUANTITIES_KEPT,
};

/* "live", "peak", … */
const char *allotp_quantity_name(enum allot_quantity quantity);

/* A count of each quantity, and how exact they are where blocks were sampled. */
struct allot_sums {
	struct allot_count counts[ALLOT_QUANTITIES_KEPT];
	struct allot_variance variances[ALLOT_QUANTITIES_KEPT];
};

void allotp_sums_add(struct allot_sums *to, const struct allot_sums *from);

struct allot_entry {
	uint32_t key;
	struct allot_sums sums;
	/* The stack that has the most live bytes, or the most ever, as an example; and how many. */
	uint32_t stack;
	uint64_t live, ever;
};

struct allot_ledger {
	struct allot_tracer tracer;
	struct allot_entry *entries; /* in order of their first site */
	uint32_t count, room;
	/* of each site of the snapshot: */
	uint32_t *keys;
	struct allot_sums *sums;
	const struct allot_trace_frame **origins; /* the innermost frame; NULL: there is none */
	struct allot_count suppressed;            /* live, but not leaked */
};

/*
 * Makes the ledger of a snapshot. Of what is live it lets the suppressions meet all, and takes out what they hold for; with
 * `again` they have met another snapshot, and what they held for there is taken out here. progress may be NULL. Returns 0
 * or -ENOMEM; release it either way.
 */
int allotp_ledger_init(struct allot_ledger *ledger, const struct allot_view *view, struct allot_keys *keys,
		       struct allot_suppressions *suppressions, bool again, allot_progress_fn *progress, void *context);
void allotp_ledger_release(struct allot_ledger *ledger);

#endif
