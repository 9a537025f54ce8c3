/* SPDX-License-Identifier: MIT */
/* The live table: young blocks in the header, the others in pages under extendible hashing. */
#include "store/live.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "snapshot/snapshot.h"

enum { MAX_BITS = 26 };

static uint64_t hash(uint64_t key)
{
	key *= UINT64_C(0x9e3779b97f4a7c15);
	key ^= key >> 32;
	return key * UINT64_C(0xd6e8feb86659fd93);
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

static struct allot_live_page *page_at(const struct allot_store *store, uint32_t number)
{
	if (!number || !allotp_store_has(store, ALLOT_REGION_PAGES,
					 ((uint64_t)number + 1) * sizeof(struct allot_live_page)))
		return NULL;
	return allotp_page(store, number);
}

/* The directory in use; NULL only in a store that somebody has damaged. */
static uint32_t *current_directory(const struct allot_store *store, uint32_t *bits)
{
	*bits = __atomic_load_n(&store->header->directory_bits, __ATOMIC_RELAXED);
	if (*bits > MAX_BITS ||
	    !allotp_store_has(store, ALLOT_REGION_DIRECTORY, (UINT64_C(2) << *bits) * sizeof(uint32_t)))
		return NULL;
	return directory(store, *bits);
}

/* The page of a hash; NULL only in a store that somebody has damaged. */
static struct allot_live_page *page_of(const struct allot_store *store, uint64_t h, uint32_t *number)
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

static uint32_t count_of(const struct allot_live_page *page)
{
	uint32_t count = __atomic_load_n(&page->count, __ATOMIC_RELAXED);

	return count < ALLOT_LIVE_ENTRIES ? count : ALLOT_LIVE_ENTRIES;
}

/* The entry of key, or NULL. */
static struct allot_live_entry *search(struct allot_live_page *page, uint64_t key, uint64_t h)
{
	const uint8_t *tag = page->tags, *end = page->tags + count_of(page);

	for (; (tag = memchr(tag, tag_of(h), (size_t)(end - tag))); tag++) {
		struct allot_live_entry *entry = &page->entries[tag - page->tags];

		if (entry->key == key)
			return entry;
		if (tag + 1 == end)
			break;
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
static void put(struct allot_live_page *page, const struct allot_live_entry *entry)
{
	uint32_t count = count_of(page);

	fill(&page->entries[count], entry);
	page->tags[count] = tag_of(hash(entry->key));
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

/* Puts the two halves of the journal in the place of their page; can be repeated. */
static void replace_page(struct allot_store *store)
{
	const struct allot_journal *journal = &store->header->journal;
	const struct allot_live_page *low = page_at(store, journal->split[0]);
	uint32_t bits, *table = current_directory(store, &bits), depth;
	uint64_t span, first = UINT64_MAX;

	if (!table || !low)
		return;
	depth = __atomic_load_n(&low->depth, __ATOMIC_RELAXED);
	if (depth > bits || !depth)
		return;
	/* The page was full, so the halves hold entries; any tells where the page's part begins. */
	for (int half = 0; half < 2 && first == UINT64_MAX; half++) {
		const struct allot_live_page *page = page_at(store, journal->split[half]);

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
		table[first + i] = journal->split[i >= span];
}

static void finish_split(struct allot_store *store)
{
	struct allot_journal *journal = &store->header->journal;
	uint32_t old = journal->page;

	replace_page(store);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (page_at(store, old))
		memset(page_at(store, old), 0, sizeof(struct allot_live_page));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	journal->page = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Dying here loses an empty page, nothing else. */
	free_page(store, old);
}

static int split(struct allot_store *store, uint32_t number)
{
	struct allot_journal *journal = &store->header->journal;
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

		put(allotp_page(store, halves[hash(entry->key) >> (64 - depth) & 1]), entry);
	}
	journal->split[0] = halves[0];
	journal->split[1] = halves[1];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	journal->page = number; /* from here on the halves are what counts */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	finish_split(store);
	return 0;
}

/* Keeps an entry in the journal that is going to be removed or replaced. */
static void keep(struct allot_store *store, const struct allot_live_entry *entry, bool young)
{
	struct allot_journal *journal = &store->header->journal;

	journal->removed.size = entry->size;
	journal->removed.site = entry->site;
	journal->removed.slot_family = entry->slot_family;
	journal->removed_young = young;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	journal->removed.key = entry->key;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Says which page is going to be changed. */
static void announce(struct allot_store *store, uint32_t number)
{
	store->header->journal.changed_page = number;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static bool same(const struct allot_live_entry *a, const struct allot_live_entry *b)
{
	return a->size == b->size && a->site == b->site && a->slot_family == b->slot_family;
}

/* replaced: NULL to undo a change, which must not be kept in the journal once more. */
static int insert_old(struct allot_store *store, const struct allot_live_entry *entry,
		      struct allot_live_entry *replaced)
{
	uint64_t h = hash(entry->key);

	for (;;) {
		uint32_t number;
		struct allot_live_page *page = page_of(store, h, &number);
		struct allot_live_entry *place;
		int result;

		if (!page)
			return -EBADMSG;
		place = search(page, entry->key, h);
		if (place) {
			if (same(place, entry))
				return 0;
			if (replaced) {
				*replaced = *place;
				keep(store, place, false);
			}
			announce(store, number);
			fill(place, entry);
			return 0;
		}
		if (count_of(page) < ALLOT_LIVE_ENTRIES) {
			announce(store, number);
			put(page, entry);
			return 0;
		}
		result = split(store, number);
		if (result)
			return result;
	}
}

static struct allot_live_entry *young_entry(struct allot_store *store, uint64_t key)
{
	return &store->header->young[hash(key) >> 20 & (ALLOT_YOUNG_ENTRIES - 1)];
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

int allotp_live_insert(struct allot_store *store, const struct allot_live_entry *entry,
		       struct allot_live_entry *replaced)
{
	struct allot_live_entry *young = young_entry(store, entry->key);

	replaced->key = 0;
	if (young->key == entry->key) {
		if (same(young, entry))
			return 0;
		*replaced = *young;
		keep(store, young, true);
	} else if (young->key) {
		struct allot_live_entry stale = { 0 };
		int result = insert_old(store, young, &stale);

		if (result)
			return result;
		/* The older of two blocks at one address: its free was not seen. */
		if (stale.key)
			*replaced = stale;
	}
	fill(young, entry);
	return 0;
}

struct allot_live_entry *allotp_live_find(struct allot_store *store, uint64_t key)
{
	struct allot_live_entry *entry = young_entry(store, key);
	struct allot_live_page *page;
	uint32_t number;

	if (entry->key == key)
		return entry;
	page = page_of(store, hash(key), &number);
	return page ? search(page, key, hash(key)) : NULL;
}

static struct allot_live_page *page_holding(const struct allot_store *store, const struct allot_live_entry *entry)
{
	uint64_t offset = (uint64_t)((const uint8_t *)entry - store->region[ALLOT_REGION_PAGES]);

	return allotp_page(store, offset / sizeof(struct allot_live_page));
}

/* Puts the last entry in the place of one that goes. It is copied before it is cleared. */
static void remove_at(struct allot_live_page *page, uint32_t i)
{
	uint32_t last = count_of(page) - 1;

	if (i < last) {
		fill(&page->entries[i], &page->entries[last]);
		page->tags[i] = page->tags[last];
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	}
	page->count = last;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	page->entries[last].key = 0;
}

static bool is_in_young(const struct allot_store *store, const struct allot_live_entry *entry)
{
	const struct allot_live_entry *young = store->header->young;

	return entry >= young && entry < young + ALLOT_YOUNG_ENTRIES;
}

void allotp_live_remove(struct allot_store *store, struct allot_live_entry *entry)
{
	struct allot_live_page *page;

	if (is_in_young(store, entry)) {
		keep(store, entry, true);
		entry->key = 0;
		return;
	}
	keep(store, entry, false);
	page = page_holding(store, entry);
	announce(store, (uint32_t)(page - allotp_page(store, 0)));
	remove_at(page, (uint32_t)(entry - page->entries));
}

void allotp_live_overwrite(struct allot_store *store, struct allot_live_entry *place,
			   const struct allot_live_entry *entry)
{
	bool young = is_in_young(store, place);

	keep(store, place, young);
	if (!young)
		announce(store, (uint32_t)(page_holding(store, place) - allotp_page(store, 0)));
	fill(place, entry);
}

void allotp_live_drop(struct allot_store *store, uint64_t key)
{
	struct allot_live_entry *entry = allotp_live_find(store, key);
	struct allot_live_page *page;

	if (!entry)
		return;
	if (is_in_young(store, entry)) {
		entry->key = 0;
		return;
	}
	page = page_holding(store, entry);
	announce(store, (uint32_t)(page - allotp_page(store, 0)));
	remove_at(page, (uint32_t)(entry - page->entries));
}

/* The pages stay where they are and keep their parts of the hash, empty: as many blocks may come again. */
void allotp_live_clear(struct allot_store *store)
{
	memset(store->header->young, 0, sizeof(store->header->young));
	for (uint64_t i = 1; i <= store->header->page_count; i++) {
		struct allot_live_page *page = i < UINT32_MAX ? page_at(store, (uint32_t)i) : NULL;

		if (!page)
			break;
		page->count = 0;
		memset(page->entries, 0, sizeof(page->entries));
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

		if (!entry->key || search(page, entry->key, hash(entry->key)) != entry)
			remove_at(page, i);
		else
			i++;
	}
	for (uint32_t i = count_of(page); i < ALLOT_LIVE_ENTRIES; i++)
		page->entries[i].key = 0;
}

void allotp_live_recover(struct allot_store *store)
{
	struct allot_live_page *page = page_at(store, store->header->journal.changed_page);

	if (store->header->journal.page)
		finish_split(store);
	if (page)
		repair_page(page);
}

void allotp_live_put_back(struct allot_store *store)
{
	struct allot_journal *journal = &store->header->journal;
	struct allot_live_entry removed = journal->removed, *young = young_entry(store, removed.key), *old;
	uint64_t h = hash(removed.key);
	struct allot_live_page *page;
	uint32_t number;

	if (!removed.key)
		return;
	if (journal->removed_young) {
		fill(young, &removed);
	} else {
		page = page_of(store, h, &number);
		old = page ? search(page, removed.key, h) : NULL;
		/* The block that had replaced it came from the young, and goes back there; unless it was overwritten. */
		if (old && !same(old, &removed) && young->key != removed.key &&
		    (journal->active != ALLOT_OP_TRACK || journal->fresh))
			fill(young, old);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		if (insert_old(store, &removed, NULL))
			allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	journal->removed.key = 0;
}

/* The key that will be looked for in the pages: of a block that goes, or of the one that a new block drives out. */
static uint64_t key_in_pages(struct allot_store *store, uint64_t key, bool appears)
{
	uint64_t young = young_entry(store, key)->key;

	if (appears)
		return young == key ? 0 : young;
	return young == key ? 0 : key;
}

void allotp_live_prefetch_page(struct allot_store *store, uint64_t key, bool appears)
{
	uint64_t wanted = key_in_pages(store, key, appears);
	struct allot_live_page *page;
	uint32_t number;

	page = wanted ? page_of(store, hash(wanted), &number) : NULL;
	if (!page)
		return;
	for (size_t i = 0; i < offsetof(struct allot_live_page, entries); i += 64)
		__builtin_prefetch((const char *)page + i);
}

void allotp_live_prefetch_entry(struct allot_store *store, uint64_t key, bool appears)
{
	uint64_t wanted = key_in_pages(store, key, appears), h = hash(wanted);
	struct allot_live_page *page;
	const uint8_t *tag;
	uint32_t number;

	page = wanted ? page_of(store, h, &number) : NULL;
	if (!page)
		return;
	tag = appears ? page->tags + count_of(page) : memchr(page->tags, tag_of(h), count_of(page));
	if (tag)
		__builtin_prefetch(&page->entries[tag - page->tags], 1);
}
