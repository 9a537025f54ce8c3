/* SPDX-License-Identifier: MIT */
/* A small store built by hand: every kind of thing once or twice. */
#include "store-sample.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "snapshot/snapshot.h"

#define PAGE UINT64_C(4096)
#define RESERVED (2 * STORE_SAMPLE_COMMITTED)

void *store_sample_item(const struct store_sample *store, enum allot_region_id region, size_t index, size_t item_size)
{
	return store->base + store->header->regions[region].offset + index * item_size;
}

/* Regions in a row, the second half of each out of bounds. */
static void lay_out(struct store_sample *store, uint64_t header_size)
{
	uint64_t offset = header_size;

	store->header->regions[ALLOT_REGION_HEADER] = (struct allot_region){ 0, header_size, header_size };
	for (int i = ALLOT_REGION_HEADER + 1; i < ALLOT_REGIONS; i++) {
		store->header->regions[i] = (struct allot_region){ offset, RESERVED, STORE_SAMPLE_COMMITTED };
		if (mprotect(store->base + offset + STORE_SAMPLE_COMMITTED, RESERVED - STORE_SAMPLE_COMMITTED,
			     PROT_NONE))
			abort();
		offset += RESERVED;
	}
}

static uint32_t add_string(const struct store_sample *store, const char *string)
{
	uint64_t offset = store->header->string_bytes;

	strcpy(store_sample_item(store, ALLOT_REGION_STRINGS, offset, 1), string);
	store->header->string_bytes += strlen(string) + 1;
	return (uint32_t)offset;
}

static uint32_t add_name(const struct store_sample *store, const char *text)
{
	uint32_t number = (uint32_t)++store->header->name_count;

	*STORE_SAMPLE_ITEM(store, ALLOT_REGION_NAMES, struct allot_store_name, number) =
		(struct allot_store_name){ .text = add_string(store, text), .size = (uint32_t)strlen(text) };
	return number;
}

static void fill_header(struct allot_header *header)
{
	header->ready = 1;
	header->flags = ALLOT_STORE_MMAP;
	header->pid = 4711;
	header->depth_limit = 64;
	header->clock = ALLOT_CLOCK_COUNTER;
	header->start_stamp = 1000;
	header->start_monotonic_ns = 5000;
	header->start_realtime_ns = UINT64_C(1700000000000000000);
	header->latest_stamp = 1000 + 300; /* three ticks in a nanosecond */
	header->latest_monotonic_ns = 5000 + 100;
	for (unsigned int i = 0; i < 8; i++)
		header->lost[i] = 10 + i;
	header->bootstrap = 1;
	header->limited = 2;
	header->truncated = 3;
	header->verified = 40;
	header->differing = 4;
	header->children = 6;
	header->untraced_children = 5;
	header->stopped = 1;
	header->totals = (struct allot_totals){
		.ever_bytes = 10000, .ever_blocks = 100,
		.freed_bytes = 4000, .freed_blocks = 40,
		.temporary_bytes = 300, .temporary_blocks = 30,
		.peak_bytes = 7000, .peak_blocks = 70,
		.peak_event = 100, .peak_stamp = 1000 + 150,
		.tallies = { .events = 200, .unknown_frees = 7, .mismatched = 8, .double_allocations = 9 },
	};
}

static void add_modules(const struct store_sample *store)
{
	struct allot_store_module *modules = STORE_SAMPLE_ITEM(store, ALLOT_REGION_MODULES, struct allot_store_module,
							       0);

	modules[0].truncated = 5;
	modules[1] = (struct allot_store_module){
		.start = 0x1000, .end = 0x2000, .bias = 0x1000,
		.path = add_string(store, "/usr/bin/prog"),
		.build_id_size = 20, .build_id = { 0xab, [19] = 0xcd },
	};
	modules[2] = (struct allot_store_module){
		.start = 0x5000, .end = 0x6000, .bias = 0x4000,
		.path = add_string(store, "/usr/lib/libx.so"),
		.generation = 2, .dead = 1, .truncated = 6,
	};
	store->header->module_count = 3;
}

static void add_nodes(const struct store_sample *store)
{
	struct allot_store_node *nodes = STORE_SAMPLE_ITEM(store, ALLOT_REGION_NODES, struct allot_store_node, 0);

	nodes[STORE_SAMPLE_MAIN] = (struct allot_store_node){ 0x1100, ALLOT_NODE_ROOT, 1 << 8 };
	nodes[STORE_SAMPLE_PARSE] = (struct allot_store_node){ 0x1200, STORE_SAMPLE_MAIN, 1 << 8 };
	nodes[STORE_SAMPLE_PARSE_TWIN] = nodes[STORE_SAMPLE_PARSE];
	nodes[STORE_SAMPLE_LEAF] =
		(struct allot_store_node){ 0x5100, STORE_SAMPLE_PARSE_TWIN, 2 << 8 | ALLOT_NODE_SIGNAL };
	nodes[STORE_SAMPLE_LEAF_TWIN] =
		(struct allot_store_node){ 0x5100, STORE_SAMPLE_PARSE, 2 << 8 | ALLOT_NODE_SIGNAL };
	nodes[STORE_SAMPLE_STRAY] = (struct allot_store_node){ 0x1300, ALLOT_NODE_ROOT, 1 << 8 };
	store->header->node_count = STORE_SAMPLE_NODES;
	store->header->slot_count = 2; /* their threads have added the same nodes */
}

