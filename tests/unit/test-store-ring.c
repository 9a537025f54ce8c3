/* SPDX-License-Identifier: MIT */
/* Tests of rings: events come out as they went in, and what was used is used again. */
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-fixture.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 26)
#define RING_EVENTS 16
#define MANY (1000000 / FIXTURE_SLOWNESS)
#define THREADS 8

static struct allot_store store;

static void set_up(void)
{
	close(fixture_create(&store, STORE_BYTES, RING_EVENTS));
}

static void tear_down(void)
{
	allotp_store_close(&store);
}

static struct allot_producer attached(uint32_t tid)
{
	struct allot_producer producer;

	fixture_require(!allotp_producer_attach(&producer, &store, tid, 1));
	return producer;
}

/* Marks are kept one by one, so they tell what came out of a ring. */
static void write_mark(struct allot_producer *producer, uint64_t name, uint64_t stamp)
{
	fixture_require(fixture_write(producer,
				      (struct fixture_event){ .stamp = stamp, .address = name, .op = ALLOT_OP_MARK }));
}

static void assert_marks(uint32_t count)
{
	const struct allot_store_mark *marks = ALLOTP_AT(&store, ALLOT_REGION_MARKS, struct allot_store_mark, 0);

	ck_assert_uint_eq(store.header->mark_count, count);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(marks[i].name, i);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 0);
}

START_TEST(events_come_out_in_order)
{
	struct allot_producer producer = attached(1);

	for (uint32_t i = 0; i < 1000; i++) {
		write_mark(&producer, i, 2 + i);
		if (i % 77 == 0)
			fixture_drain(&store);
	}
	ck_assert_uint_gt(fixture_drain(&store), 0);
	ck_assert_uint_eq(fixture_drain(&store), 0);
	assert_marks(1000);
}
END_TEST

START_TEST(a_thread_of_few_events_takes_little_memory)
{
	enum { SLOTS = 200, EVENTS = 2048 };
	struct allot_producer producers[SLOTS];
	struct allot_store wide;
	struct stat before, after;
	int fd = fixture_create(&wide, UINT64_C(1) << 28, EVENTS);

	ck_assert_int_eq(fstat(fd, &before), 0);
	for (uint32_t i = 0; i < SLOTS; i++)
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &wide, i, 1), 0);
	ck_assert_int_eq(fstat(fd, &after), 0);
	/* A page, or two where a segment begins in the middle of one; and the slots themselves. */
	ck_assert_int_le((after.st_blocks - before.st_blocks) * 512,
			 SLOTS * 2 * sysconf(_SC_PAGESIZE) + 65536 + (long)(SLOTS * sizeof(struct allot_slot)));
	ck_assert_uint_le(wide.header->ring_bytes, (uint64_t)(SLOTS * 2 * sysconf(_SC_PAGESIZE)));
	/* What is written after that takes all of it, piece by piece, and is used again. */
	for (uint32_t i = 0; i < 3 * EVENTS; i++) {
		fixture_require(fixture_write(
			&producers[7], (struct fixture_event){ .stamp = 2 + i, .address = i, .op = ALLOT_OP_MARK }));
		if (i % EVENTS == EVENTS / 2)
			fixture_drain(&wide);
	}
	fixture_drain(&wide);
	ck_assert_uint_eq(wide.header->mark_count, 3 * EVENTS);
	for (uint32_t i = 0; i < 3 * EVENTS; i++)
		ck_assert_uint_eq(ALLOTP_AT(&wide, ALLOT_REGION_MARKS, struct allot_store_mark, i)->name, i);
	ck_assert_uint_le(wide.header->ring_bytes,
			  (uint64_t)(SLOTS * 2 * sysconf(_SC_PAGESIZE)) + 2 * wide.segment_bytes);
	allotp_store_close(&wide);
	close(fd);
}
END_TEST

START_TEST(a_ring_grows_while_nobody_drains)
{
	struct allot_producer producer = attached(1);
	const uint32_t count = 100 * RING_EVENTS - 1;

	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	for (uint32_t i = 0; i < count; i++)
		write_mark(&producer, i, 2 + i);
	/* With the THREAD event, exactly full. */
	ck_assert_uint_eq(store.header->segment_count, 100);
	ck_assert_uint_eq(allotp_drain_rest(&store), count + 1);
	allotp_drain_unlock(&store);
	assert_marks(count);
	/* What was grown is used before there is more. */
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	for (uint32_t i = 0; i < 99 * RING_EVENTS; i++)
		fixture_require(
			fixture_write(&producer, (struct fixture_event){ .stamp = 5000, .op = ALLOT_OP_THREAD }));
	ck_assert_uint_eq(store.header->segment_count, 100);
	allotp_drain_unlock(&store);
	ck_assert_uint_eq(fixture_drain(&store), 99 * RING_EVENTS);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 0);
}
END_TEST

START_TEST(a_ring_that_cannot_grow_refuses)
{
	struct allot_producer producer, second;
	uint64_t capacity, written = 1;

	tear_down();
	close(fixture_create(&store, ALLOT_STORE_SIZE_MIN, RING_EVENTS));
	capacity = allotp_capacity(&store, ALLOT_REGION_SEGMENTS, store.segment_bytes);
	producer = attached(1);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	while (fixture_write(&producer, (struct fixture_event){ .stamp = 2, .op = ALLOT_OP_THREAD }))
		written++;
	ck_assert_uint_eq(written, capacity * RING_EVENTS);
	/* Nor is there room for another thread's ring; its slot is not lost. */
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(allotp_producer_attach(&second, &store, 2, 2), -ENOMEM);
	ck_assert_uint_eq(store.header->slot_count, 2);
	allotp_drain_unlock(&store);
	ck_assert_uint_eq(fixture_drain(&store), written);
	fixture_require(fixture_write(&producer, (struct fixture_event){ .stamp = 2, .op = ALLOT_OP_THREAD }));
	ck_assert_int_eq(allotp_producer_attach(&second, &store, 2, 2), 0);
	ck_assert_uint_eq(fixture_drain(&store), 2);
}
END_TEST

