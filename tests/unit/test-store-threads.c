/* SPDX-License-Identifier: MIT */
/*
 * Tests that nothing is lost or counted twice while threads allocate, free each other's blocks and reuse their addresses,
 * and somebody drains meanwhile: a reader, or they themselves.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "snapshot/snapshot.h"
#include "store-model.h"
#include "store/drain.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 28)
#define EVENTS (800000 / FIXTURE_SLOWNESS) /* of all threads together */
#define BLOCKS_EACH 700u
#define MAILBOXES 64

static struct allot_store store, reader;
static struct store_model model; /* blocks belong to whoever has their number */
static bool counter;

/* Blocks on their way from thread to thread: number + 1, or 0. */
static uint32_t mailboxes[MAILBOXES];

struct worker {
	pthread_t thread;
	struct allot_producer producer;
	struct store_model model;
	uint64_t random;
	uint64_t events, end;
	uint32_t free_blocks[MODEL_SLOTS * BLOCKS_EACH], free_count;
	uint32_t live_blocks[MODEL_SLOTS * BLOCKS_EACH], live_count;
	uint64_t refused;
};

static void set_up(uint32_t ring_events, uint32_t threads, struct worker *workers)
{
	int fd = fixture_create(&store, STORE_BYTES, ring_events);

	reader = fixture_open(fd);
	close(fd);
	model_init(&model, &store, MODEL_SLOTS * BLOCKS_EACH);
	model.any_peak = true;
	counter = store.header->clock == ALLOT_CLOCK_COUNTER;
	memset(mailboxes, 0, sizeof(mailboxes));
	for (uint32_t i = 0; i < threads; i++)
		workers[i].model = model;
	for (uint32_t i = 0; i < threads; i++) {
		workers[i].random = i;
		ck_assert_int_eq(allotp_producer_attach(&workers[i].producer, &store, i, allotp_stamp(counter)), 0);
		ck_assert_uint_eq(workers[i].producer.number, i);
		model.events++;
		for (uint32_t j = 0; j < BLOCKS_EACH; j++)
			workers[i].free_blocks[workers[i].free_count++] = i * BLOCKS_EACH + j;
	}
}

static void tear_down(void)
{
	allotp_store_close(&reader);
	allotp_store_close(&store);
	model_free(&model);
}

static void happen(struct worker *worker, struct model_event event)
{
	event.slot = worker->producer.number;
	model_apply(&worker->model, &event);
	if (!fixture_write(&worker->producer, model_encode(&worker->model, &event, allotp_stamp(counter))))
		worker->refused++;
	worker->events++;
}

/* As the hooks do: what becomes free is told before anybody else can have it, what is new after it is ours. */
static void release(struct worker *worker, uint32_t block)
{
	happen(worker, (struct model_event){
			       .op = ALLOT_OP_FREE,
			       .block = block,
			       .family = (enum allot_family)(fixture_random(&worker->random) % 4),
		       });
	worker->free_blocks[worker->free_count++] = block;
}

static void allocate(struct worker *worker)
{
	uint32_t block = worker->free_blocks[--worker->free_count], box;

	happen(worker, (struct model_event){
			       .op = ALLOT_OP_ALLOC,
			       .block = block,
			       .size = fixture_random(&worker->random) % 1000,
			       .stack = (uint32_t)(fixture_random(&worker->random) % MODEL_STACKS),
			       .family = (enum allot_family)(fixture_random(&worker->random) % 3),
		       });
	if (fixture_random(&worker->random) % 3) {
		worker->live_blocks[worker->live_count++] = block;
		return;
	}
	box = (uint32_t)(fixture_random(&worker->random) % MAILBOXES);
	block = __atomic_exchange_n(&mailboxes[box], block + 1, __ATOMIC_ACQ_REL);
	if (block)
		release(worker, block - 1);
}

