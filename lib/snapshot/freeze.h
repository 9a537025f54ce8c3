/* SPDX-License-Identifier: MIT */
/* From a store, of a running or a dead process, to a snapshot. */
#ifndef ALLOT_SNAPSHOT_FREEZE_H
#define ALLOT_SNAPSHOT_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/snapshot.h"

struct allot_freeze_options {
	/* The store's clock and CLOCK_MONOTONIC, read together now; both 0: the latest pair in the store. */
	uint64_t now_stamp, now_monotonic_ns;
	bool with_blocks;     /* keep every live block, not only the counters */
	enum allot_exit exit; /* how the process ended, as far as the caller knows */
	int32_t exit_value;
};

/*
 * Copies the counters of a mapped store. The caller holds the drain lock and has drained the rings, or knows that
 * nobody else can; producers may go on. The store is not trusted: only what its regions have committed within
 * `size` bytes is read, and what is out of range is not followed but counted in trust.lost[ALLOT_LOST_CORRUPT].
 *
 * Returns 0 with *out, which passes allotp_snapshot_check(), or a negative errno with the error filled in
 * (-EBADMSG: not a store, -ENOTSUP: another version's, -ENODATA: recording never began, -ENOMEM).
 */
int allotp_freeze(const void *base, size_t size, const struct allot_freeze_options *options,
		  struct allot_snapshot **out, struct allot_error *error);

#endif
