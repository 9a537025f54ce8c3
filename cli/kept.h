/* SPDX-License-Identifier: MIT */
/* The snapshots of other processes that `allot run` has written on the way, to be told at the end. */
#ifndef ALLOT_CLI_KEPT_H
#define ALLOT_CLI_KEPT_H

#include <stddef.h>
#include <stdio.h>

#include "snapshot/snapshot.h"

struct allot_kept_one {
	char *text; /* the line that tells of it */
	uint64_t peak_bytes;
	uint64_t started_ns; /* they are told in this order */
};

struct allot_kept {
	struct allot_kept_one *list;
	size_t count, capacity;
	size_t passed;         /* programs that have gone on as another one, and were not worth a snapshot */
	uint64_t passed_bytes; /* the highest peak among them */
};

/* Notes that the snapshot is in the file. still: it was taken of a running program. 0 or -ENOMEM. */
int allotp_kept_add(struct allot_kept *kept, const struct allot_snapshot *snapshot, const char *path, bool still);

/*
 * Whether the snapshot of a followed process is worth a file. One that becomes another program (exec) has done with all that
 * it had: unless that was much, it is counted only. Else each fork and exec of a build would leave two files.
 */
bool allotp_kept_matters(struct allot_kept *kept, const struct allot_snapshot *snapshot);

/* A line for each; of more than some twenty only the largest are told one by one. base is what their names begin with. */
void allotp_kept_print(struct allot_kept *kept, FILE *out, const char *base);

/* A line for those that were counted only, if there are any. */
void allotp_kept_print_passed(const struct allot_kept *kept, FILE *out);

void allotp_kept_release(struct allot_kept *kept);

#endif
