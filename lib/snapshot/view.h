/* SPDX-License-Identifier: MIT */
/*
 * A careful look at a store that may be damaged or change under the reader: a private copy of its header, and
 * copies of single items that are known to lie in what their region has committed.
 */
#ifndef ALLOT_SNAPSHOT_VIEW_H
#define ALLOT_SNAPSHOT_VIEW_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "store/layout.h"

struct allot_error;

struct allot_view {
	const uint8_t *base;
	struct allot_header *header; /* a copy, so that what was checked is what is used */
	struct {
		uint64_t offset, bytes; /* of the committed part; 0 bytes if the table is wrong about it */
	} regions[ALLOT_REGIONS];
	uint64_t string_bytes;  /* in the strings region */
	uint64_t string_budget; /* bytes of strings that may still be copied */
	uint64_t corrupt;       /* things found out of range */
};

/* Returns 0, or a negative errno as allotp_freeze() does. */
int allotp_view_open(struct allot_view *view, const void *base, size_t size, struct allot_error *error);
void allotp_view_close(struct allot_view *view);

/* How many of the items that producers have numbered fit into the region: when it is full they number on. */
uint64_t allotp_view_filled(const struct allot_view *view, enum allot_region_id region, uint64_t numbered,
			    size_t item_size);

/* How many of the drainer's items there are in the region, at most `claimed`; counts a claim that is too high. */
uint64_t allotp_view_count(struct allot_view *view, enum allot_region_id region, uint64_t claimed, size_t item_size);

/* The same for items numbered from 1, whose place 0 stays empty: one more than the highest number, at least 1. */
uint64_t allotp_view_end(struct allot_view *view, enum allot_region_id region, uint64_t highest, size_t item_size);

/* Copies the item at that index, which must be below what one of the three above said. */
static inline void allotp_view_fetch(const struct allot_view *view, enum allot_region_id region, uint64_t index,
				     void *item, size_t item_size)
{
	memcpy(item, view->base + view->regions[region].offset + index * item_size, item_size);
	/* Once: the compiler must not read the shared memory again in place of the copy. */
	__asm__ volatile("" : : : "memory");
}

/* What is left of ever when freed is gone; counts a store that freed more than there was, and gives 0. */
uint64_t allotp_view_left(struct allot_view *view, uint64_t ever, uint64_t freed);

/* A malloc'ed copy of the string at that offset, "" if it is out of range. NULL: out of memory. */
char *allotp_view_string(struct allot_view *view, uint64_t offset);

#endif
