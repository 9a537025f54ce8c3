/* SPDX-License-Identifier: MIT */
/*
 * Reads numbers, strings and columns out of untrusted bytes. A decoder that met something wrong remembers the
 * first reason, gives zeros from then on and never reads past its end, so callers check once, at the end.
 */
#ifndef ALLOT_SNAPSHOT_DECODER_H
#define ALLOT_SNAPSHOT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/table.h"

struct allot_decoder {
	const uint8_t *at, *end;
	int failed; /* 0, -EBADMSG or -ENOMEM */
};

uint64_t allotp_decode_varint(struct allot_decoder *decoder);

/* A count of items that take at least item_bytes each and so must fit into what is left, and into limit. */
uint64_t allotp_decode_count(struct allot_decoder *decoder, size_t item_bytes, uint64_t limit);

/*
 * Fills count structs, zeroed before, as the table says. Strings are malloc'ed; after a failure those that were
 * read are there and the others are NULL.
 */
void allotp_decode_columns(struct allot_decoder *decoder, const struct allot_table *table, void *items, size_t count);

/* The least bytes that one struct takes in the table's columns. */
size_t allotp_decode_item_bytes(const struct allot_table *table);

#endif
