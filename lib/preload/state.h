/* SPDX-License-Identifier: MIT */
/* Whether this process records, and into which store. */
#ifndef ALLOT_PRELOAD_STATE_H
#define ALLOT_PRELOAD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum allot_mode {
	ALLOT_MODE_UNSET, /* not begun; or this is a forked child that has not begun its own store yet */
	ALLOT_MODE_RECORDING,
	ALLOT_MODE_OFF,
};

/*
 * Lies in a page that the kernel wipes in a forked child, however it was forked: so each event's one look at the
 * mode also tells whether this is still the process that the store belongs to.
 */
struct allot_guard {
	uint32_t mode;     /* enum allot_mode */
	uint32_t starting; /* a thread is at it (atomic) */
};

extern struct allot_guard *allotp_guard;

struct allot_state {
	struct allot_store store;
	bool counter;        /* stamps come from the cycle counter */
	uint64_t sampling_bytes; /* a block is recorded about every so many bytes allocated; 0: every block is */
	uint32_t generation; /* counts the stores of this process and its ancestors: old contexts start afresh */
	uint32_t pid;
	uint32_t first_pid;  /* of the process that this program started as; forked children differ */
};

extern struct allot_state allotp_state;

/* Starts recording, in a fresh process or a forked child, if it has not and should. Returns whether it records. */
bool allotp_state_start(void);

/* Ends recording in this process, for a reason that is told to readers. */
void allotp_state_stop(const char *note, size_t size);
/*
 * The same when the store cannot grow. What was recorded until then is exact; were only this event left out, frees of
 * blocks that nobody knows would follow, and blocks that nobody frees.
 */
void allotp_state_stop_full(void);

static inline bool allotp_recording(void)
{
	uint32_t mode = allotp_guard->mode;

	return __builtin_expect(mode == ALLOT_MODE_RECORDING, 1) || (mode == ALLOT_MODE_UNSET && allotp_state_start());
}

#endif
