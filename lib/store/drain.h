/* SPDX-License-Identifier: MIT */
/*
 * The drain: takes the events out of all rings in the order of their stamps and applies them to the counters.
 * Anyone may drain, in any process that maps the store, one at a time: whoever has the lock.
 */
#ifndef ALLOT_STORE_DRAIN_H
#define ALLOT_STORE_DRAIN_H

#include "store/store.h"

/* So many bytes make a batch that is worth draining, where nobody else does it. */
#define ALLOT_RING_BATCH (256u << 10)
/* While a reader drains, the rings may hold this many bytes before producers step in, or aside if it is at it. */
#define ALLOT_RING_RESERVE (2u << 20)
/* And where nobody does, this many before producers that cannot drain step aside for the one that can. */
#define ALLOT_RING_LIMIT (3u << 20)

/*
 * What this process signs the lock with: its number, when it was started, and its namespaces, where /proc tells. To be
 * asked once for each process.
 */
uint64_t allotp_drain_signature(const struct allot_store *store);

/*
 * Takes the lock if nobody has it, or if its owner is a dead process of our pid namespace. Never waits. 0, or
 * -EBUSY; other negative errnos when the store cannot be opened up. Recovers what a dead owner left half done.
 */
int allotp_drain_lock(struct allot_store *store);

/*
 * For a reader that waits for the lock, before each try: producers leave it alone for a moment. Where they have more to drain
 * than time, one has it always, and a try now and then would hardly ever find it free.
 */
void allotp_drain_want(struct allot_store *store);

/* Whether a thread of the traced program holds the lock, and this is it. Any thread; async-signal-safe. */
bool allotp_drain_owner_is_here(const struct allot_store *store);

/* Whether whoever has the lock makes no progress because it is stopped (SIGSTOP), or cannot be looked at. */
bool allotp_drain_owner_is_stopped(const struct allot_store *store);
/* Whether nobody has it. */
bool allotp_drain_is_free(const struct allot_store *store);

/* Takes the lock whoever has it. Only when the caller knows that nobody can be draining any more. */
int allotp_drain_lock_by_force(struct allot_store *store);

void allotp_drain_unlock(struct allot_store *store);

/* The calling thread becomes the owner of a lock that the process it was forked from has, and which thereby loses it. */
void allotp_drain_inherit(struct allot_store *store);
/* Unlocks, if the calling thread is the owner still. */
void allotp_drain_leave(struct allot_store *store);

/*
 * Applies the events that are old enough to be in order; what is younger than a microsecond may stay. Needs the
 * lock. Returns how many. In the traced program the caller has blocked all signals.
 */
uint64_t allotp_drain(struct allot_store *store);
/* The same up to this very moment: everything the calling thread has done is in. Spins for a microsecond. */
uint64_t allotp_drain_now(struct allot_store *store);
/*
 * The same, and also what waits for the turn of an event that another thread is writing at this moment: everything that
 * any thread had written before the call is in. Takes some seconds at most, when a thread was killed or left in the middle.
 */
void allotp_drain_all(struct allot_store *store);
/* Everything, for a process that is gone. */
uint64_t allotp_drain_rest(struct allot_store *store);

/* For producers whose ring is full: whether there is so much in the rings that somebody should drain them now. */
bool allotp_drain_is_due(const struct allot_store *store);

/* For producers: whether the rings may take more memory until a reader comes. */
bool allotp_drain_has_reserve(const struct allot_store *store);

/* For producers: whether the rings hold more than they should. */
bool allotp_drain_is_behind(const struct allot_store *store);

/* For producers: drains if that needs no waiting, with all signals blocked. Async-signal-safe. */
void allotp_drain_try(struct allot_store *store);

#endif
