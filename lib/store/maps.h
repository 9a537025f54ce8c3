/* SPDX-License-Identifier: MIT */
/*
 * The mmap domain: live mappings as a sorted array of ranges. munmap may take a piece out of the middle of one, or
 * of several; what remains is counted with its site. The array is changed in the store at once, the counters are the
 * batch's. For the drainer only.
 */
#ifndef ALLOT_STORE_MAPS_H
#define ALLOT_STORE_MAPS_H

#include "store/batch.h"

/* A mapping appears, and replaces what was mapped there. */
void allotp_maps_add(struct allot_batch *batch, uint32_t slot, const struct allot_event *event);

/* Everything in [start, start + size) goes. A mapping that is cut in two counts as two blocks from then on. */
void allotp_maps_remove(struct allot_batch *batch, uint64_t start, uint64_t size);

/* The mapping, or what is left of it, that begins at this address; NULL: none does. */
const struct allot_map *allotp_maps_find(struct allot_store *store, uint64_t start);

#endif
