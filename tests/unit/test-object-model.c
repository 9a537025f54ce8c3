/* SPDX-License-Identifier: MIT */
/*
 * Random programs against a plain model. The model knows the references between objects and those from outside, and finds
 * what must be alive by marking from the outside: counting alone keeps cycles until a collection, which the model plays too.
 */
#include <stdio.h>
#include <string.h>

#include "object-sample.h"
#include "unit.h"

#define OPERATIONS 100000
#define MOST 400 /* objects that exist at a time */
#define FIELDS 4
#define NONE (-1)

struct thing {
	struct allot_object object;
	struct thing *fields[FIELDS];
	int number;
};

/* What the model knows of an object, by its number. */
struct model {
	bool exists;
	bool finalized;
	bool resurrects; /* its finalizer takes a reference to itself from outside */
	bool watched;
	int outside; /* references that the program holds */
	int fields[FIELDS];
	struct thing *thing;
	struct allot_weakref *plain, *watch;
};

static struct model things[MOST];
static uint64_t random_state;
static size_t existing, deaths, callbacks;

static unsigned pick(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % limit;
}

static void check(bool truth, const char *what)
{
	if (!truth)
		ck_abort_msg("%s", what);
}

/* ---- The real thing ---- */

/* What the library did since the model was last brought up to date. */
static int finalized[MOST * 2], dead[MOST * 2];
static size_t finalized_count, dead_count;

static void thing_finalize(void *object)
{
	struct thing *thing = object;
	struct model *model = &things[thing->number];

	check(thing == model->thing, "a finalizer is given a whole object");
	for (int i = 0; i < FIELDS; i++)
		check((model->fields[i] == NONE) == !thing->fields[i], "a finalizer sees all fields");
	finalized[finalized_count++] = thing->number;
	if (model->resurrects)
		allot_ref(thing);
}

static void thing_dealloc(void *object)
{
	dead[dead_count++] = ((struct thing *)object)->number;
}

static int thing_traverse(void *object, allot_visit *visit, void *data)
{
	struct thing *thing = object;

	for (int i = 0; i < FIELDS; i++)
		ALLOT_VISIT(thing->fields[i]);
	return 0;
}

static void thing_clear(void *object)
{
	struct thing *thing = object;

	for (int i = 0; i < FIELDS; i++)
		ALLOT_CLEAR(thing->fields[i]);
}

static const struct allot_type thing_type = {
	.name = "thing",
	.size = sizeof(struct thing),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = thing_traverse,
	.clear = thing_clear,
	.finalize = thing_finalize,
	.dealloc = thing_dealloc,
};

static void watch_called(struct allot_weakref *weakref, void *data)
{
	check(allot_weakref_is_dead(weakref), "a weak reference that calls is dead");
	*(bool *)data = false;
	callbacks++;
}

/* ---- The model ---- */

static void count_all(int counts[MOST])
{
	for (int i = 0; i < MOST; i++)
		counts[i] = things[i].outside;
	for (int i = 0; i < MOST; i++)
		for (int j = 0; j < FIELDS && things[i].exists; j++)
			if (things[i].fields[j] != NONE)
				counts[things[i].fields[j]]++;
}

static bool marked[MOST];

static void mark(int number)
{
	int stack[MOST * FIELDS + MOST], depth = 0;

	stack[depth++] = number;
	while (depth) {
		number = stack[--depth];
		if (number == NONE || marked[number])
			continue;
		marked[number] = true;
		for (int i = 0; i < FIELDS; i++)
			stack[depth++] = things[number].fields[i];
	}
}

/* A finalizer ran: in the model, too. */
static void play_finalizer(int number)
{
	struct model *model = &things[number];

	check(!model->finalized, "a finalizer is called once");
	model->finalized = true;
	if (model->resurrects)
		model->outside++;
}

static void bury(int number)
{
	struct model *model = &things[number];

	check(allot_weakref_is_dead(model->plain), "weak references to what is dead are dead");
	check(!model->watched, "each watch has called");
	allot_unref(model->plain);
	allot_unref(model->watch);
	*model = (struct model){ 0 };
	existing--;
	deaths++;
}

static bool was_finalized(int number)
{
	for (size_t i = 0; i < finalized_count; i++)
		if (finalized[i] == number)
			return true;
	return false;
}

static bool has_died(int number)
{
	for (size_t i = 0; i < dead_count; i++)
		if (dead[i] == number)
			return true;
	return false;
}

/*
 * What the library did must be what had to be done. In the model, objects whose count is 0 are finalized and, if not
 * resurrected, die; this goes on until there are no more.
 */
static void assert_counting(void)
{
	size_t died = 0, called = 0;
	int counts[MOST];
	bool again = true;

	while (again) {
		again = false;
		count_all(counts);
		for (int i = 0; i < MOST; i++) {
			if (!things[i].exists || counts[i])
				continue;
			again = true;
			if (!things[i].finalized) {
				check(was_finalized(i), "what dies is finalized first");
				play_finalizer(i);
				called++;
				continue;
			}
			check(has_died(i), "what has no reference left is dead");
			bury(i);
			died++;
		}
	}
	check(died == dead_count, "nothing else is dead");
	check(called == finalized_count, "nothing else was finalized");
	finalized_count = dead_count = 0;
}

