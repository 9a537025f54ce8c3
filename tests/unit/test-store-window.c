/* SPDX-License-Identifier: MIT */
/* Tests of windows: two rings are applied one after the other, and nobody can tell. */
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-model.h"
#include "store/drain.h"
#include "unit.h"

enum { SLOTS = 6, RING = 1024, BLOCKS = 3000, EVENTS = 20000 };

static struct allot_store store;
static struct allot_producer producers[SLOTS];
static int store_fd;

static void set_up_of(uint32_t slots, uint32_t ring)
{
	store_fd = fixture_create(&store, UINT64_C(1) << 26, ring);
	for (uint32_t i = 0; i < slots; i++)
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, 1), 0);
}

static void set_up(void)
{
	set_up_of(SLOTS, RING);
	fixture_drain(&store);
}

static void tear_down(void)
{
	allotp_store_close(&store);
	close(store_fd);
}

static void write_block(uint32_t slot, enum allot_op op, uint64_t stamp, uint32_t block, uint64_t size)
{
	fixture_require(fixture_write(&producers[slot],
				      (struct fixture_event){
					      .stamp = stamp,
					      .address = UINT64_C(0x7f0000001000) + block * UINT64_C(0x100000),
					      .size = size,
					      .op = (uint8_t)op,
				      }));
}

/* A high peak at the beginning, then small blocks, many of them of no size; reallocs that fail. */
START_TEST(random_events_are_as_in_order)
{
	const uint32_t slots = 2 + (uint32_t)_i % (SLOTS - 1);
	uint64_t random = (uint64_t)_i, stamp = 2;
	struct store_model model;

	set_up_of(slots, _i % 7 ? RING : 16);
	model_init(&model, &store, _i % 2 ? 200 : BLOCKS);
	model.events += slots;
	for (int i = 0; i < EVENTS; i++) {
		struct model_event event = model_random_event(&model, &random, slots);
		uint64_t dice = fixture_random(&random) % 3000;

		if (event.op == ALLOT_OP_ALLOC)
			event.size = dice == 0 ? 500000 : dice % 3 ? dice % 64 : 0;
		model_apply(&model, &event);
		fixture_require(fixture_write(&producers[event.slot], model_encode(&model, &event, stamp)));
		stamp += 1 + fixture_random(&random) % 3;
		if (fixture_random(&random) % 700 == 0) {
			fixture_drain(&store);
			ck_assert_ptr_null(model_difference(&model, &store));
		}
	}
	fixture_drain(&store);
	ck_assert_ptr_null(model_difference(&model, &store));
	model_free(&model);
}
END_TEST

/* What a failed realloc brings back is more than there was at the peak: then a block of no size makes one. */
START_TEST(a_failed_realloc_makes_the_next_allocation_a_peak)
{
	write_block(0, ALLOT_OP_ALLOC, 2, 0, 100);
	write_block(0, ALLOT_OP_GIVE_UP, 10, 0, 0);
	write_block(1, ALLOT_OP_ALLOC, 15, 1, 10);
	write_block(0, ALLOT_OP_RESTORE, 20, 0, 0);
	write_block(1, ALLOT_OP_THREAD, 25, 1, 0);
	write_block(0, ALLOT_OP_FREE, 30, 1, 0);
	write_block(1, ALLOT_OP_ALLOC, 31, 2, 0);
	write_block(0, ALLOT_OP_ALLOC, 40, 3, 0);
	write_block(1, ALLOT_OP_ALLOC, 41, 4, 0);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.peak_bytes, 100);
	ck_assert_uint_eq(store.header->totals.peak_stamp, 2);
}
END_TEST

/*
 * The second ring waits for the first event of the first, whose stamp is a tick later. What it has then is older than most of
 * what others have, and counts before that.
 */
START_TEST(what_waits_counts_when_it_was)
{
	write_block(0, ALLOT_OP_ALLOC, 2, 1, 1000);
	write_block(0, ALLOT_OP_FREE, 3, 1, 0);
	write_block(0, ALLOT_OP_ALLOC, 4, 0, 10);
	write_block(0, ALLOT_OP_ALLOC, 5, 2, 940);
	write_block(2, ALLOT_OP_ALLOC, 6, 3, 0);
	fixture_drain(&store);
	write_block(0, ALLOT_OP_FREE, 30, 0, 0);
	write_block(0, ALLOT_OP_ALLOC, 32, 4, 40);
	write_block(0, ALLOT_OP_FREE, 50, 4, 0);
	write_block(0, ALLOT_OP_ALLOC, 60, 4, 0);
	write_block(1, ALLOT_OP_ALLOC, 29, 0, 10);
	write_block(1, ALLOT_OP_ALLOC, 40, 5, 30);
	write_block(1, ALLOT_OP_ALLOC, 62, 6, 0);
	if (_i) { /* a third */
		write_block(2, ALLOT_OP_FREE, 31, 3, 0);
		write_block(2, ALLOT_OP_ALLOC, 39, 3, 0);
		write_block(2, ALLOT_OP_ALLOC, 61, 7, 0);
	}
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.peak_bytes, 1020);
}
END_TEST

/* The time series has what was live at just those moments. */
START_TEST(samples_are_of_their_time)
{
	static uint64_t sizes[SLOTS][64];
	struct allot_store_sample expected[200], *samples;
	uint64_t random = 5, live = 0, ever = 1000000, stamp = 200, next;
	uint32_t count = 0, before;

	set_up_of(SLOTS, RING);
	store.header->sample_interval = 97;
	write_block(0, ALLOT_OP_ALLOC, 2, 0, 1000000);
	write_block(0, ALLOT_OP_FREE, 3, 0, 0);
	fixture_drain(&store);
	before = store.header->sample_count;
	next = store.header->next_sample;
	ck_assert_uint_gt(next, 0);
	for (int i = 0; i < 8000; i++, stamp += 1 + fixture_random(&random) % 2) {
		uint32_t slot = (uint32_t)(fixture_random(&random) % SLOTS),
			 block = (uint32_t)(fixture_random(&random) % 64);
		uint64_t *size = &sizes[slot][block], new = *size ? 0 : 1 + fixture_random(&random) % 100;

		write_block(slot, *size ? ALLOT_OP_FREE : ALLOT_OP_ALLOC, stamp, slot * 64 + block, new);
		live += new - *size;
		ever += new;
		*size = new;
		if (stamp < next)
			continue;
		fixture_require(count < 200);
		expected[count++] =
			(struct allot_store_sample){ .stamp = stamp, .live_bytes = live, .ever_bytes = ever };
		next = stamp + 97;
	}
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->sample_count - before, count);
	ck_assert_uint_gt(count, 100);
	samples = ALLOTP_AT(&store, ALLOT_REGION_SERIES, struct allot_store_sample, before);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(samples[i].stamp, expected[i].stamp);
		ck_assert_uint_eq(samples[i].live_bytes, expected[i].live_bytes);
		ck_assert_uint_eq(samples[i].ever_bytes, expected[i].ever_bytes);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-window");
	TCase *bare = tcase_create("bare"), *tcase = tcase_create("window");

	tcase_add_checked_fixture(bare, NULL, tear_down);
	tcase_set_timeout(bare, 120);
	tcase_add_loop_test(bare, random_events_are_as_in_order, 0, 40);
	tcase_add_test(bare, samples_are_of_their_time);
	suite_add_tcase(suite, bare);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_failed_realloc_makes_the_next_allocation_a_peak);
	tcase_add_loop_test(tcase, what_waits_counts_when_it_was, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
