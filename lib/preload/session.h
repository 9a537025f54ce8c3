/* SPDX-License-Identifier: MIT */
/* The store of this process: making it, and filling its header in. */
#ifndef ALLOT_PRELOAD_SESSION_H
#define ALLOT_PRELOAD_SESSION_H

#include "preload/state.h"

/*
 * Makes the store that the configuration asks for and opens it for recording. flags: ALLOT_STORE_LATE, or 0. 0 or a
 * negative errno.
 */
int allotp_session_open(struct allot_state *state, uint32_t flags);

/*
 * Says on standard error why a program that was to be traced from its start is not, where nobody else would. The programs
 * that it starts are left in peace.
 */
void allotp_session_complain(int error);

/*
 * The same in the place of a store that is not, or no longer, this process's own, as in a forked child (flags have
 * ALLOT_STORE_FORKED then); that one stays on failure. Async-signal-safe.
 */
int allotp_session_open_in_place(struct allot_state *state, uint32_t flags);

#endif
