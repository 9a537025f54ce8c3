/* SPDX-License-Identifier: MIT */
/* The collector, by the cases of CPython's test_gc that can be said in C, under their names, and some more. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "object-sample.h"
#include "unit.h"

#define TIMES 100

static struct allot_gc_stats stats_of(int generation)
{
	struct allot_gc_stats stats[ALLOT_GC_GENERATIONS];

	allot_gc_get_stats(heap, stats);
	return stats[generation];
}

static void assert_stats(int generation, size_t collections, size_t collected, size_t uncollectable)
{
	struct allot_gc_stats stats = stats_of(generation);

	ck_assert_uint_eq(stats.collections, collections);
	ck_assert_uint_eq(stats.collected, collected);
	ck_assert_uint_eq(stats.uncollectable, uncollectable);
}

static bool is_in_generation(int generation, const void *object)
{
	struct allot_list list;
	bool found = false;

	ck_assert_int_eq(allot_gc_get_objects(heap, generation, &list), 0);
	for (size_t i = 0; i < list.count; i++)
		found |= list.objects[i] == object;
	allot_list_release(&list);
	return found;
}

START_TEST(test_list)
{
	struct list *list = list_new();

	list_append(list, list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	allot_unref(list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	ck_assert_uint_eq(sample_dead, 1);
}
END_TEST

START_TEST(test_tuple)
{
	struct list *list = list_new();
	struct tuple *tuple = tuple_new(1);

	tuple->items[0] = allot_ref(list);
	list_append(list, tuple);
	allot_unref(tuple);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	allot_unref(list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
	ck_assert_uint_eq(sample_dead, 2);
}
END_TEST

/* What hangs off a cycle counts, if the collector sees it: one list in itself, and a list of two lists in it, and a leaf. */
START_TEST(count_of_4)
{
	struct list *list = list_new(), *outer = list_new();
	struct leaf *leaf = allot_new(heap, &leaf_type);

	for (int i = 0; i < 2; i++) {
		struct list *inner = list_new();

		list_append(outer, inner);
		list_append(inner, leaf);
		allot_unref(inner);
	}
	list_append(list, list);
	list_append(list, outer);
	allot_unref(leaf);
	allot_unref(outer);
	allot_unref(list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 4);
	ck_assert_uint_eq(sample_dead, 5);
	assert_stats(2, 1, 4, 0);
}
END_TEST

/* ---- The end of garbage ---- */

static const struct allot_field pair_fields[] = {
	ALLOT_FIELD(struct pair, first),
	ALLOT_FIELD(struct pair, second),
	ALLOT_FIELDS_END,
};

static char events[64];

static void note_clear(void *object)
{
	strcat(events, "c");
	allot_clear_fields(object);
}

static void note_death(void *object)
{
	const struct pair *pair = object;

	ck_assert(!pair->first && !pair->second);
	strcat(events, "d");
}

/* As in Python, but that nobody dies before all are cleared; at its death an object is cleared once more. */
START_TEST(all_are_cleared_before_one_dies)
{
	static const struct allot_type noted_type = {
		.name = "noted",
		.size = sizeof(struct pair),
		.traverse = allot_traverse_fields,
		.clear = note_clear,
		.dealloc = note_death,
		.fields = pair_fields,
	};
	struct pair *pairs[3];

	for (int i = 0; i < 3; i++)
		pairs[i] = allot_new(heap, &noted_type);
	for (int i = 0; i < 3; i++) {
		pairs[i]->first = pairs[(i + 1) % 3];
		pairs[i]->second = allot_ref(pairs[i]);
	}
	/* What only hangs off the cycle is garbage, too. */
	allot_unref(pairs[1]->second);
	pairs[1]->second = pair_new(NULL, NULL);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 4);
	ck_assert_str_eq(events, "ccccdcdcd");
	ck_assert_uint_eq(sample_dead, 1);
}
END_TEST

/* ---- Resurrection ---- */

static struct list *survivors;

static void survive(void *object)
{
	list_append(survivors, object);
}

/* A pair whose finalizer saves it. */
static const struct allot_type lazarus_type = {
	.name = "lazarus",
	.size = sizeof(struct pair),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = survive,
	.fields = pair_fields,
};

