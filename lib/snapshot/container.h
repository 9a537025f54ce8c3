/* SPDX-License-Identifier: MIT */
/* The outside of a snapshot file: a header of fixed size, and one compressed frame. */
#ifndef ALLOT_SNAPSHOT_CONTAINER_H
#define ALLOT_SNAPSHOT_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

struct allot_error;

#define ALLOT_CONTAINER_HEADER 32

struct allot_container {
	uint64_t payload_size; /* before compression */
	uint64_t frame_size;   /* the compressed frame, which follows the header */
};

/*
 * Compresses the payload and puts the header before it. Returns 0 with the whole file's bytes, malloc'ed, in
 * *data, or a negative errno. name is used in errors.
 */
int allotp_container_pack(const void *payload, size_t payload_size, const char *name, uint8_t **data, size_t *size,
			  struct allot_error *error);

/*
 * Reads the header from a file's first bytes, as many as there are. Returns 0 with *container filled in: both sizes
 * are then within what a frame of that size can hold; or a negative errno (-EBADMSG, -ENOTSUP: newer).
 */
int allotp_container_open(const void *data, size_t size, const char *name, struct allot_container *container,
			  struct allot_error *error);

/* Decompresses a whole file. Returns 0 with the payload, malloc'ed, in *data, or a negative errno. */
int allotp_container_unpack(const void *file, size_t file_size, const char *name, uint8_t **data, size_t *size,
			    struct allot_error *error);

#endif
