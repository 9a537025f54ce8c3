/* SPDX-License-Identifier: MIT */
/* Tests freezing: what comes out of a sound store, and that a damaged one is counted, never followed. */
#include "snapshot/freeze.h"

#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "snapshot/check.h"
#include "store-sample.h"
#include "unit.h"

static struct store_sample store;
static struct allot_snapshot *frozen;
static struct allot_error error;

static void set_up(void)
{
	store = store_sample_new();
	frozen = NULL;
}

static void tear_down(void)
{
	allotp_snapshot_free(frozen);
	store_sample_free(&store);
}

static void freeze_with(const struct allot_freeze_options *options)
{
	ck_assert_msg(allotp_freeze(store.base, store.size, options, &frozen, &error) == 0, "%s", error.text);
	ck_assert_pstr_eq(allotp_snapshot_check(frozen), NULL);
}

static void freeze(void)
{
	freeze_with(
		&(struct allot_freeze_options){ .with_blocks = true, .exit = ALLOT_EXIT_SIGNALED, .exit_value = 9 });
}

/* Freezes and looks how much more was found out of range than the store itself says. */
static void assert_corrupt(uint64_t times)
{
	freeze();
	ck_assert_uint_eq(frozen->trust.lost[ALLOT_LOST_CORRUPT], 10 + ALLOT_LOST_CORRUPT + times);
}

static void assert_count(const struct allot_count *count, uint64_t bytes, uint64_t blocks)
{
	ck_assert_uint_eq(count->bytes, bytes);
	ck_assert_uint_eq(count->blocks, blocks);
}

/* A history of two points of the marks "test foo begins"; what the twins had is one site's. */
static void add_history(void)
{
	struct allot_store_past *past = STORE_SAMPLE_ITEM(&store, ALLOT_REGION_HISTORY, struct allot_store_past, 0);
	struct allot_store_history *history = &store.header->history;

	store.header->repeat_name = 1;
	history->repetitions = 5;
	history->left_out = 2;
	history->step = 2;
	history->count = 2;
	history->points[0] = (struct allot_store_point){ .number = 1, .stamp = 1000 + 30, .place = 9 };
	history->points[1] = (struct allot_store_point){ .number = 4, .stamp = 1000 + 90, .place = 3 };
	past[STORE_SAMPLE_SITE_LEAF].at[9] = (struct allot_past_count){ 100, 1 };
	past[STORE_SAMPLE_SITE_LEAF].at[3] = (struct allot_past_count){ 200, 2 };
	past[STORE_SAMPLE_SITE_LEAF_TWIN].at[9] = (struct allot_past_count){ 30, 3 };
	past[STORE_SAMPLE_SITE_LEAF_TWIN].at[3] = (struct allot_past_count){ 40, 4 };
	past[STORE_SAMPLE_SITE_POOL].at[3] = (struct allot_past_count){ 500, 10 };
	past[STORE_SAMPLE_SITE_POOL].at[4] = (struct allot_past_count){ 1, 1 }; /* of a place that is not used */
}

START_TEST(history_is_copied)
{
	const struct allot_history *history;
	const struct allot_site *site;

	add_history();
	freeze();
	history = &frozen->history;
	ck_assert_str_eq(history->mark, "test foo begins");
	ck_assert_uint_eq(history->repetitions, 5);
	ck_assert_uint_eq(history->left_out, 2);
	ck_assert_uint_eq(history->point_count, 2);
	ck_assert_uint_eq(history->points[0].number, 1);
	ck_assert_uint_eq(history->points[0].time_ns, 10);
	ck_assert_uint_eq(history->points[1].number, 4);
	ck_assert_uint_eq(history->points[1].time_ns, 30);
	ck_assert_uint_eq(history->step_count, 3);
	site = &frozen->sites[history->steps[0].site];
	ck_assert_uint_eq(site->domain, 3);
	ck_assert_uint_eq(history->steps[0].point, 1);
	assert_count(&history->steps[0].live, 500, 10);
	ck_assert_uint_eq(history->steps[1].site, history->steps[2].site);
	ck_assert_uint_eq(history->steps[1].point, 0);
	assert_count(&history->steps[1].live, 130, 4);
	ck_assert_uint_eq(history->steps[2].point, 1);
	assert_count(&history->steps[2].live, 240, 6);
}
END_TEST

START_TEST(points_of_no_place_or_order_are_left_out)
{
	struct allot_store_history *history = &store.header->history;

	add_history();
	history->count = UINT32_MAX;
	for (uint32_t i = 2; i < ALLOT_HISTORY_POINTS; i++)
		history->points[i] = (struct allot_store_point){ .number = 10 + i, .place = ALLOT_HISTORY_PLACES + i };
	history->points[1].number = 1;
	assert_corrupt(ALLOT_HISTORY_POINTS - 1);
	ck_assert_uint_eq(frozen->history.point_count, 1);
}
END_TEST