static struct pair *lazarus_garbage(void)
{
	struct pair *lazarus = allot_new(heap, &lazarus_type);

	lazarus->first = lazarus;
	return lazarus;
}

static void resurrection_set_up(void)
{
	sample_set_up();
	survivors = list_new();
	allot_gc_untrack(survivors);
}

static void resurrection_tear_down(void)
{
	allot_unref(survivors);
	allot_gc_collect(heap, 2);
	sample_tear_down();
}

START_TEST(test_resurrection_does_not_block_cleanup_of_other_objects)
{
	for (int i = 0; i < TIMES; i++)
		pair_garbage();
	ck_assert_int_eq(allot_gc_collect(heap, 2), TIMES);
	assert_stats(2, 1, TIMES, 0);
	lazarus_garbage();
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	assert_stats(2, 2, TIMES, 0);
	for (int i = 0; i < TIMES; i++)
		pair_garbage();
	lazarus_garbage();
	ck_assert_int_eq(allot_gc_collect(heap, 2), TIMES);
	assert_stats(2, 3, 2 * TIMES, 0);
	ck_assert_uint_eq(survivors->count, 2);
	list_type.clear(survivors);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
	assert_stats(2, 4, 2 * TIMES + 2, 0);
}
END_TEST

START_TEST(test_resurrection_is_transitive)
{
	struct pair *lazarus = allot_new(heap, &lazarus_type), *cargo = pair_new(NULL, NULL);

	cargo->first = cargo;
	allot_ref(cargo);
	cargo->second = lazarus;
	lazarus->first = cargo;
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_uint_eq(survivors->count, 1);
	ck_assert_ptr_eq(survivors->items[0], lazarus);
	ck_assert_ptr_eq(lazarus->first, cargo);
	ck_assert_ptr_eq(cargo->first, cargo);
	ck_assert(!allot_gc_is_finalized(cargo) && allot_gc_is_finalized(lazarus));
	list_type.clear(survivors);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
	ck_assert_uint_eq(sample_dead, 1);
}
END_TEST

/* ---- What cannot be collected ---- */

static void do_nothing(void *object)
{
	(void)object;
}

static const struct allot_type legacy_type = {
	.name = "uncollectable",
	.size = sizeof(struct pair),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.legacy_finalize = do_nothing,
	.fields = pair_fields,
};

/* Two that refer to each other. */
static void uncollectable_garbage(void)
{
	struct pair *one = allot_new(heap, &legacy_type), *other = allot_new(heap, &legacy_type);

	one->first = other;
	other->first = one;
}

struct visits {
	struct allot_gc_info starts[8], stops[8];
	size_t start_count, stop_count;
	bool clean_up;
	char order[64];
	char name;
};

static void visit_collection(enum allot_gc_phase phase, const struct allot_gc_info *info, void *data)
{
	struct visits *visits = data;

	if (phase == ALLOT_GC_START)
		visits->starts[visits->start_count++] = *info;
	else
		visits->stops[visits->stop_count++] = *info;
	if (phase == ALLOT_GC_STOP && visits->clean_up) {
		void *object;

		for (size_t i = 0; (object = allot_gc_garbage_get(heap, i)); i++) {
			ALLOT_CLEAR(((struct pair *)object)->first);
			allot_unref(object);
		}
		allot_gc_garbage_clear(heap);
	}
}

START_TEST(test_collect_garbage)
{
	struct visits visits = { 0 };

	ck_assert_int_eq(allot_gc_callback_add(heap, visit_collection, &visits), 0);
	uncollectable_garbage();
	uncollectable_garbage();
	pair_garbage();
	ck_assert_int_eq(allot_gc_collect(heap, 2), 5);
	ck_assert_uint_eq(visits.start_count, 1);
	ck_assert_uint_eq(visits.stop_count, 1);
	ck_assert_uint_eq(visits.starts[0].collected + visits.starts[0].uncollectable, 0);
	ck_assert_uint_eq(visits.stops[0].collected, 1);
	ck_assert_uint_eq(visits.stops[0].uncollectable, 4);
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 4);
	for (size_t i = 0; i < 4; i++) {
		void *object = allot_gc_garbage_get(heap, i);

		ck_assert_ptr_eq(allot_type_of(object), &legacy_type);
		allot_unref(object);
	}
	ck_assert_ptr_null(allot_gc_garbage_get(heap, 4));

	/* Now two of the four are garbage again, and a callback cleans up. */
	for (size_t i = 0; i < 4; i++) {
		struct pair *object = allot_gc_garbage_get(heap, i);

		if (i >= 2)
			ALLOT_CLEAR(object->first);
		allot_unref(object);
	}
	allot_gc_garbage_clear(heap);
	visits = (struct visits){ .clean_up = true };
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
	ck_assert_uint_eq(visits.stops[0].collected, 0);
	ck_assert_uint_eq(visits.stops[0].uncollectable, 2);
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 0);
	ck_assert_int_eq(allot_gc_callback_remove(heap, visit_collection, &visits), 0);
	ck_assert_int_eq(allot_gc_callback_remove(heap, visit_collection, &visits), -ENOENT);
}
END_TEST

