/* SPDX-License-Identifier: MIT */
/* The sections of a snapshot file, as they are inside its compressed frame. */
#ifndef ALLOT_SNAPSHOT_PAYLOAD_H
#define ALLOT_SNAPSHOT_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

struct allot_error;
struct allot_snapshot;

/* More than this is refused by the writer and the reader alike. */
#define ALLOT_SNAPSHOT_PAYLOAD_MAX (UINT64_C(4) << 30)

/* Encodes the sections. Returns 0 with a malloc'ed *data, -ENOMEM or -EFBIG. name is used in errors. */
int allotp_snapshot_encode(const struct allot_snapshot *snapshot, const char *name, uint8_t **data, size_t *size,
			   struct allot_error *error);

/* allotp_snapshot_parse() behind the checksum: the same promises, for bytes that were already decompressed. */
int allotp_snapshot_parse_payload(const void *data, size_t size, const char *name, struct allot_snapshot **out,
				  struct allot_error *error);

#endif
