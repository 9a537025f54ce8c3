/* SPDX-License-Identifier: MIT */
/* Compares the incremental walk with the reference unwinder, walk by walk, on random tours through frames of all shapes. */
#include "unwind-hook.h"
#include "unwind-tour.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "unit.h"

enum { THREADS = 4, SHAPES_MAX = 128, WALKS = 100000 };

static tour_shape *shapes[SHAPES_MAX];
static unsigned shape_count;

static void add(tour_shape *const *table)
{
	for (; *table; table++)
		shapes[shape_count++] = *table;
}

static void setup(void)
{
	ck_assert(hook_setup());
	add(shapes_o0);
	add(shapes_o2);
	add(shapes_os);
	add(shapes_pointer);
	add(shapes_no_pointer);
	add(shapes_cxx);
	ck_assert_uint_le(shape_count, SHAPES_MAX);
}

struct trip {
	uint64_t seed;
	uint32_t limit;
	unsigned deepest;
	unsigned long walks;
	struct hook hook;
};

static void *make_trip(void *argument)
{
	struct trip *trip = argument;
	struct tour tour = { .walk = hook_check,
			     .hook = &trip->hook,
			     .shapes = shapes,
			     .shape_count = shape_count,
			     .random = trip->seed,
			     .deepest = trip->deepest,
			     .left = trip->walks };
	stack_t other = { .ss_sp = malloc(1 << 20), .ss_size = 1 << 20 }, none = { .ss_flags = SS_DISABLE };

	hook_make(&trip->hook, trip->limit);
	sigaltstack(&other, NULL);
	while (tour.left > 0)
		tour_visit(&tour);
	sigaltstack(&none, NULL);
	free(other.ss_sp);
	hook_release(&trip->hook);
	return NULL;
}

static void judge(const struct trip *trip)
{
	ck_assert_uint_eq(trip->hook.walks, trip->walks);
	ck_assert_msg(trip->hook.differing == 0, "%lu of %lu differ\n%s", trip->hook.differing, trip->hook.walks,
		      trip->hook.difference);
}

START_TEST(same_as_reference)
{
	struct trip trip = { .seed = 1, .limit = 1024, .deepest = 40, .walks = WALKS };

	make_trip(&trip);
	judge(&trip);
}
END_TEST

START_TEST(same_as_reference_within_limit)
{
	static const uint32_t limits[] = { 1, 2, 7, 20 };
	struct trip trip = { .seed = (uint64_t)_i, .limit = limits[_i], .deepest = 12, .walks = WALKS / 10 };

	make_trip(&trip);
	judge(&trip);
}
END_TEST

START_TEST(same_as_reference_on_threads)
{
	static struct trip trips[THREADS];
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		trips[i] = (struct trip){ .seed = 10 + i, .limit = 1024, .deepest = 20, .walks = WALKS / 10 };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, make_trip, &trips[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		judge(&trips[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite;
	TCase *tests = tcase_create("tour");

	if (hook_skips())
		return EXIT_SUCCESS;
	suite = suite_create("unwind-tour");
	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, same_as_reference);
	tcase_add_loop_test(tests, same_as_reference_within_limit, 0, 4);
	tcase_add_test(tests, same_as_reference_on_threads);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