START_TEST(process_and_totals_are_copied)
{
	uint64_t overhead = 0;

	freeze();
	ck_assert_uint_eq(frozen->pid, 4711);
	ck_assert_str_eq(frozen->program, "/usr/bin/prog");
	ck_assert_str_eq(frozen->command, "prog -x");
	ck_assert_str_eq(frozen->note, "small");
	ck_assert_uint_eq(frozen->depth_limit, 64);
	ck_assert_uint_eq(frozen->start_time_ns, UINT64_C(1700000000000000000));
	assert_count(&frozen->live, 6000, 60);
	assert_count(&frozen->peak, 7000, 70);
	assert_count(&frozen->ever, 10000, 100);
	assert_count(&frozen->temporary, 300, 30);
	ck_assert_uint_eq(frozen->frees, 40);
	for (int i = 0; i < ALLOT_REGION_SEGMENTS; i++)
		overhead += store.header->regions[i].committed;
	overhead += store.header->ring_bytes;
	ck_assert_uint_eq(frozen->overhead_bytes, overhead);
}
END_TEST

START_TEST(trust_is_copied)
{
	freeze();
	for (unsigned int i = 0; i < ALLOT_LOST_REASONS; i++)
		ck_assert_uint_eq(frozen->trust.lost[i], 10 + i);
	ck_assert_uint_eq(frozen->trust.events, 147);
	ck_assert_uint_eq(frozen->trust.walks, 100);
	ck_assert_uint_eq(frozen->trust.truncated, 3);
	ck_assert_uint_eq(frozen->trust.limited, 2);
	ck_assert_uint_eq(frozen->trust.bootstrap, 1);
	ck_assert_uint_eq(frozen->trust.unknown_frees, 7);
	ck_assert_uint_eq(frozen->trust.inherited_frees, 0);
	ck_assert_uint_eq(frozen->trust.mismatched, 8);
	ck_assert_uint_eq(frozen->trust.double_allocations, 9);
	ck_assert_uint_eq(frozen->trust.verified, 40);
	ck_assert_uint_eq(frozen->trust.differing, 4);
	ck_assert_uint_eq(frozen->trust.children, 6);
	ck_assert_uint_eq(frozen->trust.untraced_children, 5);
	ck_assert(frozen->trust.stopped);
	ck_assert_int_eq(frozen->trust.exit, ALLOT_EXIT_SIGNALED);
	ck_assert_int_eq(frozen->trust.exit_value, 9);
}
END_TEST

START_TEST(unknown_frees_after_fork_are_the_parents)
{
	store.header->flags |= ALLOT_STORE_FORKED;
	freeze();
	ck_assert_uint_eq(frozen->trust.unknown_frees, 0);
	ck_assert_uint_eq(frozen->trust.inherited_frees, 7);
}
END_TEST

START_TEST(modules_are_copied)
{
	freeze();
	ck_assert_uint_eq(frozen->module_count, 3);
	ck_assert_str_eq(frozen->modules[0].path, "");
	ck_assert_uint_eq(frozen->modules[0].truncated, 5);
	ck_assert_str_eq(frozen->modules[1].path, "/usr/bin/prog");
	ck_assert_uint_eq(frozen->modules[1].start, 0x1000);
	ck_assert_uint_eq(frozen->modules[1].end, 0x2000);
	ck_assert_uint_eq(frozen->modules[1].bias, 0x1000);
	ck_assert_uint_eq(frozen->modules[1].build_id_size, 20);
	ck_assert_uint_eq(frozen->modules[1].build_id[0], 0xab);
	ck_assert_uint_eq(frozen->modules[1].build_id[19], 0xcd);
	ck_assert(!frozen->modules[1].unloaded);
	ck_assert_uint_eq(frozen->modules[2].generation, 2);
	ck_assert_uint_eq(frozen->modules[2].truncated, 6);
	ck_assert(frozen->modules[2].unloaded);
}
END_TEST

/* root, main, parse, leaf: twins are one, the stray is gone. */
START_TEST(tree_is_merged_and_renumbered)
{
	const struct allot_node *nodes;

	freeze();
	nodes = frozen->nodes;
	ck_assert_uint_eq(frozen->node_count, ALLOT_NODE_FIRST + 3);
	ck_assert_uint_eq(nodes[4].address, 0x1100);
	ck_assert_uint_eq(nodes[4].parent, ALLOT_NODE_ROOT);
	ck_assert_uint_eq(nodes[4].module, 1);
	ck_assert_uint_eq(nodes[4].flags, 0);
	ck_assert_uint_eq(nodes[5].address, 0x1200);
	ck_assert_uint_eq(nodes[5].parent, 4);
	ck_assert_uint_eq(nodes[6].address, 0x5100);
	ck_assert_uint_eq(nodes[6].parent, 5);
	ck_assert_uint_eq(nodes[6].module, 2);
	ck_assert_uint_eq(nodes[6].flags, ALLOT_NODE_SIGNAL);
}
END_TEST

