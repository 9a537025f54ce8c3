/* SPDX-License-Identifier: MIT */
/* Tests of when an event is applied, and of who may apply it. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "snapshot/snapshot.h"
#include "store-fixture.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES ALLOT_STORE_SIZE_MIN
#define ADDRESS UINT64_C(0x7f0000001000)

static struct allot_store store, reader;
static struct allot_producer producers[3];
static int store_fd;
static bool counter;

static void set_up(void)
{
	store_fd = fixture_create(&store, STORE_BYTES, 64);
	reader = fixture_open(store_fd);
	counter = store.header->clock == ALLOT_CLOCK_COUNTER;
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, 1), 0);
	fixture_drain(&store);
}

static void tear_down(void)
{
	allotp_store_close(&reader);
	allotp_store_close(&store);
	close(store_fd);
}

static uint64_t now(void)
{
	return allotp_stamp(counter);
}

static void write_event(uint32_t slot, enum allot_op op, uint64_t stamp)
{
	struct fixture_event event = { .stamp = stamp, .address = ADDRESS, .size = 10, .op = (uint8_t)op };

	ck_assert(fixture_write(&producers[slot], event));
}

/* Draws the ticket for an event at the address that is not going to be written, or not yet. */
static uint32_t draw_ticket(void)
{
	return store.header->tickets[allotp_event_bucket(ADDRESS, ALLOT_OP_ALLOC)]++;
}

static void write_with_ticket(uint32_t slot, enum allot_op op, uint64_t stamp, uint32_t ticket)
{
	struct allot_event *event = allotp_producer_reserve(&producers[slot]);

	ck_assert_ptr_nonnull(event);
	*event = fixture_encode(&(struct fixture_event){
		.stamp = stamp,
		.ticket = ticket,
		.address = ADDRESS,
		.size = 10,
		.op = (uint8_t)op,
	});
	allotp_producer_publish(&producers[slot]);
}

static uint64_t drain_now(void)
{
	uint64_t applied;

	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	applied = allotp_drain_now(&store);
	allotp_drain_unlock(&store);
	return applied;
}

static uint64_t live_blocks(void)
{
	return store.header->totals.ever_blocks - store.header->totals.freed_blocks;
}

/* ---- turns ---- */

START_TEST(an_event_waits_for_the_one_before)
{
	uint32_t ticket = draw_ticket();

	write_event(1, ALLOT_OP_FREE, now());
	write_event(2, ALLOT_OP_ALLOC, now());
	ck_assert_uint_eq(drain_now(), 0);
	/* Its allocation was told late. */
	write_with_ticket(0, ALLOT_OP_ALLOC, now(), ticket);
	ck_assert_uint_eq(drain_now(), 3);
	ck_assert_uint_eq(live_blocks(), 1);
	ck_assert_uint_eq(store.header->totals.tallies.unknown_frees, 0);
	ck_assert_uint_eq(store.header->totals.tallies.double_allocations, 0);
}
END_TEST

START_TEST(what_waits_holds_up_its_own_ring_only)
{
	draw_ticket();
	write_event(0, ALLOT_OP_ALLOC, now());
	write_event(0, ALLOT_OP_MARK, now());
	write_event(1, ALLOT_OP_MARK, now());
	ck_assert_uint_eq(drain_now(), 1);
	ck_assert_uint_eq(store.header->mark_count, 1);
	ck_assert_uint_eq(live_blocks(), 0);
}
END_TEST

START_TEST(when_all_is_over_nothing_waits)
{
	draw_ticket(); /* by a thread that was killed before it could write */
	write_event(0, ALLOT_OP_ALLOC, now());
	write_event(1, ALLOT_OP_FREE, now());
	draw_ticket();
	draw_ticket();
	write_event(2, ALLOT_OP_ALLOC, now());
	ck_assert_uint_eq(fixture_drain(&store), 3);
	ck_assert_uint_eq(live_blocks(), 1);
	ck_assert_uint_eq(store.header->totals.tallies.unknown_frees, 0);
}
END_TEST

