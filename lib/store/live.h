/* SPDX-License-Identifier: MIT */
/*
 * The live table: every live block by its address. Pages, found by a directory of hash prefixes (extendible hashing), so
 * that growing never stops to rehash, each a hash table of its own. What a drainer does here may be done again, after it has died: then
 * allotp_live_recover comes first. For the drainer only.
 */
#ifndef ALLOT_STORE_LIVE_H
#define ALLOT_STORE_LIVE_H

#include "store/store.h"

/* Creates the first page. Before anything is recorded. */
int allotp_live_init(struct allot_store *store);

/* What places are counted in: the largest that divides all of them. */
#define ALLOT_LIVE_UNIT 8u

/*
 * Where an entry is: for whoever comes again, to whom it saves the search. It may have moved since, and then is searched for; 0: it
 * is not known.
 */
static inline uint32_t allotp_live_place(const struct allot_store *store, const struct allot_live_entry *entry)
{
	return (uint32_t)((uint64_t)((const uint8_t *)entry - store->region[ALLOT_REGION_PAGES]) / ALLOT_LIVE_UNIT);
}

/*
 * A block is in the table, with these values. *place is where it was, and then where it is. 0, or a negative errno when the store is
 * full, and it is not.
 */
int allotp_live_set(struct allot_store *store, const struct allot_live_entry *entry, uint32_t *place);
/* The same, if it is known that it is not there yet. */
int allotp_live_add(struct allot_store *store, const struct allot_live_entry *entry, uint32_t *place);

/* A block is not in the table; place is where it was. */
void allotp_live_remove(struct allot_store *store, uint64_t key, uint32_t place);

/* Takes out every entry. If it is cut short, it has to be done again. */
void allotp_live_clear(struct allot_store *store);

/* The block's entry, or NULL. Valid until the table next changes. */
const struct allot_live_entry *allotp_live_find(const struct allot_store *store, uint64_t key);

/*
 * Calls each for every block. For whoever has the drain lock; the table must not change meanwhile. scratch: a byte for each
 * page (header.page_count + 1), all 0.
 */
void allotp_live_each(const struct allot_store *store, uint8_t *scratch,
		      void (*each)(void *context, const struct allot_live_entry *entry), void *context);

/* After a drainer died: makes the table sound again. It may lack the entry that was being set or removed. */
void allotp_live_recover(struct allot_store *store);

/* Whether the table is larger than what a core has near. */
static inline bool allotp_live_is_far(const struct allot_store *store)
{
	return __builtin_expect(store->header->page_count >= 256, 0);
}

/*
 * Ask for memory that a look-up of the block, or a change of it, will need in a while, so that it has come by then: first what
 * tells its page, then, some time later, its home.
 */
void allotp_live_prefetch_directory(const struct allot_store *store, uint64_t key);
void allotp_live_prefetch(const struct allot_store *store, uint64_t key);

#endif