/* Only threads that walk at the same time can have added the same child. */
START_TEST(tree_of_one_thread_is_taken_as_it_is)
{
	store.header->slot_count = 1;
	freeze();
	ck_assert_uint_eq(frozen->node_count, ALLOT_NODE_FIRST + 5);
	for (uint32_t i = ALLOT_NODE_FIRST; i < frozen->node_count; i++)
		ck_assert_uint_lt(frozen->nodes[i].parent, i);
}
END_TEST

START_TEST(sites_are_merged_and_sorted)
{
	const struct allot_site *sites;

	freeze();
	sites = frozen->sites;
	ck_assert_uint_eq(frozen->site_count, 3);

	ck_assert_uint_eq(sites[0].stack, 4);
	ck_assert_uint_eq(sites[0].domain, 3);
	assert_count(&sites[0].live, 500, 10);
	assert_count(&sites[0].peak, 0, 0); /* it changed after the peak, where it held nothing */

	ck_assert_uint_eq(sites[1].stack, 5);
	ck_assert_uint_eq(sites[1].domain, ALLOT_DOMAIN_MMAP);
	assert_count(&sites[1].live, 1000, 5);
	assert_count(&sites[1].peak, 1000, 5);

	ck_assert_uint_eq(sites[2].stack, 6);
	ck_assert_uint_eq(sites[2].domain, ALLOT_DOMAIN_MALLOC);
	assert_count(&sites[2].live, 4000 + 500, 40 + 5);
	assert_count(&sites[2].peak, 4000 + 2000, 40 + 20);
	assert_count(&sites[2].ever, 5000 + 3000, 50 + 30);
	assert_count(&sites[2].temporary, 100 + 200, 10 + 20);
	ck_assert_uint_eq(sites[2].mismatched, 1 + 2);

	ck_assert_uint_eq(frozen->domain_count, 4);
	ck_assert_str_eq(frozen->domains[3], "domain 3");
}
END_TEST

START_TEST(counters_have_high_halves)
{
	struct allot_site_halves *high =
		STORE_SAMPLE_ITEM(&store, ALLOT_REGION_HIGHS, struct allot_site_halves, STORE_SAMPLE_SITE_POOL);
	const struct allot_site *site;

	*high = (struct allot_site_halves){ .ever_bytes = 3, .freed_bytes = 1, .ever_blocks = 2, .peak_bytes = 5 };
	freeze();
	site = &frozen->sites[0];
	ck_assert_uint_eq(site->domain, 3);
	assert_count(&site->ever, (UINT64_C(3) << 32) + 500, (UINT64_C(2) << 32) + 10);
	assert_count(&site->live, (UINT64_C(2) << 32) + 500, (UINT64_C(2) << 32) + 10);
	assert_count(&site->peak, UINT64_C(5) << 32, 0);
}
END_TEST

/* The stack in a region is one frame shorter than the store has it; that in a budget is as if it were in none. */
START_TEST(scopes_become_regions)
{
	const struct allot_site *sites;

	store_sample_add_scopes(&store);
	freeze();
	ck_assert_uint_eq(frozen->region_count, 3);
	ck_assert_str_eq(frozen->regions[1].name, "load");
	ck_assert_uint_eq(frozen->regions[1].parent, 0);
	assert_count(&frozen->regions[1].live, 60, 6);
	assert_count(&frozen->regions[1].peak, 80, 8);
	assert_count(&frozen->regions[1].ever, 90, 9);
	assert_count(&frozen->regions[1].temporary, 10, 1);
	ck_assert_str_eq(frozen->regions[2].name, "parse");
	ck_assert_uint_eq(frozen->regions[2].parent, 1);
	ck_assert_uint_eq(frozen->dropped_marks, 11);
	ck_assert_uint_eq(frozen->dropped_regions, 12);

	sites = frozen->sites;
	ck_assert_uint_eq(frozen->node_count, ALLOT_NODE_FIRST + 3);
	ck_assert_uint_eq(frozen->site_count, 5);
	ck_assert_uint_eq(sites[0].stack, 4);
	ck_assert_uint_eq(sites[0].domain, ALLOT_DOMAIN_MALLOC);
	ck_assert_uint_eq(sites[0].region, 0);
	assert_count(&sites[0].live, 7 + 8, 1 + 1);
	ck_assert_uint_eq(sites[1].stack, 4);
	ck_assert_uint_eq(sites[1].domain, ALLOT_DOMAIN_MALLOC);
	ck_assert_uint_eq(sites[1].region, 2);
	assert_count(&sites[1].live, 60, 6);
	ck_assert_uint_eq(sites[2].domain, 3);
}
END_TEST