START_TEST(nothing_waits_for_ever)
{
	draw_ticket();
	write_event(0, ALLOT_OP_ALLOC, 2); /* long ago */
	write_event(1, ALLOT_OP_FREE, 3);
	ck_assert_uint_eq(drain_now(), 2);
	ck_assert_uint_eq(live_blocks(), 0);
	ck_assert_uint_eq(store.header->totals.freed_blocks, 1);
}
END_TEST

START_TEST(a_late_event_does_not_turn_the_turn_back)
{
	uint32_t late = draw_ticket();

	write_event(0, ALLOT_OP_ALLOC, 2);
	write_event(0, ALLOT_OP_FREE, 3);
	ck_assert_uint_eq(drain_now(), 2); /* for they were overdue */
	write_with_ticket(1, ALLOT_OP_FREE, now(), late);
	ck_assert_uint_eq(drain_now(), 1);
	ck_assert_uint_eq(store.header->totals.tallies.unknown_frees, 1);
	write_event(2, ALLOT_OP_ALLOC, now());
	ck_assert_uint_eq(drain_now(), 1);
}
END_TEST

START_TEST(what_is_too_young_stays)
{
	uint64_t soon = now() + (UINT64_C(1) << 40);

	write_event(0, ALLOT_OP_ALLOC, now());
	write_event(0, ALLOT_OP_ALLOC, soon);
	write_event(1, ALLOT_OP_FREE, soon);
	ck_assert_uint_eq(drain_now(), 1);
	ck_assert_uint_eq(fixture_drain(&store), 2);
}
END_TEST

START_TEST(an_event_of_no_kind_is_left_out)
{
	write_event(0, (enum allot_op)200, now());
	write_event(0, ALLOT_OP_MARK, now());
	write_event(0, ALLOT_OP_NONE, now());
	write_event(0, ALLOT_OP_MARK, now());
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 2);
	ck_assert_uint_eq(store.header->mark_count, 2);
	ck_assert_uint_eq(allotp_slot(&store, 0)->consumed, allotp_slot(&store, 0)->published);
}
END_TEST

START_TEST(a_stack_that_does_not_exist_is_none)
{
	struct fixture_event event = {
		.stamp = 2, .address = ADDRESS, .size = 10, .stack = 1u << 30, .op = ALLOT_OP_ALLOC
	};

	ck_assert(fixture_write(&producers[0], event));
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 1);
	ck_assert_uint_eq(store.header->site_count, 1);
	ck_assert_uint_eq(allotp_site(&store, 1)->stack, ALLOT_NODE_NONE);
	ck_assert_uint_eq(allotp_site(&store, 1)->low.ever_bytes, 10);
}
END_TEST

/* ---- events that are counted ---- */

static void write_counted_at(uint32_t slot, enum allot_op op, uint64_t stamp, uint64_t address)
{
	struct fixture_event event = {
		.stamp = stamp, .address = address, .size = 10, .op = (uint8_t)op, .family = ALLOT_COUNTED_EVENT
	};

	ck_assert(fixture_write(&producers[slot], event));
}

static void write_counted(uint32_t slot, enum allot_op op, uint64_t stamp)
{
	write_counted_at(slot, op, stamp, ADDRESS);
}

static const uint32_t *turn(void)
{
	return &store.header->applied[allotp_event_bucket(ADDRESS, ALLOT_OP_ALLOC)];
}

START_TEST(who_was_counted_waits_for_nobody)
{
	draw_ticket();
	write_counted(0, ALLOT_OP_ALLOC, 2);
	write_counted(0, ALLOT_OP_FREE, 3);
	write_counted(0, ALLOT_OP_GIVE_UP, 4);
	write_counted(0, ALLOT_OP_MAP, 5);
	ck_assert_uint_eq(drain_now(), 4);
	ck_assert_uint_eq(store.header->totals.tallies.unknown_frees, 1);
	ck_assert_uint_eq(*turn(), 0);
	/* The one that waits still does. */
	write_event(0, ALLOT_OP_ALLOC, now());
	ck_assert_uint_eq(drain_now(), 0);
}
END_TEST

