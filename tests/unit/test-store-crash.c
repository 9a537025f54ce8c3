/* SPDX-License-Identifier: MIT */
/*
 * Tests that drainers may be killed at random, one after the other, while they drain what real threads of events have left
 * behind: when it is all drained in the end, everything was counted exactly once.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-model.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 26)
#define BLOCKS 6000u
#define EVENTS 150000 /* more than a drainer does before anybody else gets its processor */

static struct allot_store store, reader;
static struct store_model model;
static struct allot_producer producers[MODEL_SLOTS];

static void set_up(uint64_t *random)
{
	int fd = fixture_create(&store, STORE_BYTES, 64);

	reader = fixture_open(fd);
	close(fd);
	model_init(&model, &store, BLOCKS);
	/* Nothing is drained but by those that are going to be killed. */
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, i, 1), 0);
		model.events++;
	}
	for (uint64_t i = 0; i < EVENTS; i++) {
		struct model_event event = model_random_event(&model, random, MODEL_SLOTS);

		model_apply(&model, &event);
		/* Far enough apart for a long time series. */
		fixture_require(fixture_write(&producers[event.slot], model_encode(&model, &event, (2 + i) << 18)));
	}
	allotp_drain_unlock(&store);
	ck_assert_uint_eq(store.header->totals.tallies.events, 0);
}

static void tear_down(void)
{
	allotp_store_close(&reader);
	allotp_store_close(&store);
	model_free(&model);
}

static uint64_t applied(void)
{
	return __atomic_load_n(&store.header->totals.tallies.events, __ATOMIC_RELAXED);
}

/* A child that takes the lock from whoever is dead and drains. */
static pid_t drainer(void)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (!child) {
		if (allotp_drain_lock(&reader))
			_exit(1);
		allotp_drain_rest(&reader);
		allotp_drain_unlock(&reader);
		_exit(0);
	}
	return child;
}

/* Kills the drainer once it has got so far. False: it was done before. */
static bool kill_at(pid_t child, uint64_t events)
{
	int status;

	while (applied() < events && waitpid(child, &status, WNOHANG) == 0)
		;
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		return false; /* it was waited for above */
	return WIFSIGNALED(status);
}

/* Returns how many were killed in the middle: none, if they were all too fast. */
static int kill_drainers(uint64_t *random, uint64_t most)
{
	int killed = 0, rounds = 0;

	set_up(random);
	while (applied() < model.events && rounds++ < 1000)
		killed += kill_at(drainer(), applied() + fixture_random(random) % most);
	ck_assert_int_eq(allotp_drain_lock_by_force(&store), 0);
	allotp_drain_rest(&store);
	allotp_drain_unlock(&store);
	/* The others have opened what they needed for themselves. */
	ck_assert_int_eq(allotp_store_sync(&reader), 0);
	ck_assert_pstr_eq(model_difference(&model, &reader), NULL);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		ck_assert_uint_eq(store.header->lost[i], 0);
	tear_down();
	return killed;
}

START_TEST(drainers_are_killed)
{
	uint64_t random = (uint64_t)_i;
	int tries = 0, killed = 0;

	while (!killed && tries++ < 100)
		killed = kill_drainers(&random, UINT64_C(3000) << _i % 3);
	ck_assert_int_gt(killed, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-crash");
	TCase *tcase = tcase_create("killed");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, drainers_are_killed, 0, 8);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
