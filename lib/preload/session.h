/* SPDX-License-Identifier: MIT */
/* The store of this process: making it, and filling its header in. */
#ifndef ALLOT_PRELOAD_SESSION_H
#define ALLOT_PRELOAD_SESSION_H

#include "preload/state.h"

/* Makes the store that the configuration asks for and opens it for recording. 0 or a negative errno. */
int allotp_session_open(struct allot_state *state);

/* The same in a forked child, in the place of its parent's store, which stays on failure. Async-signal-safe. */
int allotp_session_open_forked(struct allot_state *state);

#endif
