/* SPDX-License-Identifier: MIT */
/*
 * What has changed of one quantity between two snapshots, call site by call site, and which changes cancel out because code
 * has only moved.
 *
 * Changes cancel out if what one call site has more, bytes and blocks, another has less, or several together have less (or
 * the other way round), and their stacks are near: one has the other's frames and some more (a frame was inserted, calls were
 * inlined without a trace), or they differ by one function that has another name.
 */
#ifndef ALLOT_GATE_CHANGE_H
#define ALLOT_GATE_CHANGE_H

#include "gate/ledger.h"

struct allot_change {
	uint32_t key;
	const struct allot_entry *now, *before; /* NULL: it was not there */
	struct allot_count count, count_before;
	struct allot_variance variance; /* of the difference */
	/* Changes with the same number here (not 0) cancel out; one of them is alone on its side. */
	uint32_t moved;
};

struct allot_changes {
	struct allot_change *list; /* by identity, in the order of allotp_keys_compare */
	uint32_t count;
	uint32_t moved; /* how many groups cancel out */
};

/* Both ledgers must have been made with these keys. Returns 0 or -ENOMEM; release it either way. */
int allotp_changes_init(struct allot_changes *changes, const struct allot_keys *keys, const struct allot_ledger *now,
			const struct allot_ledger *before, enum allot_quantity quantity);
void allotp_changes_release(struct allot_changes *changes);

/* Finds what has moved, and numbers it. Part of allotp_changes_init; lib/gate/moved.c. */
int allotp_changes_find_moved(struct allot_changes *changes, const struct allot_keys *keys);

#endif
