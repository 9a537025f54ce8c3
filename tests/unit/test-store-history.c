/* SPDX-License-Identifier: MIT */
/* Tests the history of the sites: points have exactly what was before their mark, however many marks there are. */
#include <string.h>
#include <unistd.h>

#include "store-past.h"
#include "store/clear.h"
#include "store/drain.h"
#include "store/history.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 28)
#define RING_EVENTS 256
#define BLOCKS 2000u
#define SLOTS 3u

static struct allot_store store;
static struct store_model model;
static struct store_past past;
static struct allot_producer producers[SLOTS];
static uint64_t stamp, random_state;

static void set_up_in(uint64_t bytes)
{
	close(fixture_create(&store, bytes, RING_EVENTS));
	store.header->repeat_name = PAST_NAME;
	model_init(&model, &store, BLOCKS);
	memset(&past, 0, sizeof(past));
	stamp = 2;
	random_state = 20261121;
	for (uint32_t i = 0; i < SLOTS; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, 1), 0);
		model.events++;
	}
}

static void set_up(void)
{
	set_up_in(STORE_BYTES);
}

static void tear_down(void)
{
	model_free(&model);
	allotp_store_close(&store);
}

static void happen(unsigned int events)
{
	for (unsigned int i = 0; i < events; i++) {
		struct model_event event = model_random_event(&model, &random_state, SLOTS);

		model_apply(&model, &event);
		fixture_require(fixture_write(&producers[event.slot], model_encode(&model, &event, stamp++)));
	}
}

/* In the ring of any thread: those of the others have older stamps. */
static void repeat(uint32_t slot)
{
	fixture_require(fixture_write(&producers[slot], past_repeat(&past, &model, stamp++)));
}

static void check(void)
{
	const char *difference = model_difference(&model, &store);

	if (!difference)
		difference = past_difference(&past, &model, &store);
	if (difference)
		ck_abort_msg("after %llu: %s", (unsigned long long)past.repetitions, difference);
}

START_TEST(each_point_has_what_was_before_its_mark)
{
	for (uint32_t i = 0; i < 63; i++) {
		happen(100);
		repeat(i % SLOTS);
		if (i % 5 == 0) {
			fixture_drain(&store);
			check();
		}
	}
	fixture_drain(&store);
	check();
	ck_assert_uint_eq(store.header->history.step, 1);
	ck_assert_uint_eq(store.header->history.count, 63);
}
END_TEST

START_TEST(points_thin_out)
{
	for (uint32_t i = 0; i < PAST_MOST; i++) {
		happen(20);
		repeat(i % SLOTS);
		if (fixture_random(&random_state) % 50 == 0) {
			fixture_drain(&store);
			check();
		}
	}
	fixture_drain(&store);
	check();
	ck_assert_uint_eq(store.header->history.step, 32);
}
END_TEST

START_TEST(several_marks_in_one_batch)
{
	for (int i = 0; i < 40; i++)
		repeat(0);
	happen(10);
	repeat(1);
	fixture_drain(&store);
	check();
}
END_TEST

START_TEST(other_marks_are_none)
{
	struct fixture_event other = { .stamp = stamp++, .address = PAST_NAME + 1, .op = ALLOT_OP_MARK };

	repeat(0);
	fixture_require(fixture_write(&producers[0], other));
	model.events++;
	model.marks++;
	fixture_drain(&store);
	check();
	ck_assert_uint_eq(store.header->mark_count, 1);
}
END_TEST

START_TEST(clearing_begins_anew)
{
	happen(1000);
	for (int i = 0; i < 100; i++)
		repeat(0);
	fixture_drain(&store);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	allotp_clear(&store);
	allotp_drain_unlock(&store);
	model_clear(&model);
	memset(&past, 0, sizeof(past));
	for (int i = 0; i < 10; i++) {
		happen(100);
		repeat(1);
	}
	fixture_drain(&store);
	check();
}
END_TEST

START_TEST(looks_at_even_times)
{
	store.header->repeat_name = 0;
	for (int i = 0; i < 200; i++) {
		happen(20);
		fixture_drain(&store);
		/* As its mark would be, but that it is no event. */
		past_repeat(&past, &model, stamp);
		model.events--;
		ck_assert_int_eq(allotp_drain_lock(&store), 0);
		allotp_history_tick(&store, stamp);
		allotp_drain_unlock(&store);
		check();
	}
	store.header->repeat_name = PAST_NAME;
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	allotp_history_tick(&store, stamp);
	allotp_drain_unlock(&store);
	ck_assert_uint_eq(store.header->history.repetitions, 200);
}
END_TEST

/* The least store has room for the history of some hundred sites. */
START_TEST(without_room_points_are_left_out)
{
	uint32_t sites;

	tear_down();
	set_up_in(ALLOT_STORE_SIZE_MIN);
	sites = (uint32_t)(store.region_size[ALLOT_REGION_HISTORY] / sizeof(struct allot_store_past));
	for (uint32_t i = 0; i < sites; i++) {
		struct fixture_event event = { .stamp = stamp++,
					       .op = ALLOT_OP_ALLOC,
					       .address = model_address(i * MODEL_DOMAINS),
					       .size = 1,
					       .domain = (uint16_t)(2 + i) };

		fixture_require(fixture_write(&producers[0], event));
	}
	for (int i = 0; i < 3; i++)
		repeat(0);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->site_count, sites);
	ck_assert_uint_eq(store.header->history.repetitions, 3);
	ck_assert_uint_eq(store.header->history.left_out, 3);
	ck_assert_uint_eq(store.header->history.count, 0);
	ck_assert_uint_eq(store.header->stopped, 0);
}
END_TEST

START_TEST(a_damaged_history_is_survived)
{
	struct allot_store_history *history = &store.header->history;

	happen(100);
	for (int i = 0; i < 70; i++)
		repeat(0);
	fixture_drain(&store);
	history->count = UINT32_MAX;
	history->step = UINT32_MAX;
	for (uint32_t i = 0; i < ALLOT_HISTORY_POINTS; i++)
		history->points[i] = (struct allot_store_point){ .place = UINT32_MAX };
	store.header->batch++; /* what the drainer remembers is old */
	for (int i = 0; i < 70; i++)
		repeat(0);
	fixture_drain(&store);
	ck_assert_uint_eq(history->repetitions, 140);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tests = tcase_create("history");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60 * FIXTURE_SLOWNESS);
	tcase_add_test(tests, each_point_has_what_was_before_its_mark);
	tcase_add_test(tests, points_thin_out);
	tcase_add_test(tests, several_marks_in_one_batch);
	tcase_add_test(tests, other_marks_are_none);
	tcase_add_test(tests, clearing_begins_anew);
	tcase_add_test(tests, looks_at_even_times);
	tcase_add_test(tests, without_room_points_are_left_out);
	tcase_add_test(tests, a_damaged_history_is_survived);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