static void add_sites(const struct store_sample *store)
{
	struct allot_store_site *sites = STORE_SAMPLE_ITEM(store, ALLOT_REGION_SITES, struct allot_store_site, 0);

	/* unchanged since the peak: what is live was live then */
	sites[STORE_SAMPLE_SITE_LEAF] = (struct allot_store_site){
		.stack = STORE_SAMPLE_LEAF, .domain = ALLOT_DOMAIN_MALLOC, .mismatched = 1,
		.low = {
			.ever_bytes = 5000, .ever_blocks = 50, .freed_bytes = 1000, .freed_blocks = 10,
			.temporary_bytes = 100, .temporary_blocks = 10,
			.peak_bytes = 1, .peak_blocks = 1, .changed = 100,
		},
	};
	/* changed since: what was live at the peak is kept */
	sites[STORE_SAMPLE_SITE_LEAF_TWIN] = (struct allot_store_site){
		.stack = STORE_SAMPLE_LEAF_TWIN, .domain = ALLOT_DOMAIN_MALLOC, .mismatched = 2,
		.low = {
			.ever_bytes = 3000, .ever_blocks = 30, .freed_bytes = 2500, .freed_blocks = 25,
			.temporary_bytes = 200, .temporary_blocks = 20,
			.peak_bytes = 2000, .peak_blocks = 20, .changed = 101,
		},
	};
	sites[STORE_SAMPLE_SITE_MAPPED] = (struct allot_store_site){
		.stack = STORE_SAMPLE_PARSE, .domain = ALLOT_DOMAIN_MMAP,
		.low = {
			.ever_bytes = 1500, .ever_blocks = 10, .freed_bytes = 500, .freed_blocks = 5, .changed = 90,
		},
	};
	sites[STORE_SAMPLE_SITE_POOL] = (struct allot_store_site){
		.stack = STORE_SAMPLE_MAIN, .domain = 3,
		.low = {
			.ever_bytes = 500, .ever_blocks = 10, .changed = 150,
		},
	};
	store->header->site_count = STORE_SAMPLE_SITES - 1;
}

/* Page 3 is a copy that a split left behind: the directory does not name it. */
static void add_blocks(const struct store_sample *store)
{
	struct allot_live_page *pages = STORE_SAMPLE_ITEM(store, ALLOT_REGION_PAGES, struct allot_live_page, 0);
	uint32_t *directory = STORE_SAMPLE_ITEM(store, ALLOT_REGION_DIRECTORY, uint32_t, 4);
	struct allot_map *maps = STORE_SAMPLE_ITEM(store, ALLOT_REGION_MAPS, struct allot_map, 0);

	*allotp_live_entry_at(&pages[1], 101) =
		(struct allot_live_entry){ 0x7f0000003000, 30, STORE_SAMPLE_SITE_LEAF_TWIN, 0 };
	*allotp_live_entry_at(&pages[1], 100) =
		(struct allot_live_entry){ 0x7f0000002000, 20, STORE_SAMPLE_SITE_LEAF, 0 };
	*allotp_live_entry_at(&pages[2], 0) =
		(struct allot_live_entry){ UINT64_C(3) << 48 | 0x7f0000001000, 10, STORE_SAMPLE_SITE_POOL, 0 };
	pages[3] = pages[2];
	store->header->page_count = 3;
	store->header->directory_bits = 2;
	directory[0] = directory[1] = 1;
	directory[2] = directory[3] = 2;
	maps[0] = (struct allot_map){ .start = 0x7e0000000000, .size = 4096, .site = STORE_SAMPLE_SITE_MAPPED };
	store->header->map_count = 1;
}

static void add_times(const struct store_sample *store)
{
	struct allot_store_mark *marks = STORE_SAMPLE_ITEM(store, ALLOT_REGION_MARKS, struct allot_store_mark, 0);
	struct allot_store_sample *series = STORE_SAMPLE_ITEM(store, ALLOT_REGION_SERIES, struct allot_store_sample, 0);

	marks[0] = (struct allot_store_mark){ 1000 + 30, 640, add_name(store, "test foo begins"), 0 };
	marks[1] = (struct allot_store_mark){ 1000 + 60, 6400, 0, 0 };
	store->header->mark_count = 2;
	series[0] = (struct allot_store_sample){ 999, 1, 2, 3, 4 };
	series[1] = (struct allot_store_sample){ 1000 + 90, 5, 6, 7, 8 };
	store->header->sample_count = 2;
}

