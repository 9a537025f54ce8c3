/* SPDX-License-Identifier: MIT */
/* The store of this process: making it, and filling its header in. */
#ifndef ALLOT_PRELOAD_SESSION_H
#define ALLOT_PRELOAD_SESSION_H

#include "preload/state.h"

/*
 * Makes the store that the configuration asks for and opens it for recording. at: NULL, or in a forked child the
 * address of its parent's store, which is replaced on success. 0 or a negative errno. Async-signal-safe in a child.
 */
int allotp_session_open(struct allot_state *state, void *at);

#endif
