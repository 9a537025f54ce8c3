/* SPDX-License-Identifier: MIT */
/*
 * Stopping the other threads of the own process without ptrace: each is sent a signal, whose handler waits until it may go on.
 * The handler is there only meanwhile, on a real-time signal that nobody has a use for: with no handler, not ignored, not
 * blocked or waited for by any thread, not pending. Nothing is held up for longer than the stop; whoever does not answer makes it
 * fail. Afterwards the signal is as it was before.
 *
 * What threads notice: calls that no signal handler leaves undisturbed end early, with EINTR, as signal(7) lists them (nanosleep,
 * poll, select, epoll_wait, sigtimedwait, semop, pause …); all others are started anew by the kernel. Only one stop at a time.
 */
#ifndef ALLOT_SCAN_SIGNAL_STOP_H
#define ALLOT_SCAN_SIGNAL_STOP_H

#include "scan/held.h"

struct allot_signal_stop_thread {
	int tid;
	uint32_t state; /* (atomic) */
	uint64_t thread_pointer;
	const void *context; /* what its handler was given, in its stack */
};

struct allot_signal_stop {
	/* to be set by the caller, who has all signals blocked */
	int pid;
	uint64_t blocked; /* signals that the calling thread had blocked before */
	struct allot_signal_stop_thread *threads;
	uint32_t capacity;
	void *buffer;
	size_t buffer_size;
	/* Whether the thread of that thread pointer must not be stopped just now. Called in it, in the handler. NULL: none is. */
	uint64_t (*busy)(void *context, uint64_t thread_pointer);
	void *busy_context;
	/* results */
	uint64_t begun; /* when the first thread was asked to stop: CLOCK_MONOTONIC, ns */
	/* private */
	int self, signal;
	uint32_t count, turn;
	bool found; /* a thread that was not known */
};

/*
 * Stops all threads but the calling one. 0 or a negative errno, and nothing is stopped then: -EBUSY: there is no such signal;
 * -ETIMEDOUT: a thread did not answer within a second; -EAGAIN: one stays busy; -ENOTSUP: not on this processor.
 */
int allotp_signal_stop_begin(struct allot_signal_stop *stop);

/* The registers of all stopped threads into the store. 0 or a negative errno. */
int allotp_signal_stop_hold(const struct allot_signal_stop *stop, struct allot_held *held);

/*
 * Lets all threads go on. After begin, also when that has failed. False: one has not left its handler within a second, and
 * stop->threads must stay where it is.
 */
bool allotp_signal_stop_end(struct allot_signal_stop *stop);

/* In a forked child: takes out the handler that the child may have been born with. */
void allotp_signal_stop_forked(void);

/* Chooses a signal that is in none of these sets, each a bit, signal 1 the lowest; 0: none is left. */
int allotp_signal_stop_choose(uint64_t used, uint64_t ignored, uint64_t blocked);

#endif
