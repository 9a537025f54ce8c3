/* SPDX-License-Identifier: MIT */
/* The live table: pages under extendible hashing. */
#include "store/live.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "snapshot/snapshot.h"

enum { MAX_BITS = 26 };

/*
 * Neighbours go to the same page, as what is allocated together is often freed together, too: the leading bits are those of
 * a unit of so many addresses. Those behind them are the block's own, so that any number of blocks in a unit can be split.
 */
enum { UNIT_SHIFT = 9, UNIT_BITS = 20 };

static inline uint64_t hash(uint64_t key)
{
	uint64_t unit = (key >> UNIT_SHIFT) * UINT64_C(0x9e3779b97f4a7c15), own = key * UINT64_C(0x9e3779b97f4a7c15);

	unit ^= unit >> 32;
	unit *= UINT64_C(0xd6e8feb86659fd93);
	return (unit & ~(UINT64_MAX >> UNIT_BITS)) | own >> UNIT_BITS;
}

/* Directory of `bits` bits: directories lie one behind the other, so that a new one can be made beside the old. */
static uint32_t *directory(const struct allot_store *store, uint32_t bits)
{
	return (uint32_t *)(void *)store->region[ALLOT_REGION_DIRECTORY] + (UINT64_C(1) << bits);
}

static uint64_t directory_index(uint64_t h, uint32_t bits)
{
	return bits ? h >> (64 - bits) : 0;
}

static inline struct allot_live_page *page_at(const struct allot_store *store, uint32_t number)
{
	if (!number ||
	    !allotp_store_has(store, ALLOT_REGION_PAGES, ((uint64_t)number + 1) * sizeof(struct allot_live_page)))
		return NULL;
	return allotp_page(store, number);
}

/* The directory in use; NULL only in a store that somebody has damaged. */
static inline uint32_t *current_directory(const struct allot_store *store, uint32_t *bits)
{
	*bits = __atomic_load_n(&store->header->directory_bits, __ATOMIC_RELAXED);
	if (*bits > MAX_BITS ||
	    !allotp_store_has(store, ALLOT_REGION_DIRECTORY, (UINT64_C(2) << *bits) * sizeof(uint32_t)))
		return NULL;
	return directory(store, *bits);
}

/* The page of a hash; NULL only in a store that somebody has damaged. */
static inline struct allot_live_page *page_of(const struct allot_store *store, uint64_t h, uint32_t *number)
{
	uint32_t bits, *table = current_directory(store, &bits);

	if (!table)
		return NULL;
	*number = __atomic_load_n(&table[directory_index(h, bits)], __ATOMIC_RELAXED);
	return page_at(store, *number);
}

static uint8_t tag_of(uint64_t h)
{
	return (uint8_t)(h >> 8);
}

static inline uint32_t count_of(const struct allot_live_page *page)
{
	uint32_t count = __atomic_load_n(&page->count, __ATOMIC_RELAXED);

	return count < ALLOT_LIVE_ENTRIES ? count : ALLOT_LIVE_ENTRIES;
}

/* The first entry, from i on, that is of the hash by its tag; count if there is none. */
static inline uint32_t guess(const struct allot_live_page *page, uint64_t h, uint32_t i, uint32_t count)
{
	const uint8_t *tag = memchr(page->tags + i, tag_of(h), count - i);

	return tag ? (uint32_t)(tag - page->tags) : count;
}

/* The entry of key, which is none of the first i; or NULL. */
static inline struct allot_live_entry *search(struct allot_live_page *page, uint64_t key, uint64_t h, uint32_t i)
{
	uint32_t count = count_of(page);

	for (; i < count && (i = guess(page, h, i, count)) < count; i++) {
		if (page->entries[i].key == key)
			return &page->entries[i];
	}
	return NULL;
}

/* Fills a place in such an order that its key never stands beside another block's values. */
static void fill(struct allot_live_entry *place, const struct allot_live_entry *entry)
{
	place->key = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	place->size = entry->size;
	place->site = entry->site;
	place->slot_family = entry->slot_family;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	place->key = entry->key;
}

