/* SPDX-License-Identifier: MIT */
/*
 * The program's snapshot on its way into its file, in a thread of its own: without the names of functions at once, so that it is
 * there whatever becomes of the rest, and with them when they have been found. Zeroed, it is none.
 */
#ifndef ALLOT_CLI_SAVER_H
#define ALLOT_CLI_SAVER_H

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "common/error.h"
#include "read/reader.h"
#include "snapshot/encoder.h"

struct allot_snapshot;

struct allot_saver {
	const struct allot_snapshot *snapshot; /* the thread reads all of it but the symbols */
	const char *path;
	struct allot_reader reader;
	bool at_once; /* a file, which can be written twice */
	/* of the thread, until it is done */
	struct allot_encoder encoder;
	int result;
	struct allot_error error;
	/* shared, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool named;   /* whoever names functions has come to an end: to write without them is too late */
	bool done;    /* encoded, and written if there was time */
	bool through; /* signals are let through, by this mask */
	sigset_t mask;

	bool started; /* all of the above is valid; */
	bool alone;   /* there was no thread to be had: it is done already */
	pthread_t thread;
};

/*
 * Begins. snapshot and path are to stay as they are, but for the symbols; reader is taken over, and closed when there is
 * nothing more urgent to do. If at_once is false, the file is only written by allotp_saver_finish().
 */
void allotp_saver_start(struct allot_saver *saver, const struct allot_snapshot *snapshot, const char *path,
			bool at_once, const struct allot_reader *reader);

/*
 * The caller has blocked signals since before allotp_saver_start(). From now on they go their way by this mask: as soon as the
 * snapshot is in its file, or at once if that is not to be written before there are names.
 */
void allotp_saver_let_through(struct allot_saver *saver, const sigset_t *mask);

/* Waits until the snapshot can be changed. 0, or what writing it has failed by. */
int allotp_saver_wait(struct allot_saver *saver, struct allot_error *error);

/* After that, if it has not failed: writes it with its symbols. 0, or a negative errno with the error. */
int allotp_saver_finish(struct allot_saver *saver, struct allot_error *error);

/* Signals that had to wait are heeded now. */
void allotp_saver_release(struct allot_saver *saver);

#endif