/* What only hangs off it is uncollectable too, but is not in the garbage. */
START_TEST(test_finalizer_newclass)
{
	struct pair *legacy = allot_new(heap, &legacy_type), *other;

	legacy->first = legacy;
	legacy->second = pair_new(NULL, NULL);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
	assert_stats(2, 1, 0, 2);
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 1);
	other = allot_gc_garbage_get(heap, 0);
	ck_assert_ptr_eq(other, legacy);
	ALLOT_CLEAR(legacy->first);
	allot_unref(other);
	allot_gc_garbage_clear(heap);
	ck_assert_uint_eq(sample_dead, 1);
}
END_TEST

/* ---- A collection of another heap within one ---- */

static struct allot_heap *inner;

/* What is about to be collected gets a referrer in another heap, which is collected, but not freed. */
static void collect_inner(void *object)
{
	struct allot_heap *outer = heap;
	struct pair *legacy = allot_new(inner, &legacy_type);

	legacy->first = legacy;
	legacy->second = allot_ref(object);
	heap = inner;
	ck_assert_int_eq(allot_gc_collect(inner, 2), 1);
	assert_stats(2, 1, 0, 1);
	heap = outer;
}

START_TEST(nested)
{
	static const struct allot_type nesting_type = {
		.name = "nesting",
		.size = sizeof(struct pair),
		.traverse = allot_traverse_fields,
		.clear = allot_clear_fields,
		.finalize = collect_inner,
		.fields = pair_fields,
	};
	struct pair *nesting = allot_new(heap, &nesting_type), *legacy;

	ck_assert_int_eq(allot_heap_create(0, &inner), 0);
	nesting->first = nesting;
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_int_eq(allot_refcount(nesting), 2);
	legacy = allot_gc_garbage_get(inner, 0);
	ALLOT_CLEAR(legacy->first);
	allot_unref(legacy);
	allot_gc_garbage_clear(inner);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	ck_assert_int_eq(allot_heap_destroy(inner), 0);
}
END_TEST

START_TEST(test_saveall)
{
	struct list *list = list_new(), *other;

	list_append(list, list);
	allot_gc_set_debug(heap, ALLOT_GC_SAVEALL);
	ck_assert_uint_eq(allot_gc_get_debug(heap), ALLOT_GC_SAVEALL);
	allot_unref(list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	allot_gc_set_debug(heap, 0);
	assert_stats(2, 1, 1, 0);
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 1);
	other = allot_gc_garbage_get(heap, 0);
	ck_assert_ptr_eq(other, list);
	ck_assert_uint_eq(list->count, 1);
	allot_gc_garbage_clear(heap);
	allot_unref(other);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
}
END_TEST

/* ---- Generations ---- */

static void assert_counts(int count0, int count1, int count2)
{
	int counts[ALLOT_GC_GENERATIONS];

	allot_gc_get_count(heap, counts);
	ck_assert_int_eq(counts[0], count0);
	ck_assert_int_eq(counts[1], count1);
	ck_assert_int_eq(counts[2], count2);
}

