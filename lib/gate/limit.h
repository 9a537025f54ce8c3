/* SPDX-License-Identifier: MIT */
/* One limit of a budget, absolute or relative to a baseline. */
#ifndef ALLOT_GATE_LIMIT_H
#define ALLOT_GATE_LIMIT_H

#include "gate/ledger.h"

struct allot_limit {
	enum allot_quantity quantity;
	bool blocks;    /* it is on blocks, else on bytes */
	bool relative;  /* to the baseline */
	double percent; /* relative: how much more than the baseline, in percent of it; may be negative */
	uint64_t most;  /* that is allowed; relative: beyond the percentage */
	char *text;     /* as it is written */
	uint32_t line;  /* of the budget; 0: none */
};

/*
 * Reads the text of a limit: "64 KiB" (of blocks: "100"); relative "+5%", "+4 KiB", both as "+5% +4 KiB", or "105%" of what
 * the baseline has. Fills in relative, percent and most for a limit whose blocks is set. 0 or -EINVAL.
 */
int allotp_limit_parse(struct allot_limit *limit, const char *text);

/* What it allows, given what the baseline has. */
uint64_t allotp_limit_allowed(const struct allot_limit *limit, struct allot_count before);

/*
 * Does the count keep the limit? An estimate (variance not 0: its own, or of the difference to the baseline if the limit is
 * relative) does if it may be at most three standard errors too high.
 */
bool allotp_limit_holds(const struct allot_limit *limit, struct allot_count count, struct allot_count before,
			struct allot_variance variance);

#endif