START_TEST(blocks_are_sorted_by_address)
{
	static const struct allot_block expected[] = {
		{ 0x7e0000000000, 4096, 1 },
		{ 0x7f0000001000, 10, 0 },
		{ 0x7f0000002000, 20, 2 },
		{ 0x7f0000003000, 30, 2 },
	};

	freeze();
	ck_assert_uint_eq(frozen->block_count, 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(frozen->blocks[i].address, expected[i].address);
		ck_assert_uint_eq(frozen->blocks[i].size, expected[i].size);
		ck_assert_uint_eq(frozen->blocks[i].site, expected[i].site);
	}
}
END_TEST

START_TEST(objects_are_copied)
{
	const struct allot_object_table *table;

	freeze();
	table = &frozen->objects;
	ck_assert(table->announced && table->taken && !table->partial);
	ck_assert_int_eq(table->error, 0);
	ck_assert_uint_eq(table->name_count, 3);
	ck_assert_str_eq(table->names[0], "");
	ck_assert_uint_eq(table->object_count, 2);
	ck_assert_str_eq(table->names[table->objects[0].type], "node");
	ck_assert_uint_eq(table->objects[0].size, 48);
	ck_assert_uint_eq(frozen->sites[table->objects[0].site - 1].ever.bytes, 500);
	ck_assert_uint_eq(table->objects[1].site, 0);
	ck_assert_uint_eq(table->objects[1].refs, 2);
	ck_assert_uint_eq(table->reference_count, 2);
	ck_assert_uint_eq(table->references[1].to, 0);
	ck_assert_uint_eq(table->references[1].item, 3);
	ck_assert_str_eq(table->names[table->references[1].field], "next");
}
END_TEST

/* 0: the program has none, 1: nobody has looked, 2: it failed, 3: it ended meanwhile */
START_TEST(objects_that_were_not_told_are_not_there)
{
	store.header->objects.announced = _i != 0;
	store.header->objects.state = _i == 2 ? ALLOT_LOOK_FAILED : _i == 3 ? ALLOT_LOOK_RUNNING : ALLOT_LOOK_NONE;
	store.header->objects.error = EAGAIN;
	assert_corrupt(0);
	ck_assert_int_eq(frozen->objects.announced, _i != 0);
	ck_assert(!frozen->objects.taken);
	ck_assert_int_eq(frozen->objects.error, _i == 2 ? EAGAIN : _i == 3 ? EINTR : 0);
	ck_assert_uint_eq(frozen->objects.object_count, 0);
}
END_TEST

START_TEST(blocks_are_left_out_if_not_wanted)
{
	freeze_with(&(struct allot_freeze_options){ .with_blocks = false });
	ck_assert_uint_eq(frozen->block_count, 0);
	ck_assert_uint_eq(frozen->site_count, 3);
}
END_TEST

START_TEST(times_follow_the_latest_pair_in_the_store)
{
	freeze();
	ck_assert_uint_eq(frozen->time_ns, 100);
	ck_assert_uint_eq(frozen->peak_time_ns, 50);
	ck_assert_uint_eq(frozen->mark_count, 2);
	ck_assert_uint_eq(frozen->marks[0].time_ns, 10);
	ck_assert_uint_eq(frozen->marks[0].live_bytes, 640);
	ck_assert_str_eq(frozen->marks[0].name, "test foo begins");
	ck_assert_uint_eq(frozen->marks[1].time_ns, 20);
	ck_assert_str_eq(frozen->marks[1].name, "");
	ck_assert_uint_eq(frozen->sample_count, 2);
	ck_assert_uint_eq(frozen->series[0].time_ns, 0); /* a stamp from before the start */
	ck_assert_uint_eq(frozen->series[1].time_ns, 30);
	ck_assert_uint_eq(frozen->series[1].live_bytes, 5);
	ck_assert_uint_eq(frozen->series[1].live_blocks, 6);
	ck_assert_uint_eq(frozen->series[1].ever_bytes, 7);
	ck_assert_uint_eq(frozen->series[1].ever_blocks, 8);
}
END_TEST

START_TEST(times_follow_the_pair_given)
{
	freeze_with(&(struct allot_freeze_options){ .now_stamp = 1000 + 600, .now_monotonic_ns = 5000 + 1200 });
	ck_assert_uint_eq(frozen->time_ns, 1200);
	ck_assert_uint_eq(frozen->peak_time_ns, 300);
}
END_TEST

