/* SPDX-License-Identifier: MIT */
/* The live table: pages under extendible hashing, each a small hash table of groups. */
#include "store/live.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "snapshot/snapshot.h"

enum { MAX_BITS = 26, GROUPS = ALLOT_LIVE_GROUPS, PLACES = ALLOT_LIVE_PLACES, ENTRIES = ALLOT_LIVE_ENTRIES };
enum { ELSEWHERE = sizeof(((struct allot_live_group *)NULL)->elsewhere), ANYWHERE = ALLOT_LIVE_ANYWHERE };

/*
 * Neighbours go to the same page, as what is allocated together is often freed together, too: a unit of so many addresses has
 * one hash. It goes round all groups, one for each 32 bytes, so that they fill evenly. Of its addresses only every sixteenth
 * belongs to it, as blocks are aligned: so no unit has more blocks than a page has places, also if a program tracks things by
 * numbers. Larger units would be nearer together, but fill pages badly: with 4 KiB a block took up to 69 bytes.
 */
enum { UNIT_SHIFT = 10, GROUP_SHIFT = 5, ALIGNMENT = 16 };

/* From one group to the next where room is looked for, as neighbours are full together; odd, so that all have their turn. */
enum { STRIDE = 11 };

struct hash {
	uint64_t prefix; /* its leading bits tell the page */
	uint32_t home;   /* which group of it */
};

