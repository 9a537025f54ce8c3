/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind/rule.c: the cache that all threads share gives each the right rules, also while it is emptied. */
#include "unwind/rule.h"

#include <pthread.h>
#include <stdlib.h>

#include "unit.h"

enum { THREADS = 4, ROUNDS = 20, PLACES = 3000, STRIDE = 17 };

static uint64_t epoch, start;
static uint64_t expected[PLACES];

/* Program counters all over libc, most of them with a rule. */
static uint64_t place(unsigned number)
{
	return start + (uint64_t)number * STRIDE;
}

static void setup(void)
{
	static struct allotp_cfi_scratch scratch;

	start = (uintptr_t)&qsort;
	for (unsigned i = 0; i < PLACES; i++)
		expected[i] = allotp_rule_word(allotp_rule_find(place(i), &scratch));
}

static void *look_up(void *argument)
{
	struct allotp_cfi_scratch *scratch = malloc(sizeof(*scratch));
	uintptr_t wrong = 0;

	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < PLACES; i++)
			wrong += allotp_rule_word(allotp_rule_get(place(i), &epoch, scratch)) != expected[i];
	free(scratch);
	(void)argument;
	return (void *)wrong;
}

static void *empty(void *argument)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		__atomic_add_fetch(&epoch, 1, __ATOMIC_SEQ_CST);
		allotp_rule_forget();
	}
	return argument;
}

static uint64_t cached_word(unsigned number)
{
	return allotp_rule_word(allotp_rule_cached(place(number)));
}

START_TEST(threads_share_rules)
{
	pthread_t threads[THREADS + 1];

	for (unsigned i = 0; i <= THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, i < THREADS ? look_up : empty, NULL), 0);
	for (unsigned i = 0; i <= THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
}
END_TEST

START_TEST(caches_and_forgets)
{
	static struct allotp_cfi_scratch scratch;
	unsigned cached = 0;

	for (unsigned i = 0; i < PLACES; i++) {
		ck_assert_uint_eq(cached_word(i), 0);
		ck_assert_uint_eq(allotp_rule_word(allotp_rule_get(place(i), &epoch, &scratch)), expected[i]);
		/* What has no unwind data is not kept: it may become something else unnoticed. */
		if (allotp_rule_of_word(expected[i]).kind == ALLOTP_RULE_NONE)
			ck_assert_uint_eq(cached_word(i), 0);
		else
			ck_assert_uint_eq(cached_word(i), expected[i]);
		cached += cached_word(i) != 0;
		allotp_rule_forget();
	}
	ck_assert_uint_gt(cached, PLACES / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-rules");
	TCase *tests = tcase_create("rules");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, caches_and_forgets);
	tcase_add_test(tests, threads_share_rules);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
