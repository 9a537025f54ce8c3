/* SPDX-License-Identifier: MIT */
/* What the targets share that fuzz a reader of snapshots. */
#ifndef ALLOT_TESTS_FUZZ_READER_H
#define ALLOT_TESTS_FUZZ_READER_H

#include <stdbool.h>
#include <stdlib.h>

#include "common/error.h"
#include "snapshot/snapshot.h"

/* The reader must say what is wrong with the input, or make a snapshot of it that is as it should be. Returns 0. */
static inline int fuzz_reader(int (*read)(const void *data, size_t size, const char *name, struct allot_snapshot **out,
					  struct allot_error *error),
			      bool (*is_good)(const struct allot_snapshot *snapshot), const void *data, size_t size)
{
	struct allot_snapshot *snapshot;
	struct allot_error error = { "" };

	if (read(data, size, "x", &snapshot, &error) == 0) {
		if (!is_good(snapshot))
			abort();
		allotp_snapshot_free(snapshot);
	} else if (!error.text[0]) {
		abort();
	}
	return 0;
}

#endif
