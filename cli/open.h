/* SPDX-License-Identifier: MIT */
/* Opening what the user names, whatever kind of file it is. */
#ifndef ALLOT_CLI_OPEN_H
#define ALLOT_CLI_OPEN_H

#include "common/error.h"
#include "snapshot/snapshot.h"

/* Returns 0 and *out, to be freed by allotp_snapshot_free, or a negative errno with the error filled in. */
int allotp_snapshot_open(const char *path, struct allot_snapshot **out, struct allot_error *error);

#endif
