/* SPDX-License-Identifier: MIT */
/* Tests that the drain counts exactly what happened, in the order in which it happened, whoever wrote it where. */
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "snapshot/snapshot.h"
#include "store-model.h"
#include "store/batch.h"
#include "store/drain.h"
#include "store/live.h"
#include "store/tree.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 26)
#define BLOCKS 6000u /* enough for the live table to have several pages */
#define EVENTS 30000

static struct allot_store store;
static struct store_model model;
static struct allot_producer producers[MODEL_SLOTS];
static int store_fd;

static void set_up(uint32_t ring_events, uint32_t blocks, uint32_t slots)
{
	store_fd = fixture_create(&store, STORE_BYTES, ring_events);
	model_init(&model, &store, blocks);
	for (uint32_t i = 0; i < slots; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, 1), 0);
		ck_assert_uint_eq(producers[i].number, i);
		model.events++;
	}
}

static void tear_down(void)
{
	allotp_store_close(&store);
	model_free(&model);
	close(store_fd);
}

static void happen(const struct model_event *event, uint64_t stamp)
{
	model_apply(&model, event);
	fixture_require(fixture_write(&producers[event->slot], model_encode(&model, event, stamp)));
}

static void happen_at_random(uint64_t *random, uint32_t slots, uint64_t stamp)
{
	struct model_event event = model_random_event(&model, random, slots);

	happen(&event, stamp);
}

static void assert_exact(void)
{
	ck_assert_pstr_eq(model_difference(&model, &store), NULL);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 0);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_STORE_FULL], 0);
}

/* ---- what it counts ---- */

/* Of a store in which blocks are sampled now and then; sizes are up to 4096. */
static const uint64_t intervals[] = { 0, 0, 1, 300, 5000, UINT64_C(1) << 40 };
#define INTERVALS (int)(sizeof(intervals) / sizeof(intervals[0]))

START_TEST(one_ring_is_exact)
{
	uint64_t random = (uint64_t)_i;

	set_up(_i % 2 ? 16 : 1024, BLOCKS, 1);
	model_sample(&model, &store, intervals[_i]);
	for (uint64_t i = 0; i < EVENTS; i++) {
		happen_at_random(&random, 1, 2 + i);
		if (fixture_random(&random) % 5000 == 0) {
			fixture_drain(&store);
			assert_exact();
		}
	}
	fixture_drain(&store);
	assert_exact();
	ck_assert_uint_gt(model.temporary.blocks, 100);
	ck_assert_uint_gt(model.mismatched, 100);
	ck_assert_uint_gt(model.unknown_frees, 100);
	ck_assert_uint_gt(store.header->page_count, 4);
}
END_TEST

START_TEST(rings_are_merged_by_stamp)
{
	uint64_t random = 1000 + (uint64_t)_i, stamp = 2;

	set_up(_i % 2 ? 16 : 256, BLOCKS, MODEL_SLOTS);
	model_sample(&model, &store, intervals[_i]);
	for (uint64_t i = 0; i < EVENTS; i++) {
		happen_at_random(&random, MODEL_SLOTS, stamp);
		stamp += 1 + fixture_random(&random) % 3;
		if (fixture_random(&random) % 5000 == 0) {
			fixture_drain(&store);
			assert_exact();
		}
	}
	fixture_drain(&store);
	assert_exact();
}
END_TEST

START_TEST(among_equal_stamps_frees_go_first)
{
	enum { EACH = MODEL_SLOTS };

	set_up(64, BLOCKS, MODEL_SLOTS);
	for (uint32_t round = 0; round < 200; round++) {
		uint64_t stamp = 2 + round;
		uint32_t old = round % 2 * EACH, new = EACH - old;

		/* Were an allocation counted before a free of its time, there would be a higher peak. */
		for (uint32_t i = 0; i < EACH && round; i++) {
			struct model_event event = {
				.op = ALLOT_OP_FREE,
				.slot = (i + 3 * round) % EACH,
				.block = old + i,
				.family = ALLOT_FAMILY_ANY,
			};

			happen(&event, stamp);
		}
		for (uint32_t i = 0; i < EACH; i++) {
			struct model_event event = {
				.op = ALLOT_OP_ALLOC,
				.slot = (i + 5 * round) % EACH,
				.block = new + i,
				.size = 1000 + i,
				.stack = i,
			};

			happen(&event, stamp);
		}
	}
	fixture_drain(&store);
	ck_assert_uint_eq(model.peak.blocks, EACH);
	assert_exact();
}
END_TEST