START_TEST(test_collect_generations)
{
	struct list *list;

	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	list = list_new();
	assert_counts(1, 0, 0);
	ck_assert_int_eq(allot_gc_collect(heap, 0), 0);
	assert_counts(0, 1, 0);
	ck_assert_int_eq(allot_gc_collect(heap, 1), 0);
	assert_counts(0, 0, 1);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	assert_counts(0, 0, 0);
	allot_unref(list);
	assert_counts(0, 0, 0);
	ck_assert_int_eq(allot_gc_collect(heap, -1), -EINVAL);
	ck_assert_int_eq(allot_gc_collect(heap, 3), -EINVAL);
}
END_TEST

START_TEST(test_get_objects_generations)
{
	struct allot_list none = { 0 };
	struct list *list = list_new();

	list_append(list, list);
	for (int generation = 0; generation < 3; generation++) {
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(is_in_generation(i, list), i == generation);
		ck_assert(is_in_generation(-1, list));
		allot_gc_collect(heap, generation);
	}
	ck_assert(is_in_generation(2, list));
	ck_assert_int_eq(allot_gc_get_objects(heap, 3, &none), -EINVAL);
	ck_assert_int_eq(allot_gc_get_objects(heap, -2, &none), -EINVAL);
	allot_unref(list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
}
END_TEST

START_TEST(test_get_stats)
{
	allot_gc_collect(heap, 0);
	assert_stats(0, 1, 0, 0);
	assert_stats(1, 0, 0, 0);
	assert_stats(2, 0, 0, 0);
	pair_garbage();
	allot_gc_collect(heap, 2);
	assert_stats(0, 1, 0, 0);
	assert_stats(1, 0, 0, 0);
	assert_stats(2, 1, 1, 0);
}
END_TEST

/* Which generations are collected by itself, at each allocation of a container that stays. */
START_TEST(trigger_sequence)
{
	static const int wanted[13] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2 };
	struct visits visits = { 0 };
	struct list *keep = list_new();
	int at = 0, since = 1, thresholds[ALLOT_GC_GENERATIONS];

	allot_gc_callback_add(heap, visit_collection, &visits);
	allot_gc_enable(heap);
	ck_assert(allot_gc_is_enabled(heap));
	allot_gc_set_threshold(heap, 5, 2, 2);
	allot_gc_get_threshold(heap, thresholds);
	ck_assert_int_eq(thresholds[0] * 100 + thresholds[1] * 10 + thresholds[2], 522);
	while (at < 26) {
		struct pair *pair = pair_new(NULL, NULL);

		since++;
		list_append(keep, pair);
		allot_unref(pair);
		if (!visits.stop_count)
			continue;
		ck_assert_uint_eq(visits.stop_count, 1);
		ck_assert_int_eq(visits.stops[0].generation, wanted[at % 13]);
		/* The one that makes the count go above the threshold collects before it is there itself. */
		ck_assert_int_eq(since, 6);
		since = 0;
		visits.start_count = visits.stop_count = 0;
		at++;
	}
	allot_gc_callback_remove(heap, visit_collection, &visits);
	allot_unref(keep);
}
END_TEST

/* A full collection waits until a quarter of what the last one left has come of age since. */
START_TEST(quarter)
{
	struct visits visits = { 0 };
	struct list *keep = list_new();
	size_t pending = 0;

	for (int i = 0; i < 3999; i++) {
		struct pair *pair = pair_new(NULL, NULL);

		list_append(keep, pair);
		allot_unref(pair);
	}
	allot_gc_collect(heap, 2);
	allot_gc_set_threshold(heap, 10, 0, 0);
	allot_gc_callback_add(heap, visit_collection, &visits);
	allot_gc_enable(heap);
	for (;;) {
		struct pair *pair = pair_new(NULL, NULL);
		int generation = visits.stop_count ? visits.stops[0].generation : -1;

		list_append(keep, pair);
		allot_unref(pair);
		visits.start_count = visits.stop_count = 0;
		if (generation == 2)
			break;
		/* All that were made before this one, in two generations, survive. */
		if (generation == 1)
			pending = keep->count - 1 - 3999;
	}
	/* Generation 1 is collected at every 22nd, so 22 come of age at once, but 21 at first: 989 were too few. */
	ck_assert_uint_eq(pending, 1011);
	allot_gc_disable(heap);
	allot_gc_callback_remove(heap, visit_collection, &visits);
	allot_unref(keep);
}
END_TEST

