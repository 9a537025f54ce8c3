/* SPDX-License-Identifier: MIT */
/*
 * What is behind an allot_snapshot_t: a snapshot, and the names of its addresses. Snapshots that were filtered have the same
 * addresses as what they were made from, so they share its names; those are looked up under a lock.
 */
#ifndef ALLOT_LIBRARY_HANDLE_H
#define ALLOT_LIBRARY_HANDLE_H

#include <pthread.h>

#include <allot/snapshot.h>

#include "report/backtrace.h"

struct allot_named_addresses {
	unsigned references; /* atomic; from handles */
	pthread_mutex_t lock;
	struct allot_snapshot *snapshot; /* as it was loaded; owned */
	struct allot_resolver *resolver; /* made when it is first needed */
	allot_progress_fn *progress;     /* may be NULL */
	void *context;
};

struct allot_snapshot_handle {
	unsigned references; /* atomic; the user's, and those of statistics and tracebacks */
	struct allot_snapshot *snapshot;
	struct allot_named_addresses *names; /* its snapshot is this one, or what this one was filtered from */
};

/* A handle of a snapshot, which it takes over if it succeeds. Returns 0 and *out, or -ENOMEM. */
int allotp_handle_new(struct allot_snapshot *snapshot, allot_snapshot_t **out);
/* The same for one that has the nodes and modules of another handle's. */
int allotp_handle_share(const allot_snapshot_t *from, struct allot_snapshot *snapshot, allot_snapshot_t **out);
/* One more user, who calls allot_snapshot_free at the end. Handles look constant from outside, their counters are not. */
allot_snapshot_t *allotp_handle_retain(const allot_snapshot_t *handle);

/*
 * For all that may look names up: a view, whose resolver is this thread's until allotp_handle_unlock. Returns 0, or -ENOMEM
 * and nothing is locked.
 */
int allotp_handle_lock(const allot_snapshot_t *handle, struct allot_view *view);
void allotp_handle_unlock(const allot_snapshot_t *handle);
/* The same for two, in an order that cannot deadlock; the second may be NULL. */
int allotp_handle_lock_both(const allot_snapshot_t *a, const allot_snapshot_t *b, struct allot_view *view_of_a,
			    struct allot_view *view_of_b);
void allotp_handle_unlock_both(const allot_snapshot_t *a, const allot_snapshot_t *b);

#endif
