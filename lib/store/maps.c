/* SPDX-License-Identifier: MIT */
/* The mmap domain: live mappings as a sorted array of ranges. */
#include "store/maps.h"

#include <string.h>

#include "snapshot/snapshot.h"
#include "store/count.h"

static struct allot_map *map_at(struct allot_store *store, uint32_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_MAPS, struct allot_map, i);
}

/* How many there are; fewer than the header says in a damaged store. */
static uint32_t map_count(struct allot_store *store)
{
	uint32_t count = store->header->map_count;

	return allotp_store_has(store, ALLOT_REGION_MAPS, (uint64_t)count * sizeof(struct allot_map)) ? count : 0;
}

/* The first range that ends after address. */
static uint32_t first_after(struct allot_store *store, uint64_t address)
{
	uint32_t low = 0, high = map_count(store);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct allot_map *map = map_at(store, middle);

		if (map->start + map->size > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void count_out(struct allot_batch *batch, const struct allot_map *map, uint64_t bytes, uint64_t blocks)
{
	struct allot_batch_site *site = allotp_batch_site(batch, map->site);

	if (site)
		allotp_whole_out(batch, site, bytes, blocks);
}

static bool insert_at(struct allot_store *store, uint32_t i, const struct allot_map *map)
{
	uint32_t count = map_count(store);

	if (i > count || allotp_store_need(store, ALLOT_REGION_MAPS, ((uint64_t)count + 1) * sizeof(*map)))
		return false;
	memmove(map_at(store, i + 1), map_at(store, i), (count - i) * sizeof(*map));
	*map_at(store, i) = *map;
	store->header->map_count = count + 1;
	return true;
}

/* Takes out the ranges [first, end). */
static void remove_run(struct allot_store *store, uint32_t first, uint32_t end)
{
	uint32_t count = map_count(store);

	if (first >= end || end > count)
		return;
	memmove(map_at(store, first), map_at(store, end), (count - end) * sizeof(struct allot_map));
	store->header->map_count = count - (end - first);
}

/* Cuts [start, end) out of the middle of a range. */
static void cut(struct allot_batch *batch, uint32_t i, uint64_t start, uint64_t end)
{
	struct allot_map *map = map_at(batch->store, i), rest = *map;
	struct allot_batch_site *site = allotp_batch_site(batch, map->site);

	rest.start = end;
	rest.size = map->start + map->size - end;
	count_out(batch, map, end - start, 0);
	map->size = start - map->start;
	if (!insert_at(batch->store, i + 1, &rest))
		allotp_store_lost(batch->store, ALLOT_LOST_STORE_FULL, 1);
	else if (site)
		allotp_whole_in(batch, site, 0, 1, 0);
}

void allotp_maps_remove(struct allot_batch *batch, uint64_t start, uint64_t size)
{
	struct allot_store *store = batch->store;
	uint64_t end = start + size;
	uint32_t first = first_after(store, start), i = first;

	for (; i < map_count(store); i++) {
		struct allot_map *map = map_at(store, i);
		uint64_t map_end = map->start + map->size;

		if (map->start >= end)
			break;
		if (map->start < start && map_end > end) {
			cut(batch, i, start, end);
			return;
		}
		if (map->start < start) {
			count_out(batch, map, map_end - start, 0);
			map->size = start - map->start;
			first = i + 1;
		} else if (map_end > end) {
			count_out(batch, map, end - map->start, 0);
			map->start = end;
			map->size = map_end - end;
			break;
		} else {
			count_out(batch, map, map->size, 1);
		}
	}
	remove_run(store, first, i);
}

void allotp_maps_add(struct allot_batch *batch, uint32_t slot, const struct allot_event *event)
{
	struct allot_store *store = batch->store;
	struct allot_batch_site *site;
	struct allot_map map = {
		.start = allotp_event_address(event),
		.size = allotp_event_size(event),
		.slot = slot,
	};

	allotp_maps_remove(batch, map.start, map.size);
	site = allotp_batch_site_of(batch, event->stack, ALLOT_DOMAIN_MMAP);
	map.site = site ? site->number : 0;
	if (!site || !insert_at(store, first_after(store, map.start), &map)) {
		allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
		return;
	}
	allotp_whole_in(batch, site, map.size, 1, event->stamp);
}

const struct allot_map *allotp_maps_find(struct allot_store *store, uint64_t start)
{
	uint32_t i = first_after(store, start);

	return i < map_count(store) && map_at(store, i)->start == start ? map_at(store, i) : NULL;
}