START_TEST(monotonic_stamps_are_nanoseconds)
{
	store.header->clock = ALLOT_CLOCK_MONOTONIC;
	freeze();
	ck_assert_uint_eq(frozen->time_ns, 100);
	ck_assert_uint_eq(frozen->peak_time_ns, 150);
}
END_TEST

START_TEST(stopped_clock_gives_no_times)
{
	store.header->latest_stamp = store.header->start_stamp;
	freeze();
	ck_assert_uint_eq(frozen->peak_time_ns, 0);
}
END_TEST

START_TEST(far_stamps_saturate)
{
	store.header->totals.peak_stamp = UINT64_MAX;
	store.header->latest_monotonic_ns = UINT64_MAX;
	freeze();
	ck_assert_uint_eq(frozen->peak_time_ns, UINT64_MAX);
}
END_TEST

/* ---- what is no store ---- */

static void assert_refused(int code)
{
	struct allot_snapshot *out = NULL;

	ck_assert_int_eq(allotp_freeze(store.base, store.size, &(struct allot_freeze_options){ 0 }, &out, &error),
			 code);
	ck_assert_ptr_null(out);
	ck_assert_uint_gt(strlen(error.text), 0);
}

START_TEST(other_files_are_refused)
{
	store.header->magic++;
	assert_refused(-EBADMSG);
	store.header->magic--;
	store.header->version++;
	assert_refused(-ENOTSUP);
	store.header->version--;
	store.header->header_size--;
	assert_refused(-ENOTSUP);
	store.header->header_size++;
	store.header->ready = 0;
	assert_refused(-ENODATA);
	store.header->ready = 1;
	store.size = sizeof(struct allot_header) - 1;
	assert_refused(-EBADMSG);
}
END_TEST

/* ---- what is damaged ---- */

#define SITE(number) STORE_SAMPLE_ITEM(&store, ALLOT_REGION_SITES, struct allot_store_site, number)
#define NODE(number) STORE_SAMPLE_ITEM(&store, ALLOT_REGION_NODES, struct allot_store_node, number)
#define MODULE(number) STORE_SAMPLE_ITEM(&store, ALLOT_REGION_MODULES, struct allot_store_module, number)

START_TEST(sound_store_is_not_corrupt)
{
	assert_corrupt(0);
}
END_TEST

START_TEST(region_out_of_place_is_empty)
{
	struct allot_region *region = &store.header->regions[ALLOT_REGION_MARKS];

	switch (_i) {
	case 0:
		region->offset = store.size + 4096;
		break;
	case 1:
		region->offset = UINT64_MAX / 4096 * 4096;
		break;
	case 2:
		region->offset += 8;
		break;
	case 3:
		region->committed = region->size + 1;
		break;
	default:
		region->size = region->committed = UINT64_MAX;
		break;
	}
	assert_corrupt(2); /* the region, and the count of marks that cannot be there */
	ck_assert_uint_eq(frozen->mark_count, 0);
	ck_assert_uint_eq(frozen->site_count, 3);
}
END_TEST

START_TEST(store_cut_short_keeps_what_is_there)
{
	store.size = store.header->regions[ALLOT_REGION_DIRECTORY].offset;
	freeze();
	ck_assert_uint_eq(frozen->site_count, 3);
	ck_assert_uint_eq(frozen->node_count, ALLOT_NODE_FIRST + 3);
	ck_assert_uint_eq(frozen->block_count, 0);
	ck_assert_uint_gt(frozen->trust.lost[ALLOT_LOST_CORRUPT], 10 + ALLOT_LOST_CORRUPT);
}
END_TEST

START_TEST(only_committed_memory_is_touched)
{
	struct allot_header *header = store.header;

	/* what lies behind is inaccessible; producers may count on, the drainer may not */
	header->node_count = header->module_count = header->string_bytes = UINT64_MAX;
	header->site_count = header->page_count = UINT64_MAX;
	header->map_count = header->mark_count = header->sample_count = UINT32_MAX;
	assert_corrupt(5 /* counts */ + STORE_SAMPLE_COMMITTED / sizeof(struct allot_map) - 1 /* maps of no site */);
	ck_assert_uint_eq(frozen->mark_count, STORE_SAMPLE_COMMITTED / sizeof(struct allot_store_mark));
	ck_assert_uint_eq(frozen->module_count, STORE_SAMPLE_COMMITTED / sizeof(struct allot_store_module));
}
END_TEST

