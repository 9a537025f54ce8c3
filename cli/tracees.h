/* SPDX-License-Identifier: MIT */
/*
 * The stores of one `allot run`: the first program's memfd, and the files that other programs in its place and
 * followed children leave in a private directory.
 */
#ifndef ALLOT_CLI_TRACEES_H
#define ALLOT_CLI_TRACEES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "read/reader.h"

struct allot_tracee {
	struct allot_reader reader;
	char *file; /* of the store, in the directory; NULL: the memfd */
	uint32_t pid;
	uint64_t started; /* CLOCK_MONOTONIC */
	bool announced;   /* it has begun to record: pid and started are known */
	bool last;        /* it has been called the last of its process */
	bool over;        /* it has been let go: there is no reader any more */
};

struct allot_tracees {
	char directory[256];
	int owner; /* the file in it that is locked for as long as we live; -1: none */
	struct allot_tracee *list;
	size_t count;
};

/* Makes the private directory, in memory if there is such a file system. 0 or a negative errno with the error. */
int allotp_tracees_init(struct allot_tracees *tracees, struct allot_error *error);
/* Removes the directory and what is left in it. */
void allotp_tracees_free(struct allot_tracees *tracees);
/* Leaves it as it is. */
void allotp_tracees_close(struct allot_tracees *tracees);

/* Where such directories are made, in this order; some may be NULL. */
enum { ALLOT_TRACEES_PLACES = 3 };
void allotp_tracees_places(const char *places[ALLOT_TRACEES_PLACES]);

/* The file in the directory that says whether its `allot run` lives, by a lock, and where it keeps snapshots, by a path. */
#define ALLOT_TRACEES_OWNER "owner"
/* Notes in it what the names of snapshots begin with. */
void allotp_tracees_note(const struct allot_tracees *tracees, const char *base);

/*
 * For others: takes the lock of a directory whose `allot run` was killed. Returns the descriptor that has it, or a negative errno:
 * -EAGAIN if it lives, -ENOENT if there is no such file.
 */
int allotp_tracees_lock(const char *directory);
/* How many stores there are. */
unsigned int allotp_tracees_stores(const char *directory);
/* Removes stores that nobody has mapped. Returns how many are left. */
unsigned int allotp_tracees_sweep(const char *directory);

/* Makes the memfd for the first program and opens it. Returns a descriptor to pass down, or a negative errno. */
int allotp_tracees_make_first(struct allot_tracees *tracees, struct allot_error *error);

/* Drains all, after a look for stores that have turned up if wanted. Returns how many events. */
uint64_t allotp_tracees_poll(struct allot_tracees *tracees, bool look_for_new);

/* The store of the last program that ran as this process; NULL: none. */
struct allot_tracee *allotp_tracees_last_of(struct allot_tracees *tracees, uint32_t pid);
/* Whether it is that store, and the first that is called so: the numbers of processes are used again. */
bool allotp_tracees_is_last(struct allot_tracees *tracees, struct allot_tracee *tracee);
/* How many programs the process had been before, of those that were traced. */
unsigned int allotp_tracees_before(const struct allot_tracees *tracees, const struct allot_tracee *tracee);

/*
 * One that has ended, has been drained since and is not `but`; NULL: none. A build has thousands of processes: whoever
 * kept all their stores open would run out of address space, descriptors and memory.
 */
struct allot_tracee *allotp_tracees_next_ended(struct allot_tracees *tracees, const struct allot_tracee *but);
/* Removes the store of one that has ended; the caller gets its reader and closes that. */
struct allot_reader allotp_tracees_hand_over(struct allot_tracees *tracees, struct allot_tracee *tracee);
/* The same, and closes it. */
void allotp_tracees_let_go(struct allot_tracees *tracees, struct allot_tracee *tracee);

#endif
