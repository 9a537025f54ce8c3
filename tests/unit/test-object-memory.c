/* SPDX-License-Identifier: MIT */
/* Each allocation of the library fails in turn: what was asked for then fails as a whole, and nothing is lost. */
#include <allot/graph.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "object-sample.h"
#include "unit.h"

/* Each of these gives 0 or -ENOMEM, and leaves nothing behind. */
static struct pair *target;

static int make_a_heap(void)
{
	struct allot_heap *made;
	struct pair *pair;
	int error = allot_heap_create(0, &made);

	if (error)
		return error;
	pair = allot_new(made, &pair_type);
	error = pair ? 0 : -errno;
	allot_unref(pair);
	if (allot_heap_destroy(made))
		abort();
	return error;
}

static int make_large(void)
{
	struct tuple *tuple = allot_new_items(heap, &tuple_type, 1000);
	int error = tuple ? 0 : -errno;

	allot_unref(tuple);
	return error;
}

static int use_dictionary(void)
{
	struct allot_weakdict *dictionary;
	int error = allot_weakdict_create(heap, &dictionary);

	if (error)
		return error;
	for (int i = 0; i < 40 && !error; i++)
		error = allot_weakdict_set(dictionary, &i, sizeof(i), target);
	allot_weakdict_destroy(dictionary);
	return error;
}

static int list_objects(void)
{
	struct allot_list list = { 0 };
	int error = allot_gc_get_objects(heap, -1, &list);

	allot_list_release(&list);
	return error;
}

static int list_referrers(void)
{
	struct allot_list list = { 0 };
	int error = allot_gc_get_referrers(heap, (void *[]){ target }, 1, &list);

	allot_list_release(&list);
	return error;
}

static int list_leaking(void)
{
	struct allot_list list = { 0 };
	int error = allot_graph_leaking_objects(heap, &list);

	allot_list_release(&list);
	return error;
}

static int find_chain(void)
{
	struct allot_list list = { 0 };
	int error = allot_graph_find_backref_chain(target, allot_graph_is_held_outside, NULL, 0, &list);

	allot_list_release(&list);
	return error;
}

static int count_types(void)
{
	struct allot_graph_types types = { 0 };
	int error = allot_graph_most_common_types(heap, &types);

	allot_graph_types_release(&types);
	return error;
}

static int look_for_growth(void)
{
	struct allot_graph_past *past = allot_graph_past_create(heap);
	struct allot_graph_growths growths = { 0 };
	struct allot_list list = { 0 };
	int error;

	if (!past)
		return -ENOMEM;
	error = allot_graph_growth(past, &growths);
	if (!error)
		error = allot_graph_new_objects(past, &list);
	allot_graph_growths_release(&growths);
	allot_list_release(&list);
	allot_graph_past_destroy(past);
	return error;
}

static int write_graphs(void)
{
	static FILE *nowhere;
	long error;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!nowhere)
		return -ENOMEM;
	error = allot_graph_write_backrefs((void *[]){ target }, 1, NULL, nowhere);
	if (!error)
		error = allot_graph_write_cycles(heap, nowhere);
	return error < 0 ? (int)error : 0;
}

static void nothing(enum allot_gc_phase phase, const struct allot_gc_info *info, void *data)
{
	(void)phase;
	(void)info;
	(void)data;
}

static int add_callback(void)
{
	int error = allot_gc_callback_add(heap, nothing, NULL);

	if (!error)
		error = allot_gc_callback_remove(heap, nothing, NULL);
	return error;
}

static int (*const scenarios[])(void) = {
	make_a_heap, make_large,  use_dictionary,  list_objects, list_referrers, list_leaking,
	find_chain,  count_types, look_for_growth, write_graphs, add_callback,
};

START_TEST(each_fails)
{
	size_t before, after;
	bool has_failed;
	int error;

	target = pair_new(NULL, NULL);
	for (int i = 0; i < 50; i++)
		target = pair_new(target, NULL);
	/* A cycle of its own that only is looked at. */
	target->second = allot_ref(target);
	allot_heap_usage(heap, &before, NULL);
	for (unsigned long n = 0;; n++) {
		failing_begin(n);
		error = scenarios[_i]();
		has_failed = failing_end();
		ck_assert_int_eq(error, has_failed ? -ENOMEM : 0);
		allot_heap_usage(heap, &after, NULL);
		ck_assert_uint_eq(before, after);
		if (!has_failed)
			break;
		ck_assert_uint_lt(n, 1000);
	}
	ALLOT_CLEAR(target->second);
	allot_unref(target);
	ck_assert_uint_ge(sample_dead, 51);
}
END_TEST

/* What cannot be put into the garbage for want of memory is where it was, and comes there the next time. */
START_TEST(garbage_is_not_lost)
{
	struct allot_list garbage;

	for (int i = 0; i < 20; i++)
		pair_garbage();
	allot_gc_set_debug(heap, ALLOT_GC_SAVEALL);
	failing_begin(0);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 20);
	ck_assert(failing_end());
	ck_assert_uint_eq(sample_dead, 0);
	/* The first was not kept, the others were: memory came back. */
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 19);
	ck_assert_int_eq(allot_graph_garbage(heap, &garbage), 0);
	ck_assert_uint_eq(garbage.count, 1);
	allot_list_release(&garbage);
	allot_gc_set_debug(heap, 0);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	allot_gc_garbage_clear(heap);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 19);
	ck_assert_uint_eq(sample_dead, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-memory");
	TCase *cases = tcase_create("memory");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, sample_set_up, sample_tear_down);
	tcase_add_loop_test(cases, each_fails, 0, (int)(sizeof(scenarios) / sizeof(scenarios[0])));
	tcase_add_test(cases, garbage_is_not_lost);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