START_TEST(empty_regions_are_no_damage)
{
	struct allot_header *header = store.header;

	for (int i = ALLOT_REGION_HEADER + 1; i < ALLOT_REGIONS; i++)
		header->regions[i].committed = 0;
	header->node_count = header->module_count = header->site_count = header->page_count = 0;
	header->map_count = header->mark_count = header->sample_count = header->directory_bits = 0;
	header->program = header->command = header->note = 0;
	header->objects.object_count = header->objects.reference_count = 0;
	assert_corrupt(0);
	ck_assert_uint_eq(frozen->site_count, 0);
	ck_assert_uint_eq(frozen->module_count, 1);
	ck_assert_uint_eq(frozen->node_count, ALLOT_NODE_FIRST);
}
END_TEST

START_TEST(site_of_no_stack_keeps_its_counters)
{
	SITE(STORE_SAMPLE_SITE_POOL)->stack = _i ? STORE_SAMPLE_NODES : UINT32_MAX;
	store.header->node_count = STORE_SAMPLE_NODES;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->sites[0].stack, ALLOT_NODE_NONE);
	assert_count(&frozen->sites[0].live, 500, 10);
}
END_TEST

START_TEST(scope_that_is_not_there_is_no_region)
{
	store_sample_add_scopes(&store);
	SITE(STORE_SAMPLE_SITE_PARSED)->scope = _i ? STORE_SAMPLE_SCOPE_UNNAMED : UINT32_MAX;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->sites[0].region, 0);
}
END_TEST

START_TEST(scope_inside_of_none_before_it_is_in_none)
{
	store_sample_add_scopes(&store);
	STORE_SAMPLE_ITEM(&store, ALLOT_REGION_SCOPES, struct allot_store_scope, STORE_SAMPLE_SCOPE_PARSE)->parent =
		_i ? STORE_SAMPLE_SCOPE_PARSE : UINT32_MAX;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->regions[2].parent, 0);
}
END_TEST

START_TEST(name_that_is_not_there_is_empty)
{
	store_sample_add_scopes(&store);
	STORE_SAMPLE_ITEM(&store, ALLOT_REGION_SCOPES, struct allot_store_scope, STORE_SAMPLE_SCOPE_PARSE)->name =
		1000000;
	assert_corrupt(1);
	ck_assert_str_eq(frozen->regions[2].name, "");
}
END_TEST

/* What is no frame may have no children, and must not be the parent of itself. */
START_TEST(node_of_a_scope_inside_a_stack_is_no_frame)
{
	store_sample_add_scopes(&store);
	NODE(STORE_SAMPLE_PARSE)->module_flags = ALLOT_NODE_SCOPE;
	assert_corrupt(0);
	ck_assert_uint_eq(frozen->nodes[4].address, 0x1100);
	for (uint32_t i = ALLOT_NODE_FIRST; i < frozen->node_count; i++)
		ck_assert_uint_lt(frozen->nodes[i].parent, i);
}
END_TEST

START_TEST(more_freed_than_allocated_is_nothing_live)
{
	SITE(STORE_SAMPLE_SITE_POOL)->low.freed_bytes = 501;
	store.header->totals.freed_blocks = 101;
	assert_corrupt(2);
	assert_count(&frozen->sites[0].live, 0, 10);
	assert_count(&frozen->live, 6000, 0);
}
END_TEST

START_TEST(parent_that_is_no_ancestor_ends_the_stack)
{
	NODE(STORE_SAMPLE_MAIN)->parent = _i ? STORE_SAMPLE_MAIN : STORE_SAMPLE_LEAF;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->nodes[4].address, 0x1100);
	ck_assert_uint_eq(frozen->nodes[4].parent, ALLOT_NODE_TRUNCATED);
	ck_assert_uint_eq(frozen->site_count, 3);
}
END_TEST

START_TEST(node_of_no_module_is_in_none)
{
	NODE(STORE_SAMPLE_MAIN)->module_flags = UINT32_MAX;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->nodes[4].module, 0);
	ck_assert_uint_eq(frozen->nodes[4].flags, ALLOT_NODE_SIGNAL);
}
END_TEST

START_TEST(module_of_no_sense_is_kept_without_it)
{
	MODULE(1)->end = 0;
	MODULE(1)->build_id_size = 33;
	MODULE(1)->path = UINT32_MAX;
	assert_corrupt(3);
	ck_assert_str_eq(frozen->modules[1].path, "");
	ck_assert_uint_eq(frozen->modules[1].start, 0);
	ck_assert_uint_eq(frozen->modules[1].build_id_size, 0);
}
END_TEST

START_TEST(exit_of_no_kind_is_unknown)
{
	freeze_with(&(struct allot_freeze_options){ .exit = (enum allot_exit)(ALLOT_EXIT_UNKNOWN + 1) });
	ck_assert_int_eq(frozen->trust.exit, ALLOT_EXIT_UNKNOWN);
	ck_assert_uint_eq(frozen->trust.lost[ALLOT_LOST_CORRUPT], 10 + ALLOT_LOST_CORRUPT + 1);
}
END_TEST