/* A signal handler's ring is another than that of what it has interrupted. */
START_TEST(what_was_counted_is_in_that_order)
{
	store.header->counted = 7;
	write_counted(1, ALLOT_OP_ALLOC, 3);
	write_counted(1, ALLOT_OP_FREE, 6);
	write_counted(0, ALLOT_OP_FREE, 4);
	write_counted(0, ALLOT_OP_ALLOC, 5);
	write_counted(0, ALLOT_OP_ALLOC, 7);
	ck_assert_uint_eq(drain_now(), 5);
	ck_assert_uint_eq(live_blocks(), 1);
	ck_assert_uint_eq(store.header->totals.tallies.unknown_frees, 0);
	ck_assert_uint_eq(store.header->totals.tallies.double_allocations, 0);
}
END_TEST

/* However old it is: one of before may be in a ring that was looked at first. */
START_TEST(what_is_counted_later_stays)
{
	store.header->counted = 3;
	write_counted(0, ALLOT_OP_ALLOC, 2);
	write_counted(0, ALLOT_OP_FREE, 3);
	write_counted(0, ALLOT_OP_ALLOC, 5);
	ck_assert_uint_eq(drain_now(), 2);
	store.header->counted = 5;
	write_counted(1, ALLOT_OP_FREE, 4);
	ck_assert_uint_eq(drain_now(), 2);
	ck_assert_uint_eq(live_blocks(), 1);
	write_counted(0, ALLOT_OP_FREE, 6);
	write_event(1, ALLOT_OP_ALLOC, 7);
	store.header->threads = 1;
	ck_assert_uint_eq(drain_now(), 2);
	ck_assert_uint_eq(live_blocks(), 1);
	ck_assert_uint_eq(*turn(), 1);
}
END_TEST

/* A program that seldom allocates counts on where it has last read the time. */
START_TEST(what_was_counted_is_younger_than_the_last_drain)
{
	const struct allot_totals *totals = &store.header->totals;
	uint64_t first = now();

	store.header->counted = 2;
	write_counted(0, ALLOT_OP_ALLOC, 2);
	ck_assert_uint_eq(drain_now(), 1);
	ck_assert_uint_eq(totals->peak_stamp, 2);
	store.header->counted = 5;
	write_counted(0, ALLOT_OP_FREE, 3);
	write_counted(0, ALLOT_OP_ALLOC, 4);
	write_counted_at(0, ALLOT_OP_ALLOC, 5, ADDRESS + 32);
	ck_assert_uint_eq(drain_now(), 3);
	ck_assert_uint_eq(totals->peak_bytes, 20);
	ck_assert_uint_ge(totals->peak_stamp, first - 4096);
	ck_assert_uint_le(totals->peak_stamp, store.header->latest_stamp);
	store.header->counted = 6;
	write_counted(0, ALLOT_OP_FREE, 6);
	first = totals->peak_stamp;
	ck_assert_uint_eq(drain_now(), 1);
	ck_assert_uint_eq(totals->peak_stamp, first);
}
END_TEST

/* Also when it looks as if one who was counted and its free were neighbours. */
START_TEST(tickets_keep_their_turns)
{
	uint32_t ticket;

	write_counted(0, ALLOT_OP_ALLOC, 2);
	ticket = draw_ticket();
	write_event(0, ALLOT_OP_FREE, now());
	ck_assert_uint_eq(drain_now(), 1);
	ck_assert_uint_eq(live_blocks(), 1);
	write_with_ticket(1, ALLOT_OP_FREE, now(), ticket);
	ck_assert_uint_eq(drain_now(), 2);
	ck_assert_uint_eq(live_blocks(), 0);
	ck_assert_uint_eq(store.header->totals.tallies.unknown_frees, 1);
	ck_assert_uint_eq(*turn(), 2);
}
END_TEST

/* ---- the lock ---- */