START_TEST(a_slot_is_used_again)
{
	struct allot_producer first = attached(1), second = attached(2), third;

	ck_assert_uint_ne(first.number, second.number);
	write_mark(&first, 0, 2);
	allotp_producer_detach(&first);
	ck_assert_uint_eq(allotp_slot(&store, 0)->state, ALLOT_SLOT_FREE);
	/* Whatever the last owner left goes first, and its segment is filled on. */
	third = attached(3);
	ck_assert_uint_eq(third.number, 0);
	ck_assert_uint_eq(allotp_slot(&store, 0)->state, ALLOT_SLOT_OWNED);
	ck_assert_uint_eq(allotp_slot(&store, 0)->tid, 3);
	write_mark(&third, 1, 3);
	ck_assert_uint_eq(store.header->slot_count, 2);
	ck_assert_uint_eq(store.header->segment_count, 2);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.tallies.events, 5);
	assert_marks(2);
}
END_TEST

START_TEST(slots_run_out)
{
	uint64_t capacity = allotp_capacity(&store, ALLOT_REGION_SLOTS, sizeof(struct allot_slot));
	struct allot_producer last = attached(0), producer;

	for (uint32_t i = 1; i < capacity; i++)
		last = attached(i);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), -EAGAIN);
	allotp_producer_detach(&last);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.tallies.events, capacity + 1);
}
END_TEST

START_TEST(a_million_threads_one_after_another)
{
	uint64_t seen = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		struct allot_producer producer = attached(i);

		fixture_require(producer.number == 0);
		allotp_producer_detach(&producer);
		seen++;
	}
	ck_assert_uint_eq(store.header->slot_count, 1);
	/* Whoever finds its segment full drains first; the one that is being filled and the next are all it takes. */
	ck_assert_uint_le(store.header->segment_count, 1 + ALLOT_RING_BATCH / store.segment_bytes);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.tallies.events, seen);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 0);
}
END_TEST

START_TEST(a_million_events_in_one_ring)
{
	struct allot_producer producer = attached(1);

	for (uint32_t i = 0; i < MANY; i++)
		fixture_require(fixture_write(&producer, (struct fixture_event){ .stamp = 2, .op = ALLOT_OP_THREAD }));
	ck_assert_uint_le(store.header->segment_count, 1 + ALLOT_RING_BATCH / store.segment_bytes);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.tallies.events, MANY + 1);
}
END_TEST

/* Rings grow to what may wait for a reader, whether it comes late or, as this one does, after each segment; and no further. */
START_TEST(the_reserve_does_not_depend_on_the_reader)
{
	const uint64_t reserve = ALLOT_RING_RESERVE + store.segment_bytes;
	struct allot_producer producer = attached(1);

	store.header->reader = 1;
	for (uint32_t i = 0; i < MANY; i++) {
		fixture_require(fixture_write(&producer, (struct fixture_event){ .stamp = 2, .op = ALLOT_OP_MARK }));
		if (_i && i % store.segment_events == 0)
			fixture_drain(&store);
	}
	ck_assert_uint_ge(store.header->ring_bytes, reserve);
	ck_assert_uint_lt(store.header->ring_bytes, reserve + store.segment_bytes);
}
END_TEST

/* ---- threads ---- */

static void *come_and_go(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < MANY / 200; i++) {
		struct allot_producer producer = attached(i);

		for (uint32_t n = i % 40; n-- > 0;)
			fixture_require(
				fixture_write(&producer, (struct fixture_event){ .stamp = 2, .op = ALLOT_OP_THREAD }));
		allotp_producer_detach(&producer);
	}
	return NULL;
}

START_TEST(threads_share_what_they_leave)
{
	pthread_t threads[THREADS];
	uint64_t each = 0;

	for (uint32_t i = 0; i < MANY / 200; i++)
		each += 1 + i % 40;
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	fixture_drain(&store);
	ck_assert_uint_le(store.header->slot_count, THREADS);
	ck_assert_uint_eq(store.header->totals.tallies.events, each * THREADS);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 0);
	for (uint64_t i = 0; i < store.header->slot_count; i++) {
		ck_assert_uint_eq(allotp_slot(&store, i)->state, ALLOT_SLOT_FREE);
		ck_assert_uint_eq(allotp_slot(&store, i)->consumed, allotp_slot(&store, i)->published);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-ring");
	TCase *tcase = tcase_create("ring");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, events_come_out_in_order);
	tcase_add_test(tcase, a_thread_of_few_events_takes_little_memory);
	tcase_add_test(tcase, a_ring_grows_while_nobody_drains);
	tcase_add_test(tcase, a_ring_that_cannot_grow_refuses);
	tcase_add_test(tcase, a_slot_is_used_again);
	tcase_add_test(tcase, slots_run_out);
	tcase_add_test(tcase, a_million_threads_one_after_another);
	tcase_add_test(tcase, a_million_events_in_one_ring);
	tcase_add_loop_test(tcase, the_reserve_does_not_depend_on_the_reader, 0, 2);
	tcase_add_test(tcase, threads_share_what_they_leave);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