START_TEST(string_without_end_is_cut)
{
	memset(store_sample_item(&store, ALLOT_REGION_STRINGS, 1, 1), 'x', STORE_SAMPLE_COMMITTED - 1);
	store.header->string_bytes = STORE_SAMPLE_COMMITTED;
	freeze();
	ck_assert_uint_eq(strlen(frozen->program), STORE_SAMPLE_COMMITTED - store.header->program);
	ck_assert_uint_gt(frozen->trust.lost[ALLOT_LOST_CORRUPT], 10 + ALLOT_LOST_CORRUPT);
}
END_TEST

START_TEST(reference_to_no_object_is_left_out)
{
	struct allot_store_reference *reference =
		STORE_SAMPLE_ITEM(&store, ALLOT_REGION_REFERENCES, struct allot_store_reference, 1);

	*(_i ? &reference->to : &reference->from) = 2;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->objects.reference_count, 1);
}
END_TEST

START_TEST(object_of_no_type_or_site_has_none)
{
	struct allot_store_object *object =
		STORE_SAMPLE_ITEM(&store, ALLOT_REGION_OBJECTS, struct allot_store_object, 0);

	object->type = UINT32_MAX;
	object->site = UINT32_MAX;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->objects.objects[0].type, 0);
	ck_assert_uint_eq(frozen->objects.objects[0].site, 0);
}
END_TEST

START_TEST(more_objects_than_there_is_room_for_are_not_read)
{
	store.header->objects.object_count = UINT64_MAX / 2;
	store.header->objects.reference_count = UINT64_MAX;
	freeze();
	ck_assert_uint_eq(frozen->objects.object_count, STORE_SAMPLE_COMMITTED / sizeof(struct allot_store_object));
}
END_TEST

START_TEST(block_of_no_site_is_left_out)
{
	allotp_live_entry_at(STORE_SAMPLE_ITEM(&store, ALLOT_REGION_PAGES, struct allot_live_page, 1), 101)->site =
		_i == 0   ? 0
		: _i == 1 ? STORE_SAMPLE_SITE_EMPTY
			  : UINT32_MAX;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->block_count, 3);
}
END_TEST

static void put_links(const struct allot_chain_link *links, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		*STORE_SAMPLE_ITEM(&store, ALLOT_REGION_LINKS, struct allot_chain_link, i) = links[i];
	store.header->leaks.state = ALLOT_LOOK_DONE;
	store.header->leaks.link_count = count;
}

START_TEST(chains_with_a_link_of_no_sense_are_left_out)
{
	struct allot_chain_link links[] = {
		{ .kind = ALLOT_LINK_BLOCK, .site = 1, .address = 0x100, .size = 8 },
		{ .kind = ALLOT_LINK_DATA, .address = 0x4000 },
		{ .kind = ALLOT_LINK_BLOCK, .site = 1 },
		{ .kind = ALLOT_LINK_BLOCK, .site = 2 },
		{ .kind = ALLOT_LINK_STACK, .thread = 7 },
		{ .kind = ALLOT_LINK_BLOCK, .site = 2, .address = 0x200, .offset = 16 },
		{ .kind = ALLOT_LINK_REGISTER, .thread = 8 },
	};

	switch (_i) {
	case 0:
		links[3].site = 0;
		break;
	case 1:
		links[3].site = UINT32_MAX;
		break;
	case 2:
		links[3].kind = UINT8_MAX;
		break;
	case 3:
		links[3].leak_class = ALLOT_LEAKS;
		break;
	default:
		links[2].kind = ALLOT_LINK_LEFT_OUT;
		break;
	}
	put_links(links, sizeof(links) / sizeof(links[0]));
	freeze();
	ck_assert_uint_gt(frozen->trust.lost[ALLOT_LOST_CORRUPT], 10 + ALLOT_LOST_CORRUPT);
	/* A kind that nobody knows ends a chain, and what is behind it begins with no block. */
	ck_assert_uint_eq(frozen->link_count, 4);
	ck_assert_uint_eq(frozen->links[0].address, 0x100);
	ck_assert_uint_ge(frozen->links[0].stack, ALLOT_NODE_FIRST);
	ck_assert_uint_eq(frozen->links[1].kind, ALLOT_LINK_DATA);
	ck_assert_uint_eq(frozen->links[2].address, 0x200);
	ck_assert_uint_eq(frozen->links[2].offset, 16);
	ck_assert_uint_eq(frozen->links[3].thread, 8);
}
END_TEST

START_TEST(chain_without_end_is_left_out)
{
	static const struct allot_chain_link links[] = {
		{ .kind = ALLOT_LINK_BLOCK, .site = 1 },
		{ .kind = ALLOT_LINK_STACK },
		{ .kind = ALLOT_LINK_BLOCK, .site = 1 },
	};

	put_links(links, 3);
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->link_count, 2);
}
END_TEST

