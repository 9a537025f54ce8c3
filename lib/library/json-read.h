/* SPDX-License-Identifier: MIT */
/* A snapshot from JSON, which may hold anything. */
#ifndef ALLOT_LIBRARY_JSON_READ_H
#define ALLOT_LIBRARY_JSON_READ_H

#include <stddef.h>

#include "common/error.h"
#include "snapshot/snapshot.h"

/*
 * Each returns 0 and *out, which passes allotp_snapshot_check(), or a negative errno with the error filled in: -EBADMSG,
 * -ENOTSUP (made by a newer allot), -ENOMEM.
 */
int allotp_json_read_file(const char *path, struct allot_snapshot **out, struct allot_error *error);
int allotp_json_read_memory(const void *data, size_t size, const char *name, struct allot_snapshot **out,
			    struct allot_error *error);

#endif