/* Adds an entry behind the others; there is room for it. */
static void put(struct allot_live_page *page, const struct allot_live_entry *entry, uint64_t h)
{
	uint32_t count = count_of(page);

	if (count == ALLOT_LIVE_ENTRIES) /* there was room just now: somebody damages the store */
		return;
	fill(&page->entries[count], entry);
	page->tags[count] = tag_of(h);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	page->count = count + 1;
}

static uint32_t new_page(struct allot_store *store, uint32_t depth)
{
	struct allot_header *header = store->header;
	uint32_t number = header->free_page;
	struct allot_live_page *page = page_at(store, number);

	if (page) {
		header->free_page = page->next_free;
	} else {
		if (header->page_count + 1 >= UINT32_MAX ||
		    allotp_store_need(store, ALLOT_REGION_PAGES,
				      (header->page_count + 2) * sizeof(struct allot_live_page)))
			return 0;
		number = (uint32_t)++header->page_count;
		page = allotp_page(store, number);
	}
	memset(page, 0, sizeof(*page));
	page->depth = depth;
	return number;
}

static void free_page(struct allot_store *store, uint32_t number)
{
	struct allot_live_page *page = page_at(store, number);

	if (!page)
		return;
	page->next_free = store->header->free_page;
	store->header->free_page = number;
}

static int double_directory(struct allot_store *store)
{
	uint32_t bits, *from = current_directory(store, &bits), *to;

	if (!from || bits == MAX_BITS ||
	    allotp_store_need(store, ALLOT_REGION_DIRECTORY, (UINT64_C(4) << bits) * sizeof(uint32_t)))
		return -ENOSPC;
	to = directory(store, bits + 1);
	for (uint64_t i = 0; i < UINT64_C(1) << bits; i++)
		to[2 * i] = to[2 * i + 1] = from[i];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	store->header->directory_bits = bits + 1;
	return 0;
}

/* Puts the two halves in the place of their page; can be repeated. */
static void replace_page(struct allot_store *store)
{
	const struct allot_split *pending = &store->header->split;
	const struct allot_live_page *low = page_at(store, pending->halves[0]);
	uint32_t bits, *table = current_directory(store, &bits), depth;
	uint64_t span, first = UINT64_MAX;

	if (!table || !low)
		return;
	depth = __atomic_load_n(&low->depth, __ATOMIC_RELAXED);
	if (depth > bits || !depth)
		return;
	/* The page was full, so the halves hold entries; any tells where the page's part begins. */
	for (int half = 0; half < 2 && first == UINT64_MAX; half++) {
		const struct allot_live_page *page = page_at(store, pending->halves[half]);

		for (uint32_t i = 0; page && i < ALLOT_LIVE_ENTRIES; i++) {
			if (page->entries[i].key) {
				first = directory_index(hash(page->entries[i].key), depth - 1);
				break;
			}
		}
	}
	if (first == UINT64_MAX)
		return;
	span = UINT64_C(1) << (bits - depth);
	first *= 2 * span;
	for (uint64_t i = 0; i < 2 * span; i++)
		table[first + i] = pending->halves[i >= span];
}

static void finish_split(struct allot_store *store)
{
	struct allot_split *pending = &store->header->split;
	uint32_t old = pending->page;

	replace_page(store);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (page_at(store, old))
		memset(page_at(store, old), 0, sizeof(struct allot_live_page));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	pending->page = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Dying here loses an empty page, nothing else. */
	free_page(store, old);
}