START_TEST(directory_with_wrong_pages_is_not_followed)
{
	uint32_t *directory = STORE_SAMPLE_ITEM(&store, ALLOT_REGION_DIRECTORY, uint32_t, 4);

	directory[1] = UINT32_MAX; /* out of range */
	directory[2] = 1;          /* a page that was seen before */
	directory[3] = 0;          /* none */
	assert_corrupt(3);
	ck_assert_uint_eq(frozen->block_count, 3);
}
END_TEST

START_TEST(directory_too_large_is_not_followed)
{
	store.header->directory_bits = _i ? 31 : UINT32_MAX;
	assert_corrupt(1);
	ck_assert_uint_eq(frozen->block_count, 1); /* a mapping */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot-freeze");
	TCase *sound = tcase_create("sound"), *damaged = tcase_create("damaged");

	tcase_add_checked_fixture(sound, set_up, tear_down);
	tcase_set_timeout(sound, 120);
	tcase_add_test(sound, process_and_totals_are_copied);
	tcase_add_test(sound, history_is_copied);
	tcase_add_test(sound, trust_is_copied);
	tcase_add_test(sound, unknown_frees_after_fork_are_the_parents);
	tcase_add_test(sound, modules_are_copied);
	tcase_add_test(sound, tree_is_merged_and_renumbered);
	tcase_add_test(sound, tree_of_one_thread_is_taken_as_it_is);
	tcase_add_test(sound, sites_are_merged_and_sorted);
	tcase_add_test(sound, counters_have_high_halves);
	tcase_add_test(sound, scopes_become_regions);
	tcase_add_test(sound, blocks_are_sorted_by_address);
	tcase_add_test(sound, objects_are_copied);
	tcase_add_loop_test(sound, objects_that_were_not_told_are_not_there, 0, 4);
	tcase_add_test(sound, blocks_are_left_out_if_not_wanted);
	tcase_add_test(sound, times_follow_the_latest_pair_in_the_store);
	tcase_add_test(sound, times_follow_the_pair_given);
	tcase_add_test(sound, monotonic_stamps_are_nanoseconds);
	tcase_add_test(sound, stopped_clock_gives_no_times);
	tcase_add_test(sound, far_stamps_saturate);
	suite_add_tcase(suite, sound);

	tcase_add_checked_fixture(damaged, set_up, tear_down);
	tcase_set_timeout(damaged, 120);
	tcase_add_test(damaged, other_files_are_refused);
	tcase_add_test(damaged, sound_store_is_not_corrupt);
	tcase_add_loop_test(damaged, region_out_of_place_is_empty, 0, 5);
	tcase_add_test(damaged, store_cut_short_keeps_what_is_there);
	tcase_add_test(damaged, only_committed_memory_is_touched);
	tcase_add_test(damaged, empty_regions_are_no_damage);
	tcase_add_loop_test(damaged, site_of_no_stack_keeps_its_counters, 0, 2);
	tcase_add_loop_test(damaged, scope_that_is_not_there_is_no_region, 0, 2);
	tcase_add_loop_test(damaged, scope_inside_of_none_before_it_is_in_none, 0, 2);
	tcase_add_test(damaged, name_that_is_not_there_is_empty);
	tcase_add_test(damaged, node_of_a_scope_inside_a_stack_is_no_frame);
	tcase_add_test(damaged, points_of_no_place_or_order_are_left_out);
	tcase_add_test(damaged, more_freed_than_allocated_is_nothing_live);
	tcase_add_loop_test(damaged, parent_that_is_no_ancestor_ends_the_stack, 0, 2);
	tcase_add_test(damaged, node_of_no_module_is_in_none);
	tcase_add_test(damaged, module_of_no_sense_is_kept_without_it);
	tcase_add_test(damaged, exit_of_no_kind_is_unknown);
	tcase_add_test(damaged, string_without_end_is_cut);
	tcase_add_loop_test(damaged, block_of_no_site_is_left_out, 0, 3);
	tcase_add_loop_test(damaged, reference_to_no_object_is_left_out, 0, 2);
	tcase_add_test(damaged, object_of_no_type_or_site_has_none);
	tcase_add_test(damaged, more_objects_than_there_is_room_for_are_not_read);
	tcase_add_loop_test(damaged, chains_with_a_link_of_no_sense_are_left_out, 0, 5);
	tcase_add_test(damaged, chain_without_end_is_left_out);
	tcase_add_test(damaged, directory_with_wrong_pages_is_not_followed);
	tcase_add_loop_test(damaged, directory_too_large_is_not_followed, 0, 2);
	suite_add_tcase(suite, damaged);
	return unit_run(suite);
}