static inline struct hash hash(uint64_t key)
{
	uint64_t unit = key >> UNIT_SHIFT, h;

	h = (unit * ALIGNMENT | key % ALIGNMENT) * UINT64_C(0x9e3779b97f4a7c15);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return (struct hash){ .prefix = h, .home = (uint32_t)((h >> 32) + (key >> GROUP_SHIFT)) % GROUPS };
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
static inline struct allot_live_page *page_of(const struct allot_store *store, const struct hash *h, uint32_t *number)
{
	uint32_t bits, *table = current_directory(store, &bits);

	if (!table)
		return NULL;
	*number = __atomic_load_n(&table[directory_index(h->prefix, bits)], __ATOMIC_RELAXED);
	return page_at(store, *number);
}

static inline uint32_t index_of(const struct allot_live_page *page, const struct allot_live_entry *entry)
{
	size_t offset = (size_t)((const char *)entry - (const char *)page);

	return (uint32_t)(offset / sizeof(page->groups[0]) * PLACES +
			  offset % sizeof(page->groups[0]) / sizeof(*entry));
}

/*
 * The entry of that key in a group, 0: an empty one; or NULL. Where in its group an entry is cannot be predicted, so all
 * are looked at.
 */
static inline struct allot_live_entry *search_group(struct allot_live_group *group, uint64_t key)
{
	uint32_t found = 0;

#pragma GCC unroll 5
	for (uint32_t i = 0; i < PLACES; i++)
		found |= (uint32_t)(group->entries[i].key == key) << i;
	return found ? &group->entries[__builtin_ctz(found)] : NULL;
}

static struct allot_live_entry *search_page(struct allot_live_page *page, uint64_t key)
{
	struct allot_live_entry *entry = NULL;

	for (uint32_t i = 0; i < GROUPS && !entry; i++)
		entry = search_group(&page->groups[i], key);
	return entry;
}

/* The entry of a key that is not at home, or NULL. */
static struct allot_live_entry *search_elsewhere(struct allot_live_page *page, uint64_t key, uint32_t home)
{
	const uint8_t *elsewhere = page->groups[home].elsewhere;

	for (uint32_t i = 0; i < ELSEWHERE; i++) {
		uint32_t at = __atomic_load_n(&elsewhere[i], __ATOMIC_RELAXED);

		if (at == ANYWHERE)
			return search_page(page, key);
		if (!at || at > ENTRIES)
			break;
		if (allotp_live_entry_at(page, at - 1)->key == key)
			return allotp_live_entry_at(page, at - 1);
	}
	return NULL;
}

/* The entry of a key, or NULL. */
static inline struct allot_live_entry *search(struct allot_live_page *page, uint64_t key, uint32_t home)
{
	struct allot_live_entry *entry = search_group(&page->groups[home], key);

	if (__builtin_expect(entry != NULL, 1))
		return entry;
	return __builtin_expect(page->groups[home].elsewhere[0], 0) ? search_elsewhere(page, key, home) : NULL;
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

/* Notes at its home an entry that is elsewhere: entry at - 1 of the page. */
static void note(struct allot_live_group *home, uint32_t at)
{
	uint32_t used = 0;

	while (used < ELSEWHERE && home->elsewhere[used])
		used++;
	if (used < ELSEWHERE)
		home->elsewhere[used] = (uint8_t)at;
	else
		home->elsewhere[ELSEWHERE - 1] = ANYWHERE;
}

/* An empty place that is not at home, noted there; or NULL: the page is full. */
static struct allot_live_entry *reserve_elsewhere(struct allot_live_page *page, uint32_t home)
{
	for (uint32_t i = 1; i < GROUPS; i++) {
		struct allot_live_entry *place = search_group(&page->groups[(home + i * STRIDE) % GROUPS], 0);

		if (!place)
			continue;
		note(&page->groups[home], index_of(page, place) + 1);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		return place;
	}
	return NULL;
}

/* Adds an entry to a page, and returns where it is; NULL: the page is full. */
static inline struct allot_live_entry *put(struct allot_live_page *page, const struct allot_live_entry *entry,
					   uint32_t home)
{
	struct allot_live_entry *place = search_group(&page->groups[home], 0);

	if (__builtin_expect(!place, 0))
		place = reserve_elsewhere(page, home);
	if (place)
		fill(place, entry);
	return place;
}

static uint32_t new_page(struct allot_store *store, uint32_t depth)
{
	struct allot_header *header = store->header;
	uint32_t number = header->free_page;
	struct allot_live_page *page = page_at(store, number);

	if (page) {
		header->free_page = 0;
	} else {
		if (header->page_count + 1 >= UINT32_MAX ||
		    allotp_store_need(store, ALLOT_REGION_PAGES,
				      (header->page_count + 2) * sizeof(struct allot_live_page)))
			return 0;
		number = (uint32_t)++header->page_count;
		page = allotp_page(store, number);
	}
	memset(page, 0, sizeof(*page));
	page->groups[0].depth = (uint8_t)depth;
	return number;
}

static inline uint32_t depth_of(const struct allot_live_page *page)
{
	return __atomic_load_n(&page->groups[0].depth, __ATOMIC_RELAXED);
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
	depth = depth_of(low);
	if (depth > bits || !depth)
		return;
	/* The page was full, so the halves hold entries; any tells where the page's part begins. */
	for (int half = 0; half < 2 && first == UINT64_MAX; half++) {
		struct allot_live_page *page = page_at(store, pending->halves[half]);

		for (uint32_t i = 0; page && i < ENTRIES; i++) {
			uint64_t key = allotp_live_entry_at(page, i)->key;

			if (key) {
				first = directory_index(hash(key).prefix, depth - 1);
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
	/* Dying here loses an empty page, nothing else; so does a second one. */
	store->header->free_page = old;
}

/* Copies the entries of a page to its halves: those first that are at home, so that all find room who have found it before. */
static void deal(struct allot_live_page *page, struct allot_live_page *const *halves, uint32_t depth)
{
	const struct allot_live_entry *away[ENTRIES];
	uint32_t count = 0;

	for (uint32_t group = 0; group < GROUPS; group++) {
		uint32_t used[2] = { 0 };

		for (uint32_t i = 0; i < PLACES; i++) {
			const struct allot_live_entry *entry = &page->groups[group].entries[i];
			struct hash h = hash(entry->key);
			uint32_t half = h.prefix >> (64 - depth) & 1;

			if (!entry->key)
				continue;
			if (h.home == group)
				halves[half]->groups[group].entries[used[half]++] = *entry;
			else
				away[count++] = entry;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		struct hash h = hash(away[i]->key);

		put(halves[h.prefix >> (64 - depth) & 1], away[i], h.home);
	}
}

static int split(struct allot_store *store, uint32_t number)
{
	struct allot_split *pending = &store->header->split;
	struct allot_live_page *page = allotp_page(store, number);
	uint32_t depth = depth_of(page), halves[2];

	if (depth >= MAX_BITS)
		return -ENOSPC;
	depth++;
	if (depth > store->header->directory_bits) {
		int result = double_directory(store);

		if (result)
			return result;
	}
	halves[0] = new_page(store, depth);
	halves[1] = halves[0] ? new_page(store, depth) : 0;
	if (!halves[1]) {
		store->header->free_page = halves[0];
		return -ENOSPC;
	}
	deal(page, (struct allot_live_page *[]){ allotp_page(store, halves[0]), allotp_page(store, halves[1]) }, depth);
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

/* The entry of a key, if it is where it was before; else NULL. */
static inline struct allot_live_entry *entry_at(const struct allot_store *store, uint32_t place, uint64_t key)
{
	struct allot_live_entry *entry = (struct allot_live_entry *)(void *)(store->region[ALLOT_REGION_PAGES] +
									     (uint64_t)place * ALLOT_LIVE_UNIT);

	return place && key && entry->key == key ? entry : NULL;
}

/* The entry of a key, wherever it is; or NULL. */
static inline struct allot_live_entry *locate(const struct allot_store *store, uint64_t key, uint32_t place)
{
	struct allot_live_entry *entry = entry_at(store, place, key);

	return entry ? entry : (struct allot_live_entry *)allotp_live_find(store, key);
}

/* The number of the page that an entry is in. */
static inline uint32_t page_number(const struct allot_store *store, const struct allot_live_entry *entry)
{
	return (uint32_t)((uint64_t)((const uint8_t *)entry - store->region[ALLOT_REGION_PAGES]) /
			  sizeof(struct allot_live_page));
}

int allotp_live_add(struct allot_store *store, const struct allot_live_entry *entry, uint32_t *place)
{
	struct hash h = hash(entry->key);

	if (!entry->key)
		return 0;
	for (;;) {
		uint32_t number;
		struct allot_live_page *page = page_of(store, &h, &number);
		const struct allot_live_entry *added;
		int result;

		if (!page)
			return -EBADMSG;
		announce(store, number);
		added = put(page, entry, h.home);
		if (__builtin_expect(added != NULL, 1)) {
			*place = allotp_live_place(store, added);
			return 0;
		}
		result = split(store, number);
		if (result)
			return result;
	}
}

const struct allot_live_entry *allotp_live_find(const struct allot_store *store, uint64_t key)
{
	struct hash h = hash(key);
	uint32_t number;
	struct allot_live_page *page = page_of(store, &h, &number);

	return page && key ? search(page, key, h.home) : NULL;
}

int allotp_live_set(struct allot_store *store, const struct allot_live_entry *entry, uint32_t *place)
{
	struct allot_live_entry *old = locate(store, entry->key, *place);

	if (!old)
		return allotp_live_add(store, entry, place);
	announce(store, page_number(store, old));
	fill(old, entry);
	*place = allotp_live_place(store, old);
	return 0;
}

/* Notes all entries of a page that are not at home, or only those whose home that is. They are not noted yet. */
static void note_all(struct allot_live_page *page, const struct allot_live_group *only)
{
	for (uint32_t i = 0; i < ENTRIES; i++) {
		uint64_t key = allotp_live_entry_at(page, i)->key;
		struct allot_live_group *home = &page->groups[hash(key).home];

		if (key && home != &page->groups[i / PLACES] && (!only || home == only))
			note(home, i + 1);
	}
}

/* An entry that was elsewhere is gone. The last note takes the place of its own. */
static void forget_elsewhere(struct allot_live_page *page, struct allot_live_group *home, uint32_t at)
{
	uint32_t last = 0, found = ELSEWHERE;

	if (home->elsewhere[ELSEWHERE - 1] == ANYWHERE) {
		memset(home->elsewhere, 0, ELSEWHERE);
		note_all(page, home);
		return;
	}
	for (; last < ELSEWHERE && home->elsewhere[last]; last++) {
		if (home->elsewhere[last] == at)
			found = last;
	}
	if (found == ELSEWHERE)
		return;
	home->elsewhere[found] = home->elsewhere[last - 1];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	home->elsewhere[last - 1] = 0;
}

void allotp_live_remove(struct allot_store *store, uint64_t key, uint32_t place)
{
	struct allot_live_entry *entry = locate(store, key, place);
	uint32_t home = hash(key).home, number, at;
	struct allot_live_page *page;

	if (!entry)
		return;
	number = page_number(store, entry);
	page = allotp_page(store, number);
	announce(store, number);
	entry->key = 0;
	at = index_of(page, entry);
	if (__builtin_expect(at / PLACES == home, 1))
		return;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	forget_elsewhere(page, &page->groups[home], at + 1);
}

/* The pages stay where they are and keep their parts of the hash, empty: as many blocks may come again. */
void allotp_live_clear(struct allot_store *store)
{
	for (uint64_t i = 1; i <= store->header->page_count; i++) {
		struct allot_live_page *page = i < UINT32_MAX ? page_at(store, (uint32_t)i) : NULL;

		if (!page)
			break;
		for (uint32_t j = 0; j < GROUPS; j++)
			memset(&page->groups[j], 0, offsetof(struct allot_live_group, depth));
	}
}

void allotp_live_each(const struct allot_store *store, uint8_t *scratch,
		      void (*each)(void *context, const struct allot_live_entry *entry), void *context)
{
	uint32_t bits, *table = current_directory(store, &bits);

	for (uint64_t i = 0; table && i < UINT64_C(1) << bits; i++) {
		struct allot_live_page *page = page_at(store, table[i]);

		if (!page || table[i] > store->header->page_count || scratch[table[i]])
			continue;
		scratch[table[i]] = 1;
		for (uint32_t j = 0; j < ENTRIES; j++) {
			if (allotp_live_entry_at(page, j)->key)
				each(context, allotp_live_entry_at(page, j));
		}
	}
}

/*
 * A change that was cut short leaves an entry that its home does not know of, or a note of one that is not there. Can be
 * repeated.
 */
static void repair_page(struct allot_live_page *page)
{
	for (uint32_t i = 0; i < GROUPS; i++)
		memset(page->groups[i].elsewhere, 0, ELSEWHERE);
	note_all(page, NULL);
}

void allotp_live_recover(struct allot_store *store)
{
	struct allot_live_page *page = page_at(store, store->header->split.changed_page);

	if (store->header->split.page)
		finish_split(store);
	if (page)
		repair_page(page);
}

/* To ask for memory that is not there does no harm. */
void allotp_live_prefetch_directory(const struct allot_store *store, uint64_t key)
{
	uint32_t bits = __atomic_load_n(&store->header->directory_bits, __ATOMIC_RELAXED);

	if (bits <= MAX_BITS)
		__builtin_prefetch(&directory(store, bits)[directory_index(hash(key).prefix, bits)]);
}

void allotp_live_prefetch(const struct allot_store *store, uint64_t key)
{
	struct hash h = hash(key);
	uint32_t number;
	const struct allot_live_page *page = page_of(store, &h, &number);

	if (!page)
		return;
	__builtin_prefetch(&page->groups[h.home], 1);
	__builtin_prefetch((const char *)&page->groups[h.home] + 64, 1);
}
