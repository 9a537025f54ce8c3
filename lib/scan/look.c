/* SPDX-License-Identifier: MIT */
/* A look for leaks in a copy of the program. */
#include "scan/look.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "scan/chain.h"
#include "snapshot/snapshot.h"
#include "store/drain.h"
#include "store/live.h"

/* A store's live blocks on their way to the engine, and its mappings. */
struct collection {
	struct allot_scan_block *blocks;
	uint64_t count, capacity;
	struct allot_map *maps;
	uint64_t map_count;
	size_t maps_size;
};

/* What a look before this one had found. */
struct known {
	struct allot_lost_block *blocks;
	uint64_t count;
	size_t size;
};

/* Pointers between lost blocks on their way into the store, by the engine's numbers. */
struct edges {
	struct allot_store *store;
	uint64_t count;
};

static struct allot_lost_block *lost_block(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_LOST, struct allot_lost_block, i);
}

static struct allot_lost_edge *lost_edge(const struct allot_store *store, uint64_t i)
{
	return ALLOTP_AT(store, ALLOT_REGION_EDGES, struct allot_lost_edge, i);
}

void allotp_look_failed(struct allot_store *store, int result, uint32_t step)
{
	struct allot_leak_look *leaks = &store->header->leaks;

	leaks->error = -result;
	leaks->failed_step = step;
	__atomic_store_n(&leaks->state, ALLOT_LOOK_FAILED, __ATOMIC_RELEASE);
}

static void collect(void *context, const struct allot_live_entry *entry)
{
	struct collection *collection = context;

	/* Most blocks of other domains are parts of blocks, or of mappings. */
	if (entry->key >> 48 && (entry->slot_family & 3) != ALLOT_FAMILY_MALLOC)
		return;
	if (collection->count + 1 >= collection->capacity)
		return;
	collection->blocks[collection->count++] = (struct allot_scan_block){
		.address = entry->key & ALLOT_LOW48,
		.size = entry->size,
		.site = entry->site,
		.flags = (entry->slot_family & ALLOT_KEPT_BLOCK ? ALLOT_SCAN_CALLERS : 0) |
			 (entry->key >> 48 ? ALLOT_SCAN_HEADED : 0),
	};
}

static int collect_blocks(const struct allot_store *store, struct collection *collection)
{
	uint64_t pages = store->header->page_count + 1;
	uint8_t *scratch = allotp_scan_map(pages);

	collection->capacity = pages * ALLOT_LIVE_ENTRIES + 1;
	collection->blocks = allotp_scan_map_large(collection->capacity * sizeof(*collection->blocks));
	if (!scratch || !collection->blocks)
		return -ENOMEM;
	allotp_live_each(store, scratch, collect, collection);
	allotp_scan_unmap(scratch, pages);
	return 0;
}

static int collect_maps(const struct allot_store *store, struct collection *collection)
{
	collection->map_count = store->header->map_count;
	collection->maps_size = collection->map_count * sizeof(*collection->maps);
	if (!allotp_store_has(store, ALLOT_REGION_MAPS, collection->maps_size))
		collection->map_count = collection->maps_size = 0;
	collection->maps = allotp_scan_map(collection->maps_size);
	if (!collection->maps)
		return -ENOMEM;
	memcpy(collection->maps, store->region[ALLOT_REGION_MAPS], collection->maps_size);
	return 0;
}

static int remember_known(const struct allot_store *store, struct known *known)
{
	known->count = store->header->leaks.looks ? store->header->leaks.lost_count : 0;
	known->size = known->count * sizeof(*known->blocks);
	if (!allotp_store_has(store, ALLOT_REGION_LOST, known->size))
		known->count = known->size = 0;
	known->blocks = allotp_scan_map(known->size);
	if (!known->blocks)
		return -ENOMEM;
	memcpy(known->blocks, lost_block(store, 0), known->size);
	return 0;
}