/* The whole heap: what cannot be reached is finalized; then what still cannot be reached dies. */
static void assert_collection(long found)
{
	bool unreachable[MOST];
	size_t called = 0, died = 0;
	int ending[MOST], ending_count = 0;

	memset(marked, 0, sizeof(marked));
	for (int i = 0; i < MOST; i++)
		if (things[i].exists && things[i].outside)
			mark(i);
	for (int i = 0; i < MOST; i++) {
		unreachable[i] = things[i].exists && !marked[i];
		if (!unreachable[i])
			continue;
		/* Its watch called, whether it dies or not. */
		check(!things[i].watched, "watches of what is unreachable have called");
		if (!things[i].finalized) {
			check(was_finalized(i), "what is unreachable is finalized");
			play_finalizer(i);
			called++;
		}
	}
	for (int i = 0; i < MOST; i++)
		if (unreachable[i] && things[i].outside)
			mark(i);
	for (int i = 0; i < MOST; i++)
		if (unreachable[i] && !marked[i])
			ending[ending_count++] = i;
	for (int i = 0; i < ending_count; i++) {
		check(has_died(ending[i]), "what cannot be reached is dead");
		bury(ending[i]);
		died++;
	}
	check(found == (long)died, "as many were found as died");
	check(died == dead_count, "nothing else is dead");
	check(called == finalized_count, "nothing else was finalized");
	finalized_count = dead_count = 0;
}

static void assert_same(void)
{
	int counts[MOST];
	size_t objects;

	count_all(counts);
	for (int i = 0; i < MOST; i++) {
		void *object = NULL;

		if (!things[i].exists)
			continue;
		check(allot_refcount(things[i].thing) == counts[i], "the counts are the same");
		check(!allot_weakref_get(things[i].plain, &object) && object == things[i].thing, "it is alive");
		allot_unref(object);
		for (int j = 0; j < FIELDS; j++) {
			int child = things[i].fields[j];

			check(things[i].thing->fields[j] == (child == NONE ? NULL : things[child].thing),
			      "the fields are the same");
		}
	}
	allot_heap_usage(heap, &objects, NULL);
	/* Each with two weak references. */
	check(objects == existing * 3, "nothing else exists");
}

/* ---- Operations ---- */

static int any_with(bool outside)
{
	for (int tries = 0; tries < 20; tries++) {
		int number = (int)pick(MOST);

		if (things[number].exists && (!outside || things[number].outside))
			return number;
	}
	return NONE;
}

static void make(void)
{
	struct model *model;
	int number = 0;

	while (number < MOST && things[number].exists)
		number++;
	if (number == MOST)
		return;
	model = &things[number];
	model->thing = allot_new(heap, &thing_type);
	check(model->thing, "there is memory");
	model->thing->number = number;
	model->exists = true;
	model->outside = 1;
	model->resurrects = pick(8) == 0;
	model->watched = true;
	for (int i = 0; i < FIELDS; i++)
		model->fields[i] = NONE;
	check(!allot_weakref_new(model->thing, &model->plain), "a weak reference");
	check(!allot_weakref_watch(model->thing, watch_called, &model->watched, NULL, &model->watch), "a watch");
	existing++;
}

/* From something that can be reached to something that can. */
static void set_field(void)
{
	int from = any_with(true), to = pick(5) ? any_with(true) : NONE, field = (int)pick(FIELDS);

	if (from == NONE)
		return;
	things[from].fields[field] = to;
	ALLOT_SET(things[from].thing->fields[field], to == NONE ? NULL : allot_ref(things[to].thing));
	assert_counting();
}

static void take(void)
{
	int number = any_with(true);

	if (number == NONE)
		return;
	things[number].outside++;
	allot_ref(things[number].thing);
}

static void drop(void)
{
	int number = any_with(true);

	if (number == NONE)
		return;
	things[number].outside--;
	allot_unref(things[number].thing);
	assert_counting();
}

/* Gets at something, perhaps only a cycle holds it still. */
static void take_weakly(void)
{
	int number = any_with(false);
	void *object;

	if (number == NONE)
		return;
	check(!allot_weakref_get(things[number].plain, &object), "what exists can be reached weakly");
	things[number].outside++;
}

static void collect(void)
{
	assert_collection(allot_gc_collect(heap, 2));
}

static void run(unsigned seed, unsigned flags)
{
	random_state = seed;
	ck_assert_int_eq(allot_heap_create(flags, &heap), 0);
	allot_gc_disable(heap);
	for (int i = 0; i < OPERATIONS; i++) {
		unsigned what = pick(100);

		if (what < 18)
			make();
		else if (what < 60)
			set_field();
		else if (what < 65)
			take();
		else if (what < 95)
			drop();
		else if (what < 97)
			take_weakly();
		else if (what == 97)
			collect();
		if (i % 100 == 0)
			assert_same();
	}
	while (existing) {
		drop();
		if (any_with(true) == NONE)
			collect();
	}
	ck_assert_uint_gt(deaths, OPERATIONS / 20);
	ck_assert_uint_ge(callbacks, deaths);
	ck_assert_int_eq(allot_heap_destroy(heap), 0);
}

START_TEST(in_pools)
{
	run((unsigned)_i, 0);
}
END_TEST

START_TEST(from_malloc)
{
	run((unsigned)_i + 100, ALLOT_HEAP_NO_POOLS);
}
END_TEST

START_TEST(in_a_shared_heap)
{
	run((unsigned)_i + 200, ALLOT_HEAP_SHARED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-model");
	TCase *cases = tcase_create("model");

	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, in_pools, 0, 3);
	tcase_add_loop_test(cases, from_malloc, 0, 1);
	tcase_add_loop_test(cases, in_a_shared_heap, 0, 1);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