static int split(struct allot_store *store, uint32_t number)
{
	struct allot_split *pending = &store->header->split;
	const struct allot_live_page *page = allotp_page(store, number);
	uint32_t depth = __atomic_load_n(&page->depth, __ATOMIC_RELAXED), halves[2];

	if (depth >= MAX_BITS)
		return -ENOSPC;
	depth++;
	if (depth > store->header->directory_bits) {
		int result = double_directory(store);

		if (result)
			return result;
	}
	halves[0] = new_page(store, depth);
	halves[1] = new_page(store, depth);
	if (!halves[0] || !halves[1]) {
		free_page(store, halves[0]);
		free_page(store, halves[1]);
		return -ENOSPC;
	}
	for (uint32_t i = 0; i < count_of(page); i++) {
		const struct allot_live_entry *entry = &page->entries[i];
		uint64_t h = hash(entry->key);

		put(allotp_page(store, halves[h >> (64 - depth) & 1]), entry, h);
	}
	pending->halves[0] = halves[0];
	pending->halves[1] = halves[1];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	pending->page = number; /* from here on the halves are what counts */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	finish_split(store);
	return 0;
}

/* Says which page is going to be changed. */
static void announce(struct allot_store *store, uint32_t number)
{
	store->header->split.changed_page = number;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

int allotp_live_init(struct allot_store *store)
{
	int result = allotp_store_need(store, ALLOT_REGION_DIRECTORY, 2 * sizeof(uint32_t));
	uint32_t number;

	if (result)
		return result;
	number = new_page(store, 0);
	if (!number)
		return -ENOSPC;
	store->header->directory_bits = 0;
	directory(store, 0)[0] = number;
	return 0;
}

int allotp_live_add(struct allot_store *store, const struct allot_live_entry *entry, struct allot_live_place *place)
{
	uint64_t h = hash(entry->key);

	for (;;) {
		uint32_t number;
		struct allot_live_page *page = page_of(store, h, &number);
		int result;

		if (!page)
			return -EBADMSG;
		if (count_of(page) < ALLOT_LIVE_ENTRIES) {
			announce(store, number);
			*place = (struct allot_live_place){ number, count_of(page) };
			put(page, entry, h);
			return 0;
		}
		result = split(store, number);
		if (result)
			return result;
	}
}

/* Where the key is not, not even behind its place in the same page. */
static const struct allot_live_entry *find_elsewhere(const struct allot_store *store, uint64_t key,
						     struct allot_live_place *place)
{
	uint64_t h = hash(key);
	uint32_t number = place->page;
	struct allot_live_page *page = page_at(store, number);
	const struct allot_live_entry *entry = page ? search(page, key, h, place->index + 1) : NULL;

	if (!entry) {
		page = page_of(store, h, &number);
		entry = page ? search(page, key, h, 0) : NULL;
	}
	if (entry)
		*place = (struct allot_live_place){ number, (uint32_t)(entry - page->entries) };
	return entry;
}

const struct allot_live_entry *allotp_live_find_at(const struct allot_store *store, uint64_t key,
						   struct allot_live_place *place)
{
	const struct allot_live_page *page = page_at(store, place->page);

	if (page && place->index < count_of(page) && page->entries[place->index].key == key)
		return &page->entries[place->index];
	return find_elsewhere(store, key, place);
}

const struct allot_live_entry *allotp_live_find(const struct allot_store *store, uint64_t key)
{
	struct allot_live_place place = { 0 };

	return allotp_live_find_at(store, key, &place);
}

int allotp_live_set_at(struct allot_store *store, const struct allot_live_entry *entry, struct allot_live_place *place)
{
	if (!allotp_live_find_at(store, entry->key, place))
		return allotp_live_add(store, entry, place);
	announce(store, place->page);
	fill(&allotp_page(store, place->page)->entries[place->index], entry);
	return 0;
}

int allotp_live_set(struct allot_store *store, const struct allot_live_entry *entry)
{
	struct allot_live_place place = { 0 };

	return allotp_live_set_at(store, entry, &place);
}

/* Puts the last entry in the place of one that goes. It is copied before it is cleared. */
static void remove_at(struct allot_live_page *page, uint32_t i)
{
	uint32_t count = count_of(page), last = count - 1;

	if (!count) /* it was there just now: somebody damages the store */
		return;
	if (i < last) {
		fill(&page->entries[i], &page->entries[last]);
		page->tags[i] = page->tags[last];
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	}
	page->count = last;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	page->entries[last].key = 0;
}

void allotp_live_remove_at(struct allot_store *store, uint64_t key, struct allot_live_place *place)
{
	if (!allotp_live_find_at(store, key, place))
		return;
	announce(store, place->page);
	remove_at(allotp_page(store, place->page), place->index);
}

void allotp_live_remove(struct allot_store *store, uint64_t key)
{
	struct allot_live_place place = { 0 };

	allotp_live_remove_at(store, key, &place);
}

/* The pages stay where they are and keep their parts of the hash, empty: as many blocks may come again. */
void allotp_live_clear(struct allot_store *store)
{
	for (uint64_t i = 1; i <= store->header->page_count; i++) {
		struct allot_live_page *page = i < UINT32_MAX ? page_at(store, (uint32_t)i) : NULL;

		if (!page)
			break;
		page->count = 0;
		memset(page->entries, 0, sizeof(page->entries));
	}
}

void allotp_live_each(const struct allot_store *store, uint8_t *scratch,
		      void (*each)(void *context, const struct allot_live_entry *entry), void *context)
{
	uint32_t bits, *table = current_directory(store, &bits);

	for (uint64_t i = 0; table && i < UINT64_C(1) << bits; i++) {
		const struct allot_live_page *page = page_at(store, table[i]);

		if (!page || table[i] > store->header->page_count || scratch[table[i]])
			continue;
		scratch[table[i]] = 1;
		for (uint32_t j = 0; j < count_of(page); j++)
			each(context, &page->entries[j]);
	}
}

/*
 * A change that was cut short leaves an entry without its tag, one that is empty, or one twice: the last, which was to
 * move. Can be repeated.
 */
static void repair_page(struct allot_live_page *page)
{
	for (uint32_t i = 0; i < count_of(page); i++)
		page->tags[i] = tag_of(hash(page->entries[i].key));
	for (uint32_t i = 0; i < count_of(page);) {
		struct allot_live_entry *entry = &page->entries[i];

		if (!entry->key || search(page, entry->key, hash(entry->key), 0) != entry)
			remove_at(page, i);
		else
			i++;
	}
	for (uint32_t i = count_of(page); i < ALLOT_LIVE_ENTRIES; i++)
		page->entries[i].key = 0;
}

void allotp_live_recover(struct allot_store *store)
{
	struct allot_live_page *page = page_at(store, store->header->split.changed_page);

	if (store->header->split.page)
		finish_split(store);
	if (page)
		repair_page(page);
}

void allotp_live_prefetch_page(const struct allot_store *store, uint64_t key, struct allot_live_place *place)
{
	uint32_t number = 0;
	const char *page = (const char *)page_of(store, hash(key), &number);

	*place = (struct allot_live_place){ .page = page ? number : 0 };
	for (size_t i = 0; page && i < offsetof(struct allot_live_page, entries); i += 64)
		__builtin_prefetch(page + i);
}

bool allotp_live_prefetch_entry(const struct allot_store *store, uint64_t key, struct allot_live_place *place)
{
	const struct allot_live_page *page = page_at(store, place->page);
	uint32_t count;

	if (!page)
		return true;
	count = count_of(page);
	place->index = guess(page, hash(key), 0, count);
	if (place->index == count)
		return false;
	__builtin_prefetch(&page->entries[place->index], 1);
	return true;
}

/* An entry is put in or taken out: then the last one moves. */
void allotp_live_prefetch_place(const struct allot_store *store, const struct allot_live_place *place)
{
	const struct allot_live_page *page = page_at(store, place->page);

	if (!page)
		return;
	__builtin_prefetch(page, 1);
	__builtin_prefetch(&page->entries[place->index % ALLOT_LIVE_ENTRIES], 1);
}

void allotp_live_prefetch_last(const struct allot_store *store, const struct allot_live_place *place)
{
	const struct allot_live_page *page = page_at(store, place->page);
	uint32_t count;

	if (!page)
		return;
	count = count_of(page) % ALLOT_LIVE_ENTRIES;
	__builtin_prefetch(&page->entries[count], 1);
	__builtin_prefetch(&page->tags[count], 1);
}
