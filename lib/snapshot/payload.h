/* SPDX-License-Identifier: MIT */
/* The sections of a snapshot file, as they are inside its compressed frame. */
#ifndef ALLOT_SNAPSHOT_PAYLOAD_H
#define ALLOT_SNAPSHOT_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/encoder.h"

struct allot_error;
struct allot_snapshot;

/* More than this is refused by the writer and the reader alike. */
#define ALLOT_SNAPSHOT_PAYLOAD_MAX (UINT64_C(4) << 30)

/* Encodes the sections. Returns 0 with a malloc'ed *data, -ENOMEM or -EFBIG. name is used in errors. */
int allotp_snapshot_encode(const struct allot_snapshot *snapshot, const char *name, uint8_t **data, size_t *size,
			   struct allot_error *error);

/*
 * The same in two steps, for names that are found while the rest is encoded already: all sections but that of the symbols are a
 * payload, too, and so they are with that one behind them. encoder is empty at first. Both return 0, or a negative errno with the
 * error; the caller frees encoder->data in any case. The first reads nothing of the symbols.
 */
int allotp_snapshot_encode_body(const struct allot_snapshot *snapshot, const char *name, struct allot_encoder *encoder,
				struct allot_error *error);
int allotp_snapshot_encode_symbols(const struct allot_snapshot *snapshot, const char *name,
				   struct allot_encoder *encoder, struct allot_error *error);

/* Packs a payload into a file as allotp_snapshot_write() does. */
int allotp_snapshot_write_payload(const void *payload, size_t size, const char *path, struct allot_error *error);

/* allotp_snapshot_parse() behind the checksum: the same promises, for bytes that were already decompressed. */
int allotp_snapshot_parse_payload(const void *data, size_t size, const char *name, struct allot_snapshot **out,
				  struct allot_error *error);

#endif
