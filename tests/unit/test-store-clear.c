/* SPDX-License-Identifier: MIT */
/*
 * Tests of what a program asks of its store as a whole: to count all that has happened, to forget, to begin a new peak, to
 * be copied; and of blocks that it tracks by itself.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "snapshot/snapshot.h"
#include "store-model.h"
#include "store/clear.h"
#include "store/drain.h"
#include "store/image.h"
#include "store/live.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 28)
#define RING_EVENTS 256
#define BLOCKS 20000u
#define SLOTS 4u

static struct allot_store store;
static struct store_model model;
static struct allot_producer producers[SLOTS];
static uint64_t stamp, random_state;

static void set_up(void)
{
	close(fixture_create(&store, STORE_BYTES, RING_EVENTS));
	model_init(&model, &store, BLOCKS);
	stamp = 2;
	random_state = 20261121;
	for (uint32_t i = 0; i < SLOTS; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, 1), 0);
		model.events++;
	}
}

static void tear_down(void)
{
	model_free(&model);
	allotp_store_close(&store);
}

static void happen(struct model_event event)
{
	model_apply(&model, &event);
	fixture_require(fixture_write(&producers[event.slot], model_encode(&model, &event, stamp++)));
}

/* Odd blocks are of the program's own domain: they are tracked, also when they are known, and untracked, also when not. */
static void happen_to_tracked(void)
{
	uint64_t random = fixture_random(&random_state);
	struct model_event event = {
		.op = random % 5 < 3 ? ALLOT_OP_TRACK : ALLOT_OP_UNTRACK,
		.slot = (uint32_t)(random / 5 % SLOTS),
		.block = (uint32_t)(random / 100 % (BLOCKS / 2)) * 2 + 1,
		.size = random / 1000000 % 5000,
		.stack = (uint32_t)(random / 10000000000 % MODEL_STACKS),
	};

	happen(event);
}

static void happen_to_allocated(void)
{
	struct model_event event;

	do {
		event = model_random_event(&model, &random_state, SLOTS);
	} while (event.op < ALLOT_OP_THREAD && event.block % 2);
	happen(event);
}

static void make_history(unsigned int events)
{
	for (unsigned int i = 0; i < events; i++) {
		if (fixture_random(&random_state) % 3)
			happen_to_tracked();
		else
			happen_to_allocated();
	}
}

static void check(const struct allot_store *checked)
{
	const char *difference = model_difference(&model, checked);

	if (difference)
		ck_abort_msg("%s", difference);
}

static void with_lock(void (*what)(struct allot_store *store))
{
	fixture_require(!allotp_drain_lock(&store));
	what(&store);
	allotp_drain_unlock(&store);
}

START_TEST(tracked_blocks)
{
	for (int i = 0; i < 100; i++) {
		make_history(1000);
		fixture_drain(&store);
		check(&store);
	}
	ck_assert_uint_gt(store.header->directory_bits, 2);
}
END_TEST

START_TEST(clearing_and_going_on)
{
	for (int i = 0; i < 10; i++) {
		make_history(10000);
		fixture_drain(&store);
		with_lock(allotp_clear);
		model_clear(&model);
		check(&store);
		ck_assert_uint_eq(store.header->totals.peak_bytes, 0);
		ck_assert(store.header->flags & ALLOT_STORE_LATE);
	}
	make_history(10000);
	fixture_drain(&store);
	check(&store);
}
END_TEST

/* What is still in the rings is not forgotten. */
START_TEST(events_in_the_rings)
{
	struct model_event later = { .op = ALLOT_OP_ALLOC, .slot = 0, .block = 2, .size = 77, .stack = 5 };

	happen((struct model_event){ .op = ALLOT_OP_ALLOC, .slot = 0, .block = 0, .size = 1000, .stack = 1 });
	fixture_drain(&store);
	fixture_require(fixture_write(&producers[0], model_encode(&model, &later, stamp++)));
	with_lock(allotp_clear);
	model_clear(&model);
	check(&store);
	model_apply(&model, &later);
	fixture_drain(&store);
	check(&store);
}
END_TEST

START_TEST(new_peaks)
{
	for (int i = 0; i < 20; i++) {
		make_history(2000);
		fixture_drain(&store);
		with_lock(allotp_clear_peak);
		model_reset_peak(&model);
		check(&store);
	}
}
END_TEST

