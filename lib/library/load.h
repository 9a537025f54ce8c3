/* SPDX-License-Identifier: MIT */
/* What a user names, whatever kind of file it is, as a snapshot. */
#ifndef ALLOT_LIBRARY_LOAD_H
#define ALLOT_LIBRARY_LOAD_H

#include "common/error.h"
#include "snapshot/snapshot.h"

/* Returns 0 and *out, to be freed by allotp_snapshot_free, or a negative errno with the error filled in. */
int allotp_load(const char *path, struct allot_snapshot **out, struct allot_error *error);
int allotp_load_memory(const void *data, size_t size, const char *name, struct allot_snapshot **out,
		       struct allot_error *error);

#endif
