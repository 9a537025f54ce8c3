/* SPDX-License-Identifier: MIT */
/*
 * Tests of who may have the drain lock: owners that are dead although their number is somebody else's by now, and owners that
 * producers wait for, or do not.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/process.h"
#include "store-fixture.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 28)
#define RING_EVENTS 2048
#define START_ONE (UINT64_C(1) << 22) /* the lowest bit of the start in a signature */

static struct allot_store store, reader;

static void set_up(void)
{
	int fd = fixture_create(&store, STORE_BYTES, RING_EVENTS);

	reader = fixture_open(fd);
	close(fd);
}

static void tear_down(void)
{
	allotp_store_close(&reader);
	allotp_store_close(&store);
}

/* A process that does nothing until it is killed; and its signature. */
static pid_t sleeper(uint64_t *signature)
{
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		uint64_t own = allotp_drain_signature(&reader);

		if (write(ends[1], &own, sizeof(own)) != sizeof(own))
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ends[0], signature, sizeof(*signature)), sizeof(*signature));
	close(ends[0]);
	close(ends[1]);
	return child;
}

static void end(pid_t child)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(a_living_owner_keeps_the_lock)
{
	pid_t child = sleeper(&store.header->lock);

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	end(child);
	ck_assert_int_eq(allotp_drain_lock(&reader), 0);
}
END_TEST

START_TEST(a_number_that_is_used_again_does_not)
{
	pid_t child = sleeper(&store.header->lock);

	store.header->lock ^= START_ONE;
	/* It is looked up only when it is refused for the second time without progress. */
	ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	store.header->batch++;
	ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	ck_assert_int_eq(allotp_drain_lock(&reader), 0);
	end(child);
}
END_TEST

START_TEST(nor_if_the_number_is_our_own)
{
	reader.header->pid++;
	store.header->lock = reader.drainer ^ START_ONE;
	ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
	ck_assert_int_eq(allotp_drain_lock(&reader), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(allotp_drain_lock(&reader), -EBUSY);
}
END_TEST

START_TEST(processes_are_told_apart)
{
	struct allot_process self, other;
	uint64_t signature;
	pid_t child = sleeper(&signature);

	ck_assert_int_eq(prctl(PR_SET_NAME, "x) R 1 (", 0, 0, 0), 0);
	ck_assert_int_eq(allotp_process_look(getpid(), &self), 0);
	ck_assert_int_eq(self.state, 'R');
	ck_assert_int_eq(allotp_process_look(child, &other), 0);
	ck_assert_uint_gt(self.start, 0);
	ck_assert_uint_ge(other.start, self.start);
	ck_assert_uint_eq(signature & (START_ONE - 1), (uint64_t)child);
	end(child);
	ck_assert_int_lt(allotp_process_look(child, &other), 0);
}
END_TEST

/* Fills rings until they hold more than they should, and then as much again. */
static void fill(struct allot_producer *producer)
{
	const uint64_t enough = 2 * ALLOT_RING_LIMIT / sizeof(struct allot_event);

	for (uint64_t i = 0; i < enough; i++)
		fixture_require(fixture_write(producer, (struct fixture_event){ .stamp = 2 + i, .op = ALLOT_OP_MARK }));
}

START_TEST(a_stopped_owner_is_not_waited_for)
{
	struct allot_producer producer;
	pid_t child = sleeper(&store.header->lock);
	int status;

	ck_assert_int_eq(kill(child, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	ck_assert(allotp_drain_owner_is_stopped(&store));
	fill(&producer);
	ck_assert_uint_ge(store.header->ring_bytes, 2 * ALLOT_RING_LIMIT);
	end(child);
}
END_TEST

static uint64_t most_bytes;

/* Takes its time, more than a stopped one is given, and makes no progress before. */
static void *drain_late(void *unused)
{
	uint64_t since;

	while (!allotp_drain_is_behind(&store))
		;
	since = allotp_clock_ns(CLOCK_MONOTONIC);
	while (allotp_clock_ns(CLOCK_MONOTONIC) - since < 100000000)
		;
	most_bytes = __atomic_load_n(&store.header->ring_bytes, __ATOMIC_RELAXED);
	allotp_drain(&store);
	allotp_drain_unlock(&store);
	return unused;
}

START_TEST(an_owner_in_this_process_is_waited_for)
{
	struct allot_producer producer;
	pthread_t thread;

	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	ck_assert(allotp_drain_owner_is_here(&store));
	ck_assert_int_eq(pthread_create(&thread, NULL, drain_late, NULL), 0);
	fill(&producer);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	/* Until it drained, not one segment more was taken. */
	ck_assert_uint_lt(most_bytes, ALLOT_RING_LIMIT + 4 * (uint64_t)store.segment_bytes);
}
END_TEST

/* But not for longer than it says, nor for one whose clock is another. */
START_TEST(a_reader_that_waits_is_let_in)
{
	struct allot_producer producer;
	const uint64_t *batch = &store.header->batch;
	uint64_t before, since, stamp = 2;

	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	/* Again, if this process was not given a processor for so long that the time was over. */
	do {
		fixture_require(
			fixture_write(&producer, (struct fixture_event){ .stamp = stamp++, .op = ALLOT_OP_MARK }));
		before = *batch;
		since = allotp_clock_ns(CLOCK_MONOTONIC);
		allotp_drain_want(&reader);
		allotp_drain_try(&store);
	} while (allotp_clock_ns(CLOCK_MONOTONIC) - since > 10000000);
	ck_assert_uint_eq(*batch, before);
	ck_assert_int_eq(allotp_drain_lock(&reader), 0);
	allotp_drain_unlock(&reader);
	store.header->wanted_until_ns = _i ? UINT64_MAX : 1;
	allotp_drain_try(&store);
	ck_assert_uint_gt(*batch, before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-lock");
	TCase *tcase = tcase_create("owner");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_living_owner_keeps_the_lock);
	tcase_add_test(tcase, a_number_that_is_used_again_does_not);
	tcase_add_test(tcase, nor_if_the_number_is_our_own);
	tcase_add_test(tcase, processes_are_told_apart);
	tcase_add_test(tcase, a_stopped_owner_is_not_waited_for);
	tcase_add_test(tcase, an_owner_in_this_process_is_waited_for);
	tcase_add_loop_test(tcase, a_reader_that_waits_is_let_in, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