START_TEST(clocks_that_disagree_do_not_matter_for_one_address)
{
	uint64_t random = 2000 + (uint64_t)_i, offsets[MODEL_SLOTS], stamp = 100000;

	set_up(64, 50, MODEL_SLOTS);
	model.any_peak = true;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		offsets[i] = fixture_random(&random) % 1000;
	for (uint64_t i = 0; i < EVENTS; i++) {
		struct model_event event = model_random_event(&model, &random, MODEL_SLOTS);

		happen(&event, ++stamp - offsets[event.slot]);
		if (fixture_random(&random) % 2000 == 0)
			fixture_drain(&store);
	}
	fixture_drain(&store);
	assert_exact();
}
END_TEST

START_TEST(double_allocations_are_exact)
{
	enum { FEW = 40 };
	uint64_t random = 3000 + (uint64_t)_i;

	set_up(64, 1000, MODEL_SLOTS);
	for (uint64_t i = 0; i < EVENTS; i++) {
		uint32_t who = (uint32_t)(fixture_random(&random) % MODEL_SLOTS);
		const struct model_slot *slot = &model.slots[who];
		struct model_event event = {
			.op = ALLOT_OP_ALLOC,
			.slot = who,
			.block = (uint32_t)(fixture_random(&random) % FEW),
			.size = fixture_random(&random) % 500,
			.stack = (uint32_t)(fixture_random(&random) % MODEL_STACKS),
		};
		uint64_t dice = fixture_random(&random) % 10;

		if (slot->given_up && slot->restores) {
			event.op = ALLOT_OP_RESTORE;
			event.block = slot->given_up - 1;
		} else if (model.blocks[event.block].reserved) {
			continue;
		} else if (!slot->given_up && slot->last_alloc != event.block + 1 && dice < 5) {
			event.op = dice ? ALLOT_OP_FREE : ALLOT_OP_GIVE_UP;
			event.restores = fixture_random(&random) % 2;
		}
		happen(&event, 2 + i);
	}
	fixture_drain(&store);
	ck_assert_uint_gt(model.double_allocations, 1000);
	assert_exact();
}
END_TEST

/* As an allocator's calloc that calls its malloc by name looks like, however soon the block is freed. */
START_TEST(blocks_that_are_allocated_twice_are_freed_once)
{
	set_up(64, 1000, 1);
	for (uint64_t i = 0; i < 300; i++) {
		struct model_event event = { .op = i % 3 < 2 ? ALLOT_OP_ALLOC : ALLOT_OP_FREE,
					     .block = 0,
					     .size = 101 };

		event.stack = (uint32_t)(i % 3);
		happen(&event, 2 + i);
	}
	fixture_drain(&store);
	ck_assert_uint_eq(model.double_allocations, 100);
	assert_exact();
}
END_TEST

/* Their counters are what most of a batch's memory is. */
START_TEST(a_batch_of_many_sites_ends)
{
	const uint32_t sites = 2 * ALLOT_BATCH_SITES_DUE + 1;
	uint64_t before;

	set_up(1024, 1, 1);
	for (uint32_t i = 0; i < sites; i++) {
		struct fixture_event event = {
			.stamp = 2 + i, .address = 4096 + 16 * i, .size = 3, .op = ALLOT_OP_ALLOC
		};

		event.stack = allotp_tree_insert(&store, ALLOT_NODE_ROOT, i, 0, 0);
		fixture_require(fixture_write(&producers[0], event));
	}
	before = store.header->batch;
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->batch, before + 3);
	ck_assert_uint_eq(store.header->site_count, sites);
	for (uint32_t i = 1; i <= sites; i++)
		fixture_require(allotp_site(&store, i)->low.ever_blocks == 1);
}
END_TEST

/* What the program has said of it makes no difference. */
START_TEST(a_block_that_is_no_leak_may_be_temporary)
{
	struct fixture_event event = {
		.stamp = 2, .address = 4096, .size = 3, .op = ALLOT_OP_ALLOC, .family = ALLOT_KEPT_EVENT
	};

	set_up(1024, 1, 1);
	event.stack = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 1, 0, 0);
	for (uint32_t i = 0; i < 2; i++) {
		fixture_require(fixture_write(&producers[0], event));
		event.stamp++;
		event.family ^= ALLOT_KEPT_EVENT;
		event.op = ALLOT_OP_FREE;
	}
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.temporary_blocks, 1);
	ck_assert_uint_eq(store.header->totals.temporary_bytes, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-drain");
	TCase *tcase = tcase_create("exact");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, one_ring_is_exact, 0, INTERVALS);
	tcase_add_loop_test(tcase, rings_are_merged_by_stamp, 0, INTERVALS);
	tcase_add_test(tcase, among_equal_stamps_frees_go_first);
	tcase_add_loop_test(tcase, clocks_that_disagree_do_not_matter_for_one_address, 0, 4);
	tcase_add_loop_test(tcase, double_allocations_are_exact, 0, 3);
	tcase_add_test(tcase, blocks_that_are_allocated_twice_are_freed_once);
	tcase_add_test(tcase, a_batch_of_many_sites_ends);
	tcase_add_test(tcase, a_block_that_is_no_leak_may_be_temporary);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
