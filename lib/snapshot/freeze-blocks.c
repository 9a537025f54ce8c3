/* SPDX-License-Identifier: MIT */
/* The store's live blocks to the snapshot's: from the live pages and the maps, by address. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

#define ADDRESS_BITS 48

/* The live table's directory has no more. */
#define DIRECTORY_BITS_MOST 31

/* Adds a block; there is room for it. One of no known site is left out. */
static void add_block(struct allot_view *view, const struct allot_freeze_places *places,
		      struct allot_snapshot *snapshot, uint64_t address, uint64_t size, uint32_t site)
{
	if (site >= places->numbers || !places->of_number[site]) {
		view->corrupt++;
		return;
	}
	snapshot->blocks[snapshot->block_count++] = (struct allot_block){
		.address = address,
		.size = size,
		.site = places->of_number[site] - 1,
	};
}

static void add_entry(struct allot_view *view, const struct allot_freeze_places *places,
		      struct allot_snapshot *snapshot, const struct allot_live_entry *entry)
{
	if (entry->key)
		add_block(view, places, snapshot, entry->key & ((UINT64_C(1) << ADDRESS_BITS) - 1), entry->size,
			  entry->site);
}

/* What the directory does not name is not part of the table: a split that was cut short leaves copies behind. */
static int add_pages(struct allot_view *view, const struct allot_freeze_places *places, struct allot_snapshot *snapshot,
		     uint64_t pages)
{
	uint32_t bits = view->header->directory_bits, previous = 0;
	uint64_t slots = UINT64_C(1) << (bits & DIRECTORY_BITS_MOST);
	bool *seen;

	if (pages <= 1)
		return 0;
	/* directories of growing size lie one behind the other, so the one of n slots begins at slot n */
	if (bits > DIRECTORY_BITS_MOST ||
	    allotp_view_filled(view, ALLOT_REGION_DIRECTORY, 2 * slots, sizeof(uint32_t)) < 2 * slots) {
		view->corrupt++;
		return 0;
	}
	seen = calloc(pages, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	for (uint64_t i = slots; i < 2 * slots; i++) {
		struct allot_live_page page;
		uint32_t number;

		allotp_view_fetch(view, ALLOT_REGION_DIRECTORY, i, &number, sizeof(number));
		if (number == previous)
			continue; /* neighbours share a page until it is split */
		previous = number;
		if (!number || number >= pages || seen[number]) {
			view->corrupt++;
			continue;
		}
		seen[number] = true;
		allotp_view_fetch(view, ALLOT_REGION_PAGES, number, &page, sizeof(page));
		for (uint32_t j = 0; j < ALLOT_LIVE_ENTRIES; j++)
			add_entry(view, places, snapshot, allotp_live_entry_at(&page, j));
	}
	free(seen);
	return 0;
}

static void add_maps(struct allot_view *view, const struct allot_freeze_places *places, struct allot_snapshot *snapshot,
		     uint64_t maps)
{
	for (uint64_t i = 0; i < maps; i++) {
		struct allot_map map;

		allotp_view_fetch(view, ALLOT_REGION_MAPS, i, &map, sizeof(map));
		add_block(view, places, snapshot, map.start, map.size, map.site);
	}
}

static int compare_blocks(const void *left, const void *right)
{
	const struct allot_block *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->site < b->site ? -1 : a->site > b->site;
}

int allotp_freeze_blocks(struct allot_view *view, const struct allot_freeze_places *places,
			 struct allot_snapshot *snapshot)
{
	uint64_t pages =
		allotp_view_end(view, ALLOT_REGION_PAGES, view->header->page_count, sizeof(struct allot_live_page));
	uint64_t maps = allotp_view_count(view, ALLOT_REGION_MAPS, view->header->map_count, sizeof(struct allot_map));
	int result;

	snapshot->blocks = calloc(pages * ALLOT_LIVE_ENTRIES + maps, sizeof(*snapshot->blocks));
	if (!snapshot->blocks)
		return -ENOMEM;
	result = add_pages(view, places, snapshot, pages);
	if (result < 0)
		return result;
	add_maps(view, places, snapshot, maps);
	qsort(snapshot->blocks, snapshot->block_count, sizeof(*snapshot->blocks), compare_blocks);
	return 0;
}