START_TEST(thresholds)
{
	int values[ALLOT_GC_GENERATIONS];
	struct visits visits = { 0 };
	struct list *keep = list_new();

	allot_gc_get_threshold(heap, values);
	ck_assert_int_eq(values[0], 2000);
	ck_assert_int_eq(values[1], 10);
	ck_assert_int_eq(values[2], 10);
	allot_gc_set_threshold(heap, 0, -1, 7);
	allot_gc_get_threshold(heap, values);
	ck_assert_int_eq(values[0], 0);
	ck_assert_int_eq(values[1], 10);
	ck_assert_int_eq(values[2], 7);

	/* 0 turns it off, and so does disable. */
	allot_gc_callback_add(heap, visit_collection, &visits);
	allot_gc_enable(heap);
	for (int i = 0; i < 100; i++)
		list_append(keep, list_new());
	allot_gc_set_threshold(heap, 1, -1, -1);
	allot_gc_disable(heap);
	for (int i = 0; i < 100; i++)
		list_append(keep, list_new());
	ck_assert_uint_eq(visits.start_count, 0);
	allot_gc_callback_remove(heap, visit_collection, &visits);
	for (size_t i = 0; i < keep->count; i++)
		allot_unref(keep->items[i]);
	allot_unref(keep);
	/* The count goes down as containers are freed, and never below 0. */
	assert_counts(0, 0, 0);
}
END_TEST

/* ---- Freezing ---- */

START_TEST(test_freeze)
{
	struct list *list = list_new(), *other = list_new();
	struct allot_list referrers;

	list_append(list, other);
	allot_gc_collect(heap, 0);
	allot_gc_freeze(heap);
	ck_assert_uint_eq(allot_gc_get_freeze_count(heap), 2);
	assert_counts(0, 0, 0);
	ck_assert(!is_in_generation(-1, list));
	ck_assert(allot_gc_is_tracked(list));
	/* A frozen referrer is invisible. */
	ck_assert_int_eq(allot_gc_get_referrers(heap, (void *[]){ other }, 1, &referrers), 0);
	ck_assert_uint_eq(referrers.count, 0);
	allot_list_release(&referrers);
	/* Frozen garbage stays. */
	list_append(list, list);
	allot_unref(list);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	allot_gc_unfreeze(heap);
	ck_assert_uint_eq(allot_gc_get_freeze_count(heap), 0);
	ck_assert(is_in_generation(2, list) && is_in_generation(2, other));
	ck_assert_int_eq(allot_gc_collect(heap, 1), 0);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	allot_unref(other);
}
END_TEST

/* ---- Looking ---- */

START_TEST(test_get_referents)
{
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct list *list = list_new();
	struct pair *pair = pair_new(allot_ref(leaf), list);
	struct allot_list found;

	list_append(list, leaf);
	list_append(list, leaf);
	ck_assert_int_eq(allot_gc_get_referents((void *[]){ list, pair, leaf }, 3, &found), 0);
	ck_assert_uint_eq(found.count, 4);
	ck_assert_ptr_eq(found.objects[0], leaf);
	ck_assert_ptr_eq(found.objects[1], leaf);
	ck_assert_ptr_eq(found.objects[2], leaf);
	ck_assert_ptr_eq(found.objects[3], list);
	ck_assert_int_eq(allot_refcount(leaf), 4 + 3);
	allot_list_release(&found);
	ck_assert_int_eq(allot_refcount(leaf), 4);
	allot_unref(leaf);
	allot_unref(pair);
}
END_TEST

START_TEST(test_get_referrers)
{
	struct list *one = list_new(), *two = list_new();
	struct allot_list found;

	list_append(one, one);
	list_append(one, two);
	list_append(two, one);
	list_append(two, one);
	ck_assert_int_eq(allot_gc_get_referrers(heap, (void *[]){ one }, 1, &found), 0);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_ptr_eq(found.objects[0], one);
	ck_assert_ptr_eq(found.objects[1], two);
	allot_list_release(&found);
	allot_unref(one);
	allot_unref(two);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
}
END_TEST