/* A program that has stopped tracing: what its threads were at is dropped, and nothing is said to be lost. */
START_TEST(dropped_events)
{
	const struct allot_header *header = store.header;

	make_history(500);
	fixture_drain(&store);
	with_lock(allotp_clear);
	store.header->dropping = ALLOT_DROPPING_STOPPED;
	make_history(500);
	fixture_drain(&store);
	ck_assert_uint_eq(header->totals.ever_blocks, 0);
	ck_assert_uint_eq(header->totals.tallies.unknown_frees, 0);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		ck_assert_uint_eq(header->lost[i], 0);
	for (uint32_t i = 0; i < SLOTS; i++)
		ck_assert_uint_eq(allotp_slot(&store, i)->consumed, allotp_slot(&store, i)->published);
}
END_TEST

/* ---- everything that was written before ---- */

static struct fixture_event drawn; /* its ticket is drawn, but it is not published yet */

static uint64_t now(void)
{
	return allotp_stamp(store.header->clock == ALLOT_CLOCK_COUNTER);
}

/* Publishes when the drain has been at it, and has had to leave what waits for this. */
static void *publish_late(void *unused)
{
	struct allot_event *place;

	while (__atomic_load_n(&store.oldest_waiting, __ATOMIC_RELAXED) == UINT64_MAX)
		;
	place = allotp_producer_reserve(&producers[1]);
	*place = fixture_encode(&drawn);
	allotp_producer_publish(&producers[1]);
	return unused;
}

START_TEST(all_turns_are_waited_for)
{
	struct model_event first = { .op = ALLOT_OP_ALLOC, .slot = 1, .block = 0, .size = 100, .stack = 1 };
	struct model_event second = { .op = ALLOT_OP_FREE, .slot = 0, .block = 0 };
	uint32_t bucket;
	pthread_t thread;

	fixture_drain(&store);
	store.oldest_waiting = UINT64_MAX;
	drawn = model_encode(&model, &first, now());
	bucket = allotp_event_bucket(drawn.address, drawn.op);
	ck_assert_uint_eq(__atomic_fetch_add(&store.header->tickets[bucket], 1, __ATOMIC_ACQ_REL), 0);
	fixture_require(fixture_write(&producers[0], model_encode(&model, &second, now())));
	model_apply(&model, &first);
	model_apply(&model, &second);
	ck_assert_int_eq(pthread_create(&thread, NULL, publish_late, NULL), 0);
	with_lock(allotp_drain_all);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	model.any_peak = true;
	check(&store);
}
END_TEST

/* ---- images ---- */

static struct allot_store image_of(struct allot_store *from)
{
	static struct allot_header header;
	struct allot_image image;
	struct allot_store opened;
	int fd = memfd_create("image", MFD_CLOEXEC);
	void *memory;

	fixture_require(!allotp_drain_lock(from));
	allotp_image_plan(&image, from, &header);
	ck_assert_int_eq(ftruncate(fd, (off_t)image.size), 0);
	memory = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	allotp_image_copy(&image, memory);
	allotp_drain_unlock(from);
	munmap(memory, image.size);
	opened = fixture_open(fd);
	close(fd);
	return opened;
}

START_TEST(images)
{
	struct allot_store image;

	make_history(50000);
	fixture_drain(&store);
	image = image_of(&store);
	/* The store goes on without it, and what is in its rings later is none of the image's. */
	with_lock(allotp_clear);
	fixture_require(fixture_write(&producers[0], (struct fixture_event){ .op = ALLOT_OP_MARK, .stamp = stamp++ }));
	check(&image);
	ck_assert(image.header->flags & ALLOT_STORE_IMAGE);
	ck_assert_uint_eq(image.header->node_count, store.header->node_count);
	ck_assert_uint_eq(fixture_drain(&image), 0);
	check(&image);
	allotp_store_close(&image);
}
END_TEST

/* It takes no more than what is in it: here a header, and a page or so of each thing. */
START_TEST(size_of_an_image)
{
	struct allot_store image;

	happen((struct model_event){ .op = ALLOT_OP_ALLOC, .slot = 0, .block = 0, .size = 1000, .stack = 1 });
	fixture_drain(&store);
	image = image_of(&store);
	check(&image);
	ck_assert_uint_lt(image.size, sizeof(struct allot_header) + 80 * 1024);
	allotp_store_close(&image);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-clear");
	TCase *tcase = tcase_create("clear");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60 * FIXTURE_SLOWNESS);
	tcase_add_test(tcase, tracked_blocks);
	tcase_add_test(tcase, clearing_and_going_on);
	tcase_add_test(tcase, events_in_the_rings);
	tcase_add_test(tcase, new_peaks);
	tcase_add_test(tcase, dropped_events);
	tcase_add_test(tcase, all_turns_are_waited_for);
	tcase_add_test(tcase, images);
	tcase_add_test(tcase, size_of_an_image);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