static bool is_known(const struct known *known, const struct allot_scan_block *block)
{
	uint64_t low = 0, high = known->count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (known->blocks[middle].address < block->address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known->count && known->blocks[low].address == block->address &&
	       known->blocks[low].size == block->size && known->blocks[low].site == block->site;
}

static void note_edge(void *context, uint32_t from, uint64_t offset, uint32_t to, uint64_t inside)
{
	struct edges *edges = context;
	struct allot_lost_edge *edge;

	if (offset > UINT32_MAX || inside > UINT32_MAX || edges->count >= UINT32_MAX ||
	    allotp_store_need(edges->store, ALLOT_REGION_EDGES, (edges->count + 1) * sizeof(*edge)))
		return;
	edge = lost_edge(edges->store, edges->count++);
	*edge = (struct allot_lost_edge){ from, to, (uint32_t)offset, (uint32_t)inside };
}

static void count_block(struct allot_verdict_count *count, uint64_t size)
{
	count->bytes += size;
	count->blocks++;
}

/* The sites' counts, from none. */
static int clear_verdicts(struct allot_store *store)
{
	uint64_t size = (store->header->site_count + 1) * sizeof(struct allot_site_verdict);
	struct allot_leak_look *leaks = &store->header->leaks;
	int result = allotp_store_need(store, ALLOT_REGION_VERDICTS, size);

	if (!result)
		memset(store->region[ALLOT_REGION_VERDICTS], 0, size);
	memset(leaks->counts, 0, sizeof(leaks->counts));
	memset(leaks->fresh, 0, sizeof(leaks->fresh));
	leaks->lost_count = leaks->edge_count = leaks->link_count = leaks->left_out = 0;
	return result;
}

/* Counts a block, and keeps it if it is lost. Returns its place among the lost; UINT32_MAX: it has none. */
static uint32_t tell_block(struct allot_store *store, const struct allot_scan *scan, uint32_t number,
			   const struct known *known)
{
	struct allot_leak_look *leaks = &store->header->leaks;
	const struct allot_scan_block *block = &scan->blocks[number];
	enum allot_scan_class class = allotp_scan_class(scan, number);
	struct allot_site_verdict *verdicts = ALLOTP_AT(store, ALLOT_REGION_VERDICTS, struct allot_site_verdict, 0);
	uint64_t place = leaks->lost_count;
	bool was_known;

	count_block(&leaks->counts[class], block->size);
	if (block->site <= store->header->site_count)
		count_block(&verdicts[block->site].counts[class], block->size);
	if (class == ALLOT_SCAN_REACHABLE)
		return UINT32_MAX;
	was_known = is_known(known, block);
	if (!was_known)
		count_block(&leaks->fresh[class], block->size);
	if (place >= UINT32_MAX ||
	    allotp_store_need(store, ALLOT_REGION_LOST, (place + 1) * sizeof(struct allot_lost_block))) {
		leaks->left_out++;
		return UINT32_MAX;
	}
	*lost_block(store, place) = (struct allot_lost_block){
		.address = block->address,
		.size = block->size,
		.site = block->site,
		.leader = (uint32_t)place,
		.leak_class = (uint8_t) class,
		.known = was_known,
	};
	leaks->lost_count = place + 1;
	return (uint32_t)place;
}

/* Places instead of the engine's numbers; what has no place goes. */
static void renumber(struct allot_store *store, const struct allot_scan *scan, const uint32_t *place, uint64_t edges)
{
	struct allot_leak_look *leaks = &store->header->leaks;

	for (uint32_t i = 0; i < scan->count; i++) {
		if (place[i] != UINT32_MAX && allotp_scan_class(scan, i) == ALLOT_SCAN_INDIRECT &&
		    place[scan->leaders[i]] != UINT32_MAX)
			lost_block(store, place[i])->leader = place[scan->leaders[i]];
	}
	for (uint64_t i = 0; i < edges; i++) {
		struct allot_lost_edge edge = *lost_edge(store, i);

		edge.from = place[edge.from];
		edge.to = place[edge.to];
		if (edge.from != UINT32_MAX && edge.to != UINT32_MAX)
			*lost_edge(store, leaks->edge_count++) = edge;
	}
}

static int tell(struct allot_store *store, const struct allot_scan *scan, const struct known *known, uint64_t edges)
{
	uint32_t *place = allotp_scan_map_large(scan->count * sizeof(*place));
	int result = place ? clear_verdicts(store) : -ENOMEM;

	if (result)
		return result;
	for (uint32_t i = 0; i < scan->count; i++)
		place[i] = tell_block(store, scan, i, known);
	renumber(store, scan, place, edges);
	return 0;
}

/* The steps after which the program's threads may change the live table again. */
static int find(struct allot_look *look, struct collection *collection, const struct known *known, uint32_t *step)
{
	struct allot_store *store = look->store;
	struct edges edges = { .store = store };
	struct allot_scan scan = {
		.memory = allotp_roots_memory(&look->roots),
		.heuristics = look->heuristics,
		.edge = note_edge,
		.edge_context = &edges,
	};
	int result = allotp_scan_begin(&scan, collection->blocks, collection->count, collection->capacity, true);

	*step = ALLOT_LOOK_AT_MEMORY;
	if (!result)
		result = allotp_roots_give(&look->roots, &scan);
	for (uint32_t i = 0; !result && i < scan.count; i++) {
		if (scan.blocks[i].flags & ALLOT_SCAN_CALLERS)
			allotp_scan_root_block(&scan, i, scan.blocks[i].address);
	}
	if (!result)
		result = allotp_scan_finish(&scan);
	if (!result) {
		*step = ALLOT_LOOK_AT_STORE;
		store->header->leaks.blocks = scan.count;
		store->header->leaks.words = scan.words;
		result = tell(store, &scan, known, edges.count);
	}
	if (!result) {
		struct allot_chains chains = {
			store, &scan, &look->roots, collection->maps, collection->map_count, look->module_of
		};

		result = allotp_chains_tell(&chains, look->why);
	}
	allotp_scan_release(&scan);
	return result;
}

int allotp_look(struct allot_look *look, uint64_t held_words)
{
	struct allot_store *store = look->store;
	struct allot_leak_look *leaks = &store->header->leaks;
	uint64_t begun = allotp_clock_ns(CLOCK_MONOTONIC);
	struct collection collection = { 0 };
	struct known known = { 0 };
	uint32_t step = ALLOT_LOOK_AT_MAPPINGS;
	int result;

	look->roots.held = ALLOTP_AT(store, ALLOT_REGION_HELD, uint64_t, 0);
	look->roots.held_count = held_words;
	result = allotp_roots_begin(&look->roots);
	if (!result) {
		step = ALLOT_LOOK_AT_MEMORY;
		result = collect_blocks(store, &collection);
	}
	if (!result)
		result = collect_maps(store, &collection);
	if (!result)
		result = remember_known(store, &known);
	allotp_drain_unlock(store);
	if (!result)
		result = find(look, &collection, &known, &step);
	leaks->root_bytes = look->roots.root_bytes;
	leaks->unreadable_bytes = look->roots.unreadable_bytes;
	leaks->heuristics = look->heuristics;
	leaks->scan_ns = allotp_clock_ns(CLOCK_MONOTONIC) - begun;
	allotp_scan_unmap(known.blocks, known.size);
	allotp_scan_unmap(collection.maps, collection.maps_size);
	allotp_roots_release(&look->roots);
	if (result) {
		allotp_look_failed(store, result, step);
		return result;
	}
	leaks->looks++;
	__atomic_store_n(&leaks->state, ALLOT_LOOK_DONE, __ATOMIC_RELEASE);
	return 0;
}