START_TEST(test_is_tracked)
{
	static const struct allot_type untracked_type = {
		.name = "untracked",
		.size = sizeof(struct pair),
		.flags = ALLOT_TYPE_UNTRACKED,
		.traverse = allot_traverse_fields,
		.clear = allot_clear_fields,
		.fields = pair_fields,
	};
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct pair *pair = allot_new(heap, &untracked_type);

	ck_assert(!allot_gc_is_tracked(leaf) && !allot_gc_is_tracked(pair));
	allot_gc_track(leaf);
	ck_assert(!allot_gc_is_tracked(leaf));
	pair->first = allot_ref(pair);
	allot_gc_track(pair);
	allot_gc_track(pair);
	ck_assert(allot_gc_is_tracked(pair));
	allot_gc_untrack(pair);
	allot_gc_untrack(pair);
	allot_unref(pair);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	allot_gc_track(pair);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	allot_unref(leaf);
}
END_TEST

/* ---- Old generations and weak references in them ---- */

static struct allot_weakref *weak;
static int calls;
static bool was_dead;

static void look_at_weak(void)
{
	void *object = NULL;

	calls++;
	was_dead = allot_weakref_get(weak, &object) == -ESTALE;
	allot_unref(object);
}

static void look_back(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	(void)data;
	look_at_weak();
}

static void look_at_death(void *object)
{
	(void)object;
	look_at_weak();
}

static const struct allot_type looker_type = {
	.name = "looker",
	.size = sizeof(struct pair),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = look_at_death,
	.fields = pair_fields,
};

/* An object of generation 2 that dies because its last reference is from a cycle of generation 0. */
static void assert_no_look_at_trash(struct pair *old)
{
	struct pair *c1, *c2;

	old->first = allot_ref(old);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	c1 = pair_new(NULL, old);
	c1->first = c1;
	ALLOT_CLEAR(old->first);
	c2 = pair_new(NULL, NULL);
	c2->first = c2;
	ck_assert_int_eq(allot_weakref_new(c2, &weak), 0);
	ck_assert_int_eq(allot_gc_collect(heap, 0), 2);
	ck_assert_int_eq(calls, 1);
	ck_assert(was_dead);
	allot_unref(weak);
}

START_TEST(test_bug1055820c)
{
	struct pair *c0 = pair_new(NULL, NULL);
	struct allot_weakref *watch;

	calls = 0;
	ck_assert_int_eq(allot_weakref_watch(c0, look_back, NULL, NULL, &watch), 0);
	assert_no_look_at_trash(c0);
	allot_unref(watch);
}
END_TEST

START_TEST(test_bug1055820d)
{
	calls = 0;
	assert_no_look_at_trash(allot_new(heap, &looker_type));
}
END_TEST

/* Has a reference that the collector does not see. */
static void hidden_clear(void *object)
{
	ALLOT_CLEAR(((struct leaf *)object)->spare);
}

static void must_not_be_called(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	(void)data;
	ck_abort_msg("a weak reference that is trash has called");
}

START_TEST(test_trash_weakref_clear)
{
	static const struct allot_type hidden_type = {
		.name = "hidden",
		.size = sizeof(struct leaf),
		.clear = hidden_clear,
	};
	struct pair *a = pair_new(NULL, NULL), *z = pair_new(NULL, NULL);
	struct leaf *y = allot_new(heap, &hidden_type);
	struct list *cycle = list_new();
	struct allot_weakref *watch;

	y->spare = z;
	ck_assert_int_eq(allot_weakref_watch(z, must_not_be_called, NULL, NULL, &watch), 0);
	a->first = allot_ref(a);
	a->second = list_new();
	list_append(a->second, y);
	list_append(a->second, watch);
	list_append(cycle, watch);
	list_append(cycle, cycle);
	allot_unref(y);
	allot_unref(watch);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	allot_unref(a);
	allot_unref(cycle);
	/* a, its list, the cycle and the weak reference; z itself was not seen, but is dead. */
	ck_assert_int_eq(allot_gc_collect(heap, 2), 4);
	ck_assert_uint_eq(sample_dead, 4);
}
END_TEST

/* ---- What is told ---- */

static void break_a_count(void)
{
	struct list *a = list_new(), *b = list_new();

	allot_heap_set_log(heap, NULL, NULL);
	list_append(b, a);
	list_append(b, a);
	list_append(b, a);
	/* Three references from b, and the count is 2. */
	allot_unref(a);
	allot_unref(a);
	allot_gc_collect(heap, 2);
}

