/* SPDX-License-Identifier: MIT */
/* Sums of what model.h counts. */
#ifndef ALLOT_SNAPSHOT_COUNTS_H
#define ALLOT_SNAPSHOT_COUNTS_H

#include <allot/model.h>

static inline void allotp_count_add(struct allot_count *sum, struct allot_count count)
{
	sum->bytes += count.bytes;
	sum->blocks += count.blocks;
}

/* Never below 0: what is taken may come from a damaged file, or be an estimate. */
static inline void allotp_count_take(struct allot_count *from, struct allot_count count)
{
	from->bytes -= count.bytes < from->bytes ? count.bytes : from->bytes;
	from->blocks -= count.blocks < from->blocks ? count.blocks : from->blocks;
}

/* Of two counts that are independent of each other; also of their difference. */
static inline void allotp_variance_add(struct allot_variance *sum, struct allot_variance variance)
{
	sum->bytes += variance.bytes;
	sum->blocks += variance.blocks;
}

static inline void allotp_variances_add(struct allot_variances *sum, const struct allot_variances *variances)
{
	allotp_variance_add(&sum->live, variances->live);
	allotp_variance_add(&sum->peak, variances->peak);
	allotp_variance_add(&sum->ever, variances->ever);
	allotp_variance_add(&sum->temporary, variances->temporary);
}

#endif
