/* SPDX-License-Identifier: MIT */
/*
 * The store of this process for one thread alone, which has been asked by the program for exact numbers. Unlike a hook it
 * may wait, some seconds at most: for another thread that drains, or another process.
 */
#ifndef ALLOT_PRELOAD_ACCESS_H
#define ALLOT_PRELOAD_ACCESS_H

#include <stdint.h>

struct allot_access {
	uint64_t signals; /* those blocked before: no handler must jump away with the lock */
};

/*
 * In a process that records: everything recorded before the call is counted, and the store stays as it is until
 * allotp_access_end. 0; -ENODATA: nothing is traced; -EBUSY: somebody who is stopped has the store; other negative errnos.
 */
int allotp_access_begin(struct allot_access *access);
void allotp_access_end(struct allot_access *access);

/*
 * The lock alone, whether the process records or not; it has a store of its own, or -ECHILD: a signal handler has just forked
 * it.
 */
int allotp_access_lock(struct allot_access *access);
void allotp_access_unlock(struct allot_access *access);
/* The same where another process may have inherited the lock (allotp_drain_inherit): then it is that one's to unlock. */
void allotp_access_leave(struct allot_access *access);

/* Lets others run for a moment. -EBUSY: that has been going on for too long since then (CLOCK_MONOTONIC, ns). */
int allotp_access_wait(uint64_t since);

#endif