START_TEST(test_refcount_errors)
{
	const char *text = sample_fault(break_a_count);

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strstr(text, "allot: refcount is too small: object 0x") == text, "%s", text);
	ck_assert_msg(strstr(text, " of type 'list', reference count 2\n"), "%s", text);
}
END_TEST

static void ouch_finalize(void *object)
{
	static int count;

	(void)object;
	if (++count % 17 == 0)
		allot_gc_collect(heap, 2);
}

START_TEST(test_trashcan)
{
	static const struct allot_type ouch_type = {
		.name = "ouch",
		.size = sizeof(struct leaf),
		.finalize = ouch_finalize,
	};

	allot_gc_enable(heap);
	for (int times = 0; times < 2; times++) {
		struct pair *t = NULL;
		struct list *u = NULL;

		for (int i = 0; i < 150; i++)
			t = pair_new(t, allot_new(heap, &ouch_type));
		for (int i = 0; i < 150; i++) {
			struct list *outer = list_new();
			void *ouch = allot_new(heap, &ouch_type);

			list_append(outer, u);
			list_append(outer, ouch);
			allot_unref(u);
			allot_unref(ouch);
			u = outer;
		}
		allot_unref(t);
		allot_unref(u);
	}
	ck_assert_uint_eq(sample_dead, 600);
}
END_TEST

static const char *log_of_end(unsigned debug, unsigned flags)
{
	struct allot_heap *mine = heap, *ending;
	struct pair *first, *second;

	sample_log_clear();
	ck_assert_int_eq(allot_heap_create(flags, &ending), 0);
	allot_heap_set_log(ending, sample_log_add, NULL);
	heap = ending;
	first = allot_new(heap, &legacy_type);
	second = allot_new(heap, &legacy_type);
	first->first = first;
	first->second = second;
	allot_gc_set_debug(ending, debug);
	ck_assert_int_eq(allot_heap_destroy(ending), -EBUSY);

	allot_gc_set_debug(ending, 0);
	ALLOT_CLEAR(first->first);
	allot_gc_garbage_clear(ending);
	heap = mine;
	ck_assert_int_eq(allot_heap_destroy(ending), 0);
	return sample_log();
}

START_TEST(test_garbage_at_shutdown)
{
	const char *text = log_of_end(0, ALLOT_HEAP_DEBUG);

	ck_assert_msg(strstr(text, "gc: 2 uncollectable objects at shutdown; use "), "%s", text);
	ck_assert_ptr_null(strstr(text, "<uncollectable 0x"));
	text = log_of_end(ALLOT_GC_UNCOLLECTABLE, ALLOT_HEAP_DEBUG);
	ck_assert_msg(strstr(text, "gc: 2 uncollectable objects at shutdown\n      <uncollectable 0x"), "%s", text);
	text = log_of_end(ALLOT_GC_SAVEALL, ALLOT_HEAP_DEBUG);
	ck_assert_ptr_null(strstr(text, "uncollectable objects at shutdown"));
	/* As in Python, where this is a warning that is off. */
	ck_assert_str_eq(log_of_end(0, 0), "");
}
END_TEST

START_TEST(debug_lines)
{
	char wanted[512];
	struct pair *pair = pair_new(NULL, NULL), *legacy = allot_new(heap, &legacy_type);
	struct list *list = list_new();
	double seconds;
	int length;

	allot_gc_collect(heap, 1);
	list_append(list, list);
	pair_garbage();
	allot_gc_untrack(list);
	allot_gc_set_debug(heap, ALLOT_GC_STATS);
	allot_gc_collect(heap, 2);
	snprintf(wanted, sizeof(wanted),
		 "gc: collecting generation 2...\n"
		 "gc: objects in each generation: 1 0 2\n"
		 "gc: objects in permanent generation: 0\n"
		 "gc: done, 1 unreachable, 0 uncollectable, ");
	ck_assert_msg(!strncmp(sample_log(), wanted, strlen(wanted)), "%s", sample_log());
	ck_assert_int_eq(sscanf(sample_log() + strlen(wanted), "%lfs elapsed\n%n", &seconds, &length), 1);
	ck_assert_str_eq(sample_log() + strlen(wanted) + length, "");
	/* Four digits of seconds. */
	ck_assert_ptr_eq(strchr(sample_log() + strlen(wanted), 's') - 5, strchr(sample_log() + strlen(wanted), '.'));

	sample_log_clear();
	allot_gc_set_debug(heap, ALLOT_GC_COLLECTABLE | ALLOT_GC_UNCOLLECTABLE);
	legacy->first = legacy;
	pair->first = pair;
	allot_gc_collect(heap, 2);
	snprintf(wanted, sizeof(wanted), "gc: collectable <pair %p>\ngc: uncollectable <uncollectable %p>\n",
		 (void *)pair, (void *)legacy);
	ck_assert_str_eq(sample_log(), wanted);
	allot_gc_set_debug(heap, 0);
	ALLOT_CLEAR(legacy->first);
	ck_assert_int_eq(ALLOT_GC_LEAK, 38);
	list_type.clear(list);
	allot_unref(list);
}
END_TEST

