/* SPDX-License-Identifier: MIT */
/*
 * A copy of a store as it is at one moment, which says of itself that it is one (ALLOT_STORE_IMAGE): a store of no more
 * than what it holds, without the rings and what only producers need, one region right behind the other. Readers freeze
 * it without draining, locking or writing anything.
 */
#ifndef ALLOT_STORE_IMAGE_H
#define ALLOT_STORE_IMAGE_H

#include "store/store.h"

/* The pieces of an image, in order: the header, then each region's bytes; each filled up to whole pages by zeros. */
struct allot_image {
	const struct allot_header *header;
	struct {
		const uint8_t *bytes; /* in the store */
		uint64_t count;
	} parts[ALLOT_REGIONS];
	uint64_t size; /* of the whole */
};

#define ALLOT_IMAGE_PAGE 4096u

/*
 * Looks at a store that was drained, and is locked until the pieces have been copied. header: memory for the header of
 * the image. Async-signal-safe.
 */
void allotp_image_plan(struct allot_image *image, const struct allot_store *store, struct allot_header *header);

/* How many bytes a part takes, with the zeros behind it. */
static inline uint64_t allotp_image_padded(uint64_t count)
{
	return (count + ALLOT_IMAGE_PAGE - 1) / ALLOT_IMAGE_PAGE * ALLOT_IMAGE_PAGE;
}

/* Copies all to zeroed memory of image->size bytes. */
void allotp_image_copy(const struct allot_image *image, uint8_t *to);

#endif