/* Two that refer to each other, one from the pool, and one that nobody knows the site of. */
static void add_objects(const struct store_sample *store)
{
	struct allot_store_object *objects = STORE_SAMPLE_ITEM(store, ALLOT_REGION_OBJECTS, struct allot_store_object, 0);
	struct allot_store_reference *references =
		STORE_SAMPLE_ITEM(store, ALLOT_REGION_REFERENCES, struct allot_store_reference, 0);
	uint32_t node = add_name(store, "node"), next = add_name(store, "next");

	objects[0] = (struct allot_store_object){ 0x7f0000001000, 48, 1, node, STORE_SAMPLE_SITE_POOL, 1, 1 };
	objects[1] = (struct allot_store_object){ 0x7f0000004000, 64, 2, node, 0, 1, 1 };
	references[0] = (struct allot_store_reference){ 0, 1, next, 0 };
	references[1] = (struct allot_store_reference){ 1, 0, next, 3 };
	store->header->objects = (struct allot_object_look){
		.state = ALLOT_LOOK_DONE, .announced = 1, .object_count = 2, .reference_count = 2,
	};
}

struct store_sample store_sample_new(void)
{
	uint64_t header_size = (sizeof(struct allot_header) + PAGE - 1) / PAGE * PAGE;
	struct store_sample store = { .size = header_size + (ALLOT_REGIONS - 1) * RESERVED };

	store.base = mmap(NULL, store.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (store.base == MAP_FAILED)
		abort();
	store.header = (struct allot_header *)(void *)store.base;
	store.header->magic = ALLOT_STORE_MAGIC;
	store.header->version = ALLOT_STORE_VERSION;
	store.header->header_size = sizeof(struct allot_header);
	store.header->mapping_size = store.size;
	store.header->string_bytes = 1; /* the empty string */
	lay_out(&store, header_size);
	fill_header(store.header);
	store.header->program = add_string(&store, "/usr/bin/prog");
	store.header->command = add_string(&store, "prog -x");
	store.header->note = add_string(&store, "small");
	add_modules(&store);
	add_nodes(&store);
	add_sites(&store);
	add_blocks(&store);
	add_times(&store);
	add_objects(&store);
	return store;
}

static struct allot_store_site site_of(uint32_t stack, uint32_t scope, uint32_t ever, uint32_t blocks, uint32_t freed)
{
	return (struct allot_store_site){
		.stack = stack, .domain = ALLOT_DOMAIN_MALLOC, .scope = scope, .scoped = scope != 0,
		.low = { .ever_bytes = ever, .ever_blocks = blocks, .freed_bytes = freed,
			 .freed_blocks = freed / 10 },
	};
}

void store_sample_add_scopes(const struct store_sample *store)
{
	struct allot_store_node *nodes = STORE_SAMPLE_ITEM(store, ALLOT_REGION_NODES, struct allot_store_node, 0);
	struct allot_store_site *sites = STORE_SAMPLE_ITEM(store, ALLOT_REGION_SITES, struct allot_store_site, 0);
	struct allot_store_scope *scopes = STORE_SAMPLE_ITEM(store, ALLOT_REGION_SCOPES, struct allot_store_scope, 0);

	scopes[STORE_SAMPLE_SCOPE_LOAD] = (struct allot_store_scope){
		.name = add_name(store, "load"),
		.counters = { .peak_bytes = 80, .peak_blocks = 8, .ever_bytes = 90, .ever_blocks = 9,
			      .freed_bytes = 30, .freed_blocks = 3, .temporary_bytes = 10, .temporary_blocks = 1 },
	};
	scopes[STORE_SAMPLE_SCOPE_UNNAMED] = (struct allot_store_scope){ .parent = STORE_SAMPLE_SCOPE_LOAD };
	scopes[STORE_SAMPLE_SCOPE_PARSE] = scopes[STORE_SAMPLE_SCOPE_LOAD];
	scopes[STORE_SAMPLE_SCOPE_PARSE].name = add_name(store, "parse");
	scopes[STORE_SAMPLE_SCOPE_PARSE].parent = STORE_SAMPLE_SCOPE_LOAD;
	store->header->scope_count = STORE_SAMPLE_SCOPES - 1;
	nodes[STORE_SAMPLE_PARSED] =
		(struct allot_store_node){ STORE_SAMPLE_SCOPE_PARSE, STORE_SAMPLE_MAIN, ALLOT_NODE_SCOPE };
	nodes[STORE_SAMPLE_BUDGETED] =
		(struct allot_store_node){ UINT64_C(1) << 32, STORE_SAMPLE_MAIN, ALLOT_NODE_SCOPE };
	store->header->node_count = STORE_SAMPLE_SCOPED_NODES;
	sites[STORE_SAMPLE_SITE_PARSED] = site_of(STORE_SAMPLE_PARSED, STORE_SAMPLE_SCOPE_PARSE, 90, 9, 30);
	sites[STORE_SAMPLE_SITE_BUDGETED] = site_of(STORE_SAMPLE_BUDGETED, 0, 7, 1, 0);
	sites[STORE_SAMPLE_SITE_PLAIN] = site_of(STORE_SAMPLE_MAIN, 0, 8, 1, 0);
	store->header->site_count = STORE_SAMPLE_SCOPED_SITES - 1;
	store->header->dropped_marks = 11;
	store->header->dropped_scopes = 12;
}

void store_sample_free(struct store_sample *store)
{
	munmap(store->base, store->size);
}
