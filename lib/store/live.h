/* SPDX-License-Identifier: MIT */
/*
 * The live table: every live block by its address. Two floors: the newest blocks sit in a small direct-mapped
 * table in the header, where most of them are freed again; the others move to pages, found by a directory of
 * hash prefixes (extendible hashing), so that growing never stops to rehash. For the drainer only.
 */
#ifndef ALLOT_STORE_LIVE_H
#define ALLOT_STORE_LIVE_H

#include "store/store.h"

static inline uint64_t allotp_live_key(uint64_t address, uint16_t domain)
{
	return (address & UINT64_C(0xffffffffffff)) | (uint64_t)domain << 48;
}

/* Creates the first page. Before anything is recorded. */
int allotp_live_init(struct allot_store *store);

/*
 * Adds a block. If its key is there already with other values, they are replaced and given in *replaced, which is
 * otherwise left with key 0. 0, or a negative errno when the store is full: the block is not in the table then.
 * Inserting the same entry twice is the same as inserting it once.
 *
 * A second block at an address is noticed at once while the first is young, else when the second grows old, too: to look
 * for it in the pages before would cost more than the rest of an event. Should the second be freed before that, the
 * first stays.
 */
int allotp_live_insert(struct allot_store *store, const struct allot_live_entry *entry,
		       struct allot_live_entry *replaced);

/* The block's entry, or NULL. Valid until the table next changes. */
struct allot_live_entry *allotp_live_find(struct allot_store *store, uint64_t key);

/* Takes out an entry that find has returned. */
void allotp_live_remove(struct allot_store *store, struct allot_live_entry *entry);

/* Gives an entry that find has returned the values of another, of the same key. */
void allotp_live_overwrite(struct allot_store *store, struct allot_live_entry *place,
			   const struct allot_live_entry *entry);

/* Takes out every entry. Not by way of the journal: if it is cut short, it has to be done again. */
void allotp_live_clear(struct allot_store *store);

/* After a drainer died: makes the table sound again. It may lack an entry that was to be replaced or removed. */
void allotp_live_recover(struct allot_store *store);

/*
 * After that: undoes the insert or removal that the drainer was at. Where a block had aged into the pages, it may stay
 * both there and among the young; inserting the event's entry again takes it from there.
 */
void allotp_live_put_back(struct allot_store *store);

/* And that: takes the key's entry out, if it is there. Can be repeated. */
void allotp_live_drop(struct allot_store *store, uint64_t key);

/*
 * Ask for memory that an event further on will need, so that it has come by then: first its page, then the entry in it.
 * appears: the block is going to be inserted, else removed.
 */
void allotp_live_prefetch_page(struct allot_store *store, uint64_t key, bool appears);
void allotp_live_prefetch_entry(struct allot_store *store, uint64_t key, bool appears);

#endif
