/* SPDX-License-Identifier: MIT */
/* Tests the set of sampled blocks: that it is exact, whatever its filter says, and that its filter misses none. */
#include <pthread.h>

#include "preload/sampled.h"
#include "unit.h"

static const void *at(uint64_t address)
{
	return (const void *)(uintptr_t)address;
}

#define HEAP UINT64_C(0x555555559000)

START_TEST(in_and_out)
{
	ck_assert(!allotp_sampled_maybe(at(HEAP)));
	ck_assert(!allotp_sampled_remove(at(HEAP)));
	ck_assert(allotp_sampled_add(at(HEAP)));
	ck_assert(allotp_sampled_maybe(at(HEAP)));
	/* A neighbour is let through by the set, if not by the filter. */
	ck_assert(!allotp_sampled_remove(at(HEAP + 16)));
	ck_assert(allotp_sampled_maybe(at(HEAP)));
	ck_assert(allotp_sampled_remove(at(HEAP)));
	ck_assert(!allotp_sampled_maybe(at(HEAP)));
	ck_assert(!allotp_sampled_remove(at(HEAP)));
}
END_TEST

START_TEST(null)
{
	ck_assert(!allotp_sampled_maybe(NULL));
	ck_assert(!allotp_sampled_remove(NULL));
}
END_TEST

START_TEST(twice_is_once)
{
	ck_assert(allotp_sampled_add(at(HEAP)));
	ck_assert(allotp_sampled_add(at(HEAP)));
	ck_assert(allotp_sampled_remove(at(HEAP)));
	ck_assert(!allotp_sampled_remove(at(HEAP)));
	ck_assert(!allotp_sampled_maybe(at(HEAP)));
}
END_TEST

START_TEST(many)
{
	enum { BLOCKS = 300000 };

	for (uint64_t i = 0; i < BLOCKS; i++)
		ck_assert(allotp_sampled_add(at(HEAP + i * 4112)));
	for (uint64_t i = 0; i < BLOCKS; i++) {
		ck_assert(allotp_sampled_maybe(at(HEAP + i * 4112)));
		ck_assert(!allotp_sampled_remove(at(HEAP + i * 4112 + 16)));
	}
	for (uint64_t i = 0; i < BLOCKS; i += 2)
		ck_assert(allotp_sampled_remove(at(HEAP + i * 4112)));
	for (uint64_t i = 0; i < BLOCKS; i++)
		ck_assert(allotp_sampled_remove(at(HEAP + i * 4112)) == (i % 2 == 1));
	for (uint64_t i = 0; i < BLOCKS; i++)
		ck_assert(!allotp_sampled_maybe(at(HEAP + i * 4112)));
}
END_TEST

/* More in one bucket than its count can tell: from then on the filter stops there for good, and the set stays exact. */
START_TEST(a_full_bucket)
{
	enum { ROW = 1 << ALLOT_SAMPLED_GRAIN, TWINS = 10 };
	/* Addresses of one bucket, this far apart: a whole turn of the buckets that the shift of regions leaves alone. */
	uint64_t turn = UINT64_C(1) << 24 << 17, count = 0;

	for (uint64_t i = 0; i < TWINS; i++) {
		ck_assert_uint_eq(allotp_sampled_bucket(at(HEAP + i * turn)), allotp_sampled_bucket(at(HEAP)));
		for (uint64_t offset = 0; offset < ROW; offset += 16, count++)
			ck_assert(allotp_sampled_add(at(HEAP + i * turn + offset)));
	}
	ck_assert_uint_gt(count, UINT8_MAX);
	for (uint64_t i = 0; i < TWINS; i++) {
		for (uint64_t offset = 0; offset < ROW; offset += 16) {
			ck_assert(allotp_sampled_maybe(at(HEAP + i * turn + offset)));
			ck_assert(allotp_sampled_remove(at(HEAP + i * turn + offset)));
			ck_assert(!allotp_sampled_remove(at(HEAP + i * turn + offset)));
		}
	}
	ck_assert(allotp_sampled_maybe(at(HEAP)));
}
END_TEST

START_TEST(neighbours_share_a_bucket_and_heaps_do_not)
{
	ck_assert_uint_eq(allotp_sampled_bucket(at(HEAP)), allotp_sampled_bucket(at(HEAP + 511)));
	ck_assert_uint_eq(allotp_sampled_bucket(at(HEAP + 512)), allotp_sampled_bucket(at(HEAP)) + 1);
	/* The heaps of threads begin at multiples of 64 MiB. */
	for (uint64_t i = 1; i < 64; i++)
		ck_assert_uint_ne(allotp_sampled_bucket(at(0x7ffff0000000 + (i << 26))),
				  allotp_sampled_bucket(at(0x7ffff0000000)));
}
END_TEST

START_TEST(holding)
{
	allotp_sampled_hold(at(HEAP));
	ck_assert(allotp_sampled_maybe(at(HEAP)));
	ck_assert(!allotp_sampled_remove(at(HEAP)));
	ck_assert(allotp_sampled_maybe(at(HEAP)));
	allotp_sampled_release(at(HEAP));
	ck_assert(!allotp_sampled_maybe(at(HEAP)));
}
END_TEST

START_TEST(stopping)
{
	allotp_sampled_stop_at(at(HEAP + 100), at(HEAP + 2000));
	for (uint64_t i = 0; i < 2048; i += 8)
		ck_assert(allotp_sampled_maybe(at(HEAP + i)));
	ck_assert(!allotp_sampled_maybe(at(HEAP + 2048)));
	ck_assert(!allotp_sampled_remove(at(HEAP + 200)));
	ck_assert(allotp_sampled_add(at(HEAP + 200)));
	ck_assert(allotp_sampled_remove(at(HEAP + 200)));
	ck_assert(allotp_sampled_maybe(at(HEAP + 200)));
}
END_TEST

/* ---- threads, in one bucket and its neighbours ---- */

enum { THREADS = 4, ROUNDS = 20000, OWN = 32 };

static void *work(void *data)
{
	uint64_t first = HEAP + (uint64_t)(uintptr_t)data * 16;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		const void *block = at(first + round % OWN * THREADS * 16);

		if (!allotp_sampled_add(block) || !allotp_sampled_maybe(block) || !allotp_sampled_remove(block) ||
		    allotp_sampled_remove(block))
			return (void *)(uintptr_t)block;
	}
	return NULL;
}

START_TEST(threads)
{
	pthread_t ids[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		ck_assert_int_eq(pthread_join(ids[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
	for (uint64_t i = 0; i < THREADS * OWN; i++)
		ck_assert(!allotp_sampled_maybe(at(HEAP + i * 16)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sampled");
	TCase *tcase = tcase_create("sampled");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, in_and_out);
	tcase_add_test(tcase, null);
	tcase_add_test(tcase, twice_is_once);
	tcase_add_test(tcase, many);
	tcase_add_test(tcase, a_full_bucket);
	tcase_add_test(tcase, neighbours_share_a_bucket_and_heaps_do_not);
	tcase_add_test(tcase, holding);
	tcase_add_test(tcase, stopping);
	tcase_add_test(tcase, threads);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