/* A child that has the lock and waits to be killed. */
static pid_t holder(void)
{
	int ready[2];
	pid_t child;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		struct allot_store own = fixture_open(store_fd);

		if (allotp_drain_lock(&own) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void kill_holder(pid_t child)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(one_at_a_time)
{
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	ck_assert_int_eq(allotp_drain_lock(&store), -EBUSY);
	ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	allotp_drain_unlock(&store);
	ck_assert_int_eq(allotp_drain_lock(&reader), 0);
	ck_assert_int_eq(allotp_drain_lock(&store), -EBUSY);
	allotp_drain_unlock(&reader);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
}
END_TEST

START_TEST(a_dead_owner_is_no_owner)
{
	pid_t child = holder();

	ck_assert_int_eq(allotp_drain_lock(&store), -EBUSY);
	ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	kill_holder(child);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	allotp_drain_unlock(&store);
}
END_TEST

START_TEST(a_stranger_may_be_alive)
{
	pid_t child = holder();

	kill_holder(child);
	/* A process of another pid namespace, whose pids mean nothing here. */
	store.header->lock ^= UINT64_C(1) << 50;
	ck_assert_int_eq(allotp_drain_lock(&store), -EBUSY);
	ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	ck_assert_int_eq(allotp_drain_lock_by_force(&reader), 0);
	allotp_drain_unlock(&reader);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
}
END_TEST

/* More events than are worth draining. */
enum { MANY = ALLOT_RING_BATCH / sizeof(struct allot_event) + 1000 };

START_TEST(a_producer_does_not_wait_for_the_lock)
{
	const uint64_t *events = &store.header->totals.tallies.events, before = *events;
	pid_t child = holder();

	for (uint32_t i = 0; i < MANY; i++)
		write_event(0, ALLOT_OP_THREAD, 2 + i);
	ck_assert_uint_eq(*events, before);
	kill_holder(child);
	/* The next that finds its segment full takes over. */
	for (uint32_t i = 0; i < 64; i++)
		write_event(0, ALLOT_OP_THREAD, 2 + MANY + i);
	ck_assert_uint_ge(*events, before + MANY);
	fixture_drain(&store);
	ck_assert_uint_eq(*events, before + MANY + 64);
}
END_TEST

START_TEST(a_reader_is_given_some_time)
{
	store.header->reader = 1;
	for (uint32_t i = 0; i < MANY; i++)
		write_event(0, ALLOT_OP_THREAD, 2 + i);
	ck_assert_uint_eq(store.header->totals.tallies.events, 3);
	store.header->reader = 0;
	for (uint32_t i = 0; i < 64; i++)
		write_event(0, ALLOT_OP_THREAD, 2 + MANY + i);
	ck_assert_uint_ge(store.header->totals.tallies.events, MANY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-order");
	TCase *turns = tcase_create("turns"), *counted = tcase_create("counted"), *lock = tcase_create("lock");

	tcase_add_checked_fixture(turns, set_up, tear_down);
	tcase_add_test(turns, an_event_waits_for_the_one_before);
	tcase_add_test(turns, what_waits_holds_up_its_own_ring_only);
	tcase_add_test(turns, when_all_is_over_nothing_waits);
	tcase_add_test(turns, nothing_waits_for_ever);
	tcase_add_test(turns, a_late_event_does_not_turn_the_turn_back);
	tcase_add_test(turns, what_is_too_young_stays);
	tcase_add_test(turns, an_event_of_no_kind_is_left_out);
	tcase_add_test(turns, a_stack_that_does_not_exist_is_none);
	suite_add_tcase(suite, turns);
	tcase_add_checked_fixture(counted, set_up, tear_down);
	tcase_add_test(counted, who_was_counted_waits_for_nobody);
	tcase_add_test(counted, what_was_counted_is_in_that_order);
	tcase_add_test(counted, what_is_counted_later_stays);
	tcase_add_test(counted, what_was_counted_is_younger_than_the_last_drain);
	tcase_add_test(counted, tickets_keep_their_turns);
	suite_add_tcase(suite, counted);
	tcase_add_checked_fixture(lock, set_up, tear_down);
	tcase_add_test(lock, one_at_a_time);
	tcase_add_test(lock, a_dead_owner_is_no_owner);
	tcase_add_test(lock, a_stranger_may_be_alive);
	tcase_add_test(lock, a_producer_does_not_wait_for_the_lock);
	tcase_add_test(lock, a_reader_is_given_some_time);
	suite_add_tcase(suite, lock);
	return unit_run(suite);
}