static void release_at(struct worker *worker, uint32_t place)
{
	uint32_t block = worker->live_blocks[place];

	worker->live_blocks[place] = worker->live_blocks[--worker->live_count];
	release(worker, block);
}

static void reallocate(struct worker *worker, uint32_t place)
{
	uint32_t block = worker->live_blocks[place];
	bool fails = fixture_random(&worker->random) % 2 || !worker->free_count;

	happen(worker, (struct model_event){ .op = ALLOT_OP_GIVE_UP, .block = block, .restores = fails });
	if (fails) {
		happen(worker, (struct model_event){ .op = ALLOT_OP_RESTORE, .block = block });
		return;
	}
	worker->live_blocks[place] = worker->live_blocks[--worker->live_count];
	allocate(worker);
	worker->free_blocks[worker->free_count++] = block;
}

static void *work(void *data)
{
	struct worker *worker = data;

	while (worker->events < worker->end) {
		uint64_t dice = fixture_random(&worker->random) % 100;

		if (worker->live_count && dice < 10)
			reallocate(worker, (uint32_t)(dice % worker->live_count));
		else if (dice == 10)
			happen(worker, (struct model_event){ .op = ALLOT_OP_THREAD });
		else if (worker->live_count && dice < 30)
			release(worker, worker->live_blocks[--worker->live_count]);
		else if (worker->live_count && (dice < 50 || !worker->free_count))
			release_at(worker, (uint32_t)(fixture_random(&worker->random) % worker->live_count));
		else if (worker->free_count)
			allocate(worker);
		else
			break;
	}
	return NULL;
}

/* ---- who drains ---- */

enum drainers { DRAIN_THEMSELVES, DRAIN_READER, DRAIN_BOTH, DRAINERS, DRAIN_STOPPED };

static uint32_t ended;

/* A reader has a mapping of its own. ThreadSanitizer, which goes by addresses, would not see what orders the two. */
#if UNIT_UNDER_TSAN
#define DRAINED (&store)
#else
#define DRAINED (&reader)
#endif

static void *drain(void *data)
{
	struct allot_store *mapped = data;

	while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)) {
		if (!allotp_drain_lock(mapped)) {
			allotp_drain(mapped);
			allotp_drain_unlock(mapped);
		}
		sched_yield();
	}
	return NULL;
}

