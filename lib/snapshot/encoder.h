/* SPDX-License-Identifier: MIT */
/*
 * A growing buffer that numbers and strings are appended to. An encoder that ran out of memory says so in
 * `failed` and ignores everything after, so callers check once, at the end.
 */
#ifndef ALLOT_SNAPSHOT_ENCODER_H
#define ALLOT_SNAPSHOT_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/table.h"

/* All zero is an empty one. */
struct allot_encoder {
	uint8_t *data; /* malloc'ed, the caller frees it */
	size_t size, capacity;
	bool failed; /* out of memory */
};

/* LEB128: seven bits a byte, least significant first. */
void allotp_encode_varint(struct allot_encoder *encoder, uint64_t value);

/*
 * Many of them at once: room for so many, put one after the other, and the end of the last one. NULL: the encoder has failed; then
 * nothing is to be put.
 */
uint8_t *allotp_encode_room(struct allot_encoder *encoder, size_t varints);
static inline uint8_t *allotp_encode_put(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}
void allotp_encode_to(struct allot_encoder *encoder, const uint8_t *end);

/* How many varints to make room for at once. */
enum { ALLOT_ENCODE_MANY = 4096 };
/* A varint of length + 1 and the bytes; NULL is a single 0. */
void allotp_encode_string(struct allot_encoder *encoder, const char *string);

/* Opens a section and returns where, for allotp_encode_end() to fill its length in. */
size_t allotp_encode_begin(struct allot_encoder *encoder, uint32_t tag);
void allotp_encode_end(struct allot_encoder *encoder, size_t begin);

/* Appends count structs as the table says, column by column. */
void allotp_encode_columns(struct allot_encoder *encoder, const struct allot_table *table, const void *items,
			   size_t count);

#endif
