/* SPDX-License-Identifier: MIT */
/* Verify mode: stacks compared with what the reference unwinder makes of them. For tests, and for doubts. */
#ifndef ALLOT_PRELOAD_VERIFY_H
#define ALLOT_PRELOAD_VERIFY_H

#include "unwind/walk.h"

/* Loads the reference unwinder if ALLOT_VERIFY asks for it. Allocates; not in a hook. */
void allotp_verify_init(void);

/*
 * Compares a stack just walked from the caller with the reference unwinder's. Counts, and keeps the first that
 * differ. Takes the loader's lock, which is why this is no default.
 */
void allotp_verify(const struct allot_walk_start *caller, const struct allot_walk_result *walked);

#endif