static void run(struct worker *workers, uint32_t threads, enum drainers drainers)
{
	bool drains = drainers == DRAIN_READER || drainers == DRAIN_BOTH;
	pthread_t drainer;

	store.header->reader = drainers == DRAIN_READER;
	ended = 0;
	if (drains)
		ck_assert_int_eq(pthread_create(&drainer, NULL, drain, DRAINED), 0);
	for (uint32_t i = 0; i < threads; i++) {
		workers[i].end = EVENTS / threads;
		ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (uint32_t i = 0; i < threads; i++)
		ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
	__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
	if (drains)
		ck_assert_int_eq(pthread_join(drainer, NULL), 0);
}

static void stress(uint32_t threads, uint32_t ring_events, enum drainers drainers)
{
	struct worker *workers = calloc(threads, sizeof(*workers));
	uint64_t peak, drained;

	ck_assert_ptr_nonnull(workers);
	set_up(ring_events, threads, workers);
	if (drainers == DRAIN_STOPPED)
		ck_assert_int_eq(allotp_drain_lock(&store), 0);
	/* When a producer attached, it may have drained what another had written by then. */
	drained = store.header->totals.tallies.events;
	run(workers, threads, drainers);
	if (drainers == DRAIN_STOPPED)
		ck_assert_uint_eq(store.header->totals.tallies.events, drained);
	else
		ck_assert_int_eq(allotp_drain_lock(&store), 0);
	/* Nothing is left behind by a drain of all that has happened. */
	allotp_drain_now(&store);
	ck_assert_uint_eq(allotp_drain_rest(&store), 0);
	allotp_drain_unlock(&store);
	for (uint32_t i = 0; i < threads; i++) {
		ck_assert_uint_eq(workers[i].refused, 0);
		model_merge(&model, &workers[i].model);
	}
	ck_assert_int_eq(allotp_store_sync(&reader), 0);
	ck_assert_pstr_eq(model_difference(&model, &reader), NULL);
	ck_assert_uint_eq(model.unknown_frees, 0);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		ck_assert_uint_eq(store.header->lost[i], 0);
	peak = store.header->totals.peak_bytes;
	ck_assert_uint_ge(peak, model.ever.bytes - model.freed.bytes);
	ck_assert_uint_lt(peak, (uint64_t)1000 * MODEL_SLOTS * BLOCKS_EACH);
	tear_down();
	free(workers);
}

START_TEST(two_threads)
{
	stress(2, _i % 2 ? 16 : 1024, (enum drainers)(_i / 2));
}
END_TEST

START_TEST(eight_threads)
{
	stress(8, _i % 2 ? 16 : 1024, (enum drainers)(_i / 2));
}
END_TEST

/* It may never come back, so the rings grow, beyond what they should hold, too. */
START_TEST(a_drainer_that_is_stopped)
{
	stress(2, 1024, DRAIN_STOPPED);
}
END_TEST

/* ---- stamps that are counted ---- */

enum { RINGS = 4 };

/* One thread writes into several rings in turn, as it does when signal handlers interrupt it. */
static void tell(struct allot_producer *producers, uint64_t *random, uint32_t count, bool counts)
{
	uint64_t *counted = &store.header->counted;

	for (uint32_t i = 0; i < count; i++) {
		struct model_event event = model_random_event(&model, random, RINGS);
		uint64_t stamp = counts ? __atomic_add_fetch(counted, 1, __ATOMIC_RELEASE) : allotp_stamp(counter);
		struct fixture_event encoded;

		model_apply(&model, &event);
		encoded = model_encode(&model, &event, stamp);
		if (counts)
			encoded.family |= ALLOT_COUNTED_EVENT;
		fixture_require(fixture_write(&producers[event.slot], encoded));
	}
}

/* Then, in every other one, a second thread begins, and from then on stamps are read. */
START_TEST(one_that_counts)
{
	struct allot_producer producers[RINGS];
	uint64_t random = (uint64_t)_i;
	bool reader_drains = _i / 2;
	pthread_t drainer;

	set_up(_i % 2 ? 16 : 1024, 0, NULL);
	for (uint32_t i = 0; i < RINGS; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, i, 1), 0);
		model.events++;
	}
	fixture_drain(&store);
	/* Long ago: the time when an event is drained tells nothing of those that are still to come. */
	store.header->counted = 2;
	store.header->reader = reader_drains;
	model.any_peak = false;
	ended = 0;
	ck_assert_int_eq(pthread_create(&drainer, NULL, drain, DRAINED), 0);
	tell(producers, &random, EVENTS / 8, true);
	if (_i % 2) {
		__atomic_store_n(&store.header->threads, 1, __ATOMIC_RELEASE);
		model.any_peak = true;
		tell(producers, &random, EVENTS / 8, false);
	}
	__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
	ck_assert_int_eq(pthread_join(drainer, NULL), 0);
	ck_assert_int_eq(allotp_drain_lock(&store), 0);
	allotp_drain_now(&store);
	ck_assert_uint_eq(allotp_drain_rest(&store), 0);
	allotp_drain_unlock(&store);
	ck_assert_int_eq(allotp_store_sync(&reader), 0);
	ck_assert_pstr_eq(model_difference(&model, &reader), NULL);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-threads");
	TCase *tcase = tcase_create("stress");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, two_threads, 0, 2 * DRAINERS);
	tcase_add_loop_test(tcase, eight_threads, 0, 2 * DRAINERS);
	tcase_add_test(tcase, a_drainer_that_is_stopped);
	tcase_add_loop_test(tcase, one_that_counts, 0, 4);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