/* ---- Callbacks ---- */

static char order[64];

static void append_name(enum allot_gc_phase phase, const struct allot_gc_info *info, void *data)
{
	(void)info;
	strcat(order, data);
	strcat(order, phase == ALLOT_GC_START ? "+" : "-");
	/* A collection within another does nothing. */
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
}

START_TEST(test_collect)
{
	struct visits visits = { 0 };

	allot_gc_callback_add(heap, append_name, "a");
	allot_gc_callback_add(heap, visit_collection, &visits);
	allot_gc_callback_add(heap, append_name, "b");
	allot_gc_collect(heap, 1);
	ck_assert_str_eq(order, "a+b+a-b-");
	ck_assert_uint_eq(visits.start_count + visits.stop_count, 2);
	ck_assert_int_eq(visits.starts[0].generation, 1);
	ck_assert_int_eq(visits.stops[0].generation, 1);
	assert_stats(2, 0, 0, 0);
	ck_assert_int_eq(allot_gc_callback_remove(heap, append_name, "a"), 0);
	ck_assert_int_eq(allot_gc_callback_remove(heap, visit_collection, &visits), 0);
	allot_gc_collect(heap, 0);
	ck_assert_str_eq(order, "a+b+a-b-b+b-");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-gc");
	TCase *plain = tcase_create("gc"), *resurrection = tcase_create("resurrection");

	tcase_set_timeout(plain, 120);
	tcase_add_checked_fixture(plain, sample_set_up, sample_tear_down);
	tcase_add_test(plain, test_list);
	tcase_add_test(plain, test_tuple);
	tcase_add_test(plain, count_of_4);
	tcase_add_test(plain, all_are_cleared_before_one_dies);
	tcase_add_test(plain, test_collect_garbage);
	tcase_add_test(plain, test_finalizer_newclass);
	tcase_add_test(plain, nested);
	tcase_add_test(plain, test_saveall);
	tcase_add_test(plain, test_collect_generations);
	tcase_add_test(plain, test_get_objects_generations);
	tcase_add_test(plain, test_get_stats);
	tcase_add_test(plain, trigger_sequence);
	tcase_add_test(plain, quarter);
	tcase_add_test(plain, thresholds);
	tcase_add_test(plain, test_freeze);
	tcase_add_test(plain, test_get_referents);
	tcase_add_test(plain, test_get_referrers);
	tcase_add_test(plain, test_is_tracked);
	tcase_add_test(plain, test_bug1055820c);
	tcase_add_test(plain, test_bug1055820d);
	tcase_add_test(plain, test_trash_weakref_clear);
	tcase_add_test(plain, test_refcount_errors);
	tcase_add_test(plain, test_trashcan);
	tcase_add_test(plain, test_garbage_at_shutdown);
	tcase_add_test(plain, debug_lines);
	tcase_add_test(plain, test_collect);
	suite_add_tcase(suite, plain);
	tcase_set_timeout(resurrection, 120);
	tcase_add_checked_fixture(resurrection, resurrection_set_up, resurrection_tear_down);
	tcase_add_test(resurrection, test_resurrection_does_not_block_cleanup_of_other_objects);
	tcase_add_test(resurrection, test_resurrection_is_transitive);
	suite_add_tcase(suite, resurrection);
	return unit_run(suite);
}
