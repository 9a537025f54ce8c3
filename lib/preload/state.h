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
	uint32_t changing; /* a thread is at what the program asks for: to start, to stop, a new domain (atomic) */
	uint32_t looking;  /* a thread looks for leaks (atomic) */
	union {
		struct {
			uint32_t depth; /* 1; else something may have been unloaded (atomic) */
			uint32_t quick; /* an odd number while the short way is open: see quick.h (atomic) */
		};
		uint64_t usual; /* what a thread's is, if it may go the short way (atomic) */
	};
};

extern struct allot_guard *allotp_guard __attribute__((visibility("hidden")));

struct allot_state {
	struct allot_store store;
	bool counter;            /* stamps come from the cycle counter */
	uint64_t sampling_bytes; /* a block is recorded about every so many bytes allocated; 0: every block is */
	uint32_t depth_limit;    /* of stacks; 0: none */
	uint32_t stores;         /* counts the stores of this process and its ancestors */
	uint32_t generation;     /* counts that, and how often tracing was started anew: old contexts start afresh */
	bool inherited;          /* the store is the parent's, or nothing: this process has none of its own */
	uint32_t note;           /* the store's note while tracing */
	uint32_t stop_note;      /* and the one that says that it was stopped; 0: not written yet */
	uint32_t pid;
	uint32_t first_pid; /* of the process that this program started as; forked children differ */
};

extern struct allot_state allotp_state __attribute__((visibility("hidden")));

/*
 * To be called first in a child of fork, if it can be: as a rule nothing is to be done before its first event, but if a signal
 * handler has forked that interrupted the tracer, what that has under way must not be finished in the parent's store by
 * the child too.
 */
void allotp_state_forked(void);

/* Starts recording, in a fresh process or a forked child, if it has not and should. Returns whether it records. */
bool allotp_state_start(void);

/*
 * Starts tracing because the program wants it, with this limit, in a process that does not trace: in a store of its own, or
 * in the one that it has, cleared. 0, also if it was tracing; -EINVAL: the configuration is nonsense; -EAGAIN: too early;
 * -EBUSY: somebody keeps the store locked; -EPERM: the program has forbidden itself what it takes; other errors: no store
 * could be made.
 */
int allotp_state_resume(uint32_t depth_limit);

/* Stops tracing because the program wants it, and forgets everything. 0, or -EBUSY. In a process that records. */
int allotp_state_suspend(void);

/* One thread at a time, for the two above and what must not meet them. -EBUSY: another takes too long. */
int allotp_state_change_begin(void);
void allotp_state_change_end(void);

/* Ends recording in this process, for a reason that is told to readers. */
void allotp_state_stop(const char *note, size_t size);
/*
 * The same when the store cannot grow. What was recorded until then is exact; were only this event left out, frees of
 * blocks that nobody knows would follow, and blocks that nobody frees.
 */
void allotp_state_stop_full(void);

/* What threads know of code is old: each goes the long way, until it has forgotten that. After the store's epoch was raised. */
void allotp_state_outdate(void);

static inline bool allotp_recording(void)
{
	uint32_t mode = allotp_guard->mode;

	return __builtin_expect(mode == ALLOT_MODE_RECORDING, 1) || (mode == ALLOT_MODE_UNSET && allotp_state_start());
}

#endif
