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
};

/* Notes that the snapshot is in the file. still: it was taken of a running program. 0 or -ENOMEM. */
int allotp_kept_add(struct allot_kept *kept, const struct allot_snapshot *snapshot, const char *path, bool still);

/* A line for each; of more than some twenty only the largest are told one by one. base is what their names begin with. */
void allotp_kept_print(struct allot_kept *kept, FILE *out, const char *base);

void allotp_kept_release(struct allot_kept *kept);

#endif
