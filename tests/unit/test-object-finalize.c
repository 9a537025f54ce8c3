/* SPDX-License-Identifier: MIT */
/* Finalizers and resurrection, by the cases of CPython's test_finalization, under their names. */
#include <errno.h>
#include <string.h>

#include "object-sample.h"
#include "unit.h"

/*
 * What the cases are made of: an object that notes that its finalizer was called, looks whether it and its neighbours are
 * whole, and then does something.
 */
struct being {
	struct allot_object object;
	void *self; /* a reference to itself */
	struct being *left, *right;
	const struct being *identity; /* itself, without a reference */
	bool in_chain, gone;
	void (*side_effect)(struct being *);
};

#define MOST 16

static void *finalized[MOST], *legacy_finalized[MOST], *survivors[MOST];
static int finalized_count, legacy_count, survivor_count, insane;

static void check_sanity(const struct being *being)
{
	bool sane = being->identity == being;

	if (being->in_chain && being->gone)
		sane &= !being->left && !being->right;
	else if (being->in_chain)
		sane &= being->left->right == (being->left->gone ? NULL : being) &&
			being->right->left == (being->right->gone ? NULL : being);
	insane += !sane;
}

static void finalize(void *object)
{
	struct being *being = object;

	finalized[finalized_count++] = being;
	check_sanity(being);
	if (being->side_effect)
		being->side_effect(being);
}

static void legacy_finalize(void *object)
{
	struct being *being = object;

	legacy_finalized[legacy_count++] = being;
	check_sanity(being);
	if (being->side_effect)
		being->side_effect(being);
}

/* Only notes it: the side effect is the legacy finalizer's. */
static void note(void *object)
{
	finalized[finalized_count++] = object;
}

static void survive(struct being *being)
{
	survivors[survivor_count++] = allot_ref(being);
}

static void leave_chain(struct being *being)
{
	being->gone = true;
	ALLOT_CLEAR(being->left);
	ALLOT_CLEAR(being->right);
}

static void forget_itself(struct being *being)
{
	ALLOT_CLEAR(being->self);
}

static void clear_survivors(void)
{
	while (survivor_count)
		allot_unref(survivors[--survivor_count]);
}

static const struct allot_field fields[] = {
	ALLOT_FIELD(struct being, self),
	ALLOT_FIELD(struct being, left),
	ALLOT_FIELD(struct being, right),
	ALLOT_FIELDS_END,
};

static const struct allot_type being_type = {
	.name = "being",
	.size = sizeof(struct being),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = finalize,
	.fields = fields,
};

static const struct allot_type non_gc_type = {
	.name = "non-gc being",
	.size = sizeof(struct being),
	.flags = ALLOT_TYPE_WEAKREFS,
	.finalize = finalize,
};

static const struct allot_type legacy_type = {
	.name = "legacy being",
	.size = sizeof(struct being),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = note,
	.legacy_finalize = legacy_finalize,
	.fields = fields,
};

static struct being *being_new(const struct allot_type *type, void (*side_effect)(struct being *), bool self_cycle)
{
	struct being *being = allot_new(heap, type);

	being->identity = being;
	being->side_effect = side_effect;
	if (self_cycle)
		being->self = allot_ref(being);
	return being;
}

static struct allot_weakref *weakref_to(void *object)
{
	struct allot_weakref *weakref = NULL;

	ck_assert_int_eq(allot_weakref_new(object, &weakref), 0);
	return weakref;
}

static void set_up(void)
{
	sample_set_up();
	finalized_count = legacy_count = survivor_count = insane = 0;
}

static void tear_down(void)
{
	ck_assert_int_eq(insane, 0);
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 0);
	sample_tear_down();
}

/* ---- Without cycles ---- */

START_TEST(test_simple)
{
	struct being *being = being_new(&being_type, NULL, _i);
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	ck_assert_int_eq(allot_gc_collect(heap, 2), _i);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_ptr_eq(finalized[0], being);
	ck_assert(allot_weakref_is_dead(weakref));
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_int_eq(finalized_count, 1);
	allot_unref(weakref);
}
END_TEST

/* Death by count clears weak references after the finalizer, so resurrection keeps them alive. */
START_TEST(simple_test_simple_resurrect)
{
	struct being *being = being_new(&being_type, survive, false);
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(survivor_count, 1);
	ck_assert(!allot_weakref_is_dead(weakref));
	clear_survivors();
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(survivor_count, 0);
	ck_assert(allot_weakref_is_dead(weakref));
	allot_unref(weakref);
}
END_TEST

START_TEST(test_non_gc)
{
	struct being *being = being_new(&non_gc_type, NULL, false);

	ck_assert(!allot_gc_is_tracked(being));
	allot_unref(being);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_int_eq(finalized_count, 1);
}
END_TEST

START_TEST(test_non_gc_resurrect)
{
	struct being *being = being_new(&non_gc_type, survive, false);

	allot_unref(being);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(survivor_count, 1);
	/* Nobody remembers that it was finalized: it is once more. */
	survivor_count = 0;
	allot_unref(being);
	ck_assert_int_eq(finalized_count, 2);
	ck_assert_int_eq(survivor_count, 1);
	being->side_effect = NULL;
	clear_survivors();
}
END_TEST

/* ---- Cycles of one ---- */

START_TEST(self_cycle_test_simple_resurrect)
{
	struct being *being = being_new(&being_type, survive, true);
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(survivor_count, 1);
	ck_assert_ptr_eq(survivors[0], being);
	/* Weak references without a callback wait for the end, since 3.15: this one is still good. */
	ck_assert(!allot_weakref_is_dead(weakref));
	clear_survivors();
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(survivor_count, 0);
	ck_assert(allot_weakref_is_dead(weakref));
	allot_unref(weakref);
}
END_TEST

START_TEST(test_simple_suicide)
{
	struct being *being = being_new(&being_type, forget_itself, true);
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	allot_gc_collect(heap, 2);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert(allot_weakref_is_dead(weakref));
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_int_eq(finalized_count, 1);
	allot_unref(weakref);
}
END_TEST

/* ---- Chains that are cycles ---- */

/* How each being of the chain is: nothing, resurrects itself, leaves. */
static void assert_chain(const char *kinds)
{
	int count = (int)strlen(kinds), resurrectors = 0;
	struct allot_weakref *weakrefs[MOST];
	struct being *beings[MOST];

	for (int i = 0; i < count; i++) {
		beings[i] = being_new(&being_type,
				      kinds[i] == 'r'   ? survive
				      : kinds[i] == 's' ? leave_chain
							: NULL,
				      false);
		beings[i]->in_chain = true;
		resurrectors += kinds[i] == 'r';
	}
	for (int i = 0; i < count; i++) {
		struct being *left = beings[(i + count - 1) % count];

		beings[i]->left = allot_ref(left);
		left->right = allot_ref(beings[i]);
		weakrefs[i] = weakref_to(beings[i]);
	}
	for (int i = 0; i < count; i++)
		allot_unref(beings[i]);
	/* With one resurrected all that it reaches is, too. */
	allot_gc_collect(heap, 2);
	ck_assert_int_eq(finalized_count, count);
	ck_assert_int_eq(survivor_count, resurrectors);
	for (int i = 0; i < count && !resurrectors; i++)
		ck_assert(allot_weakref_is_dead(weakrefs[i]));
	for (int i = 0; i < survivor_count; i++)
		ck_assert_int_eq(((struct being *)survivors[i])->side_effect == survive, 1);
	clear_survivors();
	allot_gc_collect(heap, 2);
	ck_assert_int_eq(finalized_count, count);
	ck_assert_int_eq(survivor_count, 0);
	for (int i = 0; i < count; i++) {
		ck_assert(allot_weakref_is_dead(weakrefs[i]));
		allot_unref(weakrefs[i]);
	}
}

static const char *const chains[] = {
	"...",    /* test_homogenous */
	"rrr",    /* test_homogenous_resurrect */
	"sss",    /* test_homogenous_suicidal */
	"s.s.",   /* test_heterogenous_suicidal_one */
	"ss..",   /* test_heterogenous_suicidal_two */
	"r.r.",   /* test_heterogenous_resurrect_one */
	"r.sr.s", /* test_heterogenous_resurrect_two */
};

START_TEST(chains_of_beings)
{
	assert_chain(chains[_i]);
}
END_TEST

START_TEST(test_heterogenous_resurrect_three)
{
	assert_chain("rr..ss");
}
END_TEST

/* ---- Legacy finalizers ---- */

START_TEST(test_legacy)
{
	struct being *being = being_new(&legacy_type, NULL, false);
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(legacy_count, 1);
	ck_assert(allot_weakref_is_dead(weakref));
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_int_eq(finalized_count + legacy_count, 2);
	allot_unref(weakref);
}
END_TEST

START_TEST(test_legacy_resurrect)
{
	struct being *being = being_new(&legacy_type, survive, false);
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(legacy_count, 1);
	ck_assert_int_eq(survivor_count, 1);
	ck_assert(allot_gc_is_tracked(being));
	/* Weak references are cleared before a legacy finalizer is called. */
	ck_assert(allot_weakref_is_dead(weakref));
	survivor_count = 0;
	allot_unref(being);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(legacy_count, 2);
	ck_assert_int_eq(survivor_count, 1);
	being->side_effect = NULL;
	clear_survivors();
	allot_unref(weakref);
}
END_TEST

START_TEST(test_legacy_self_cycle)
{
	struct being *being = being_new(&legacy_type, NULL, true), *found;
	struct allot_weakref *weakref = weakref_to(being);

	allot_unref(being);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	ck_assert_int_eq(finalized_count + legacy_count, 0);
	ck_assert_uint_eq(allot_gc_garbage_count(heap), 1);
	found = allot_gc_garbage_get(heap, 0);
	ck_assert_ptr_eq(found, being);
	ck_assert(!allot_weakref_is_dead(weakref));
	ALLOT_CLEAR(being->self);
	allot_unref(found);
	allot_gc_garbage_clear(heap);
	ck_assert_int_eq(finalized_count, 1);
	ck_assert_int_eq(legacy_count, 1);
	ck_assert(allot_weakref_is_dead(weakref));
	allot_unref(weakref);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-finalize");
	TCase *cases = tcase_create("finalization");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, test_simple, 0, 2);
	tcase_add_test(cases, simple_test_simple_resurrect);
	tcase_add_test(cases, test_non_gc);
	tcase_add_test(cases, test_non_gc_resurrect);
	tcase_add_test(cases, self_cycle_test_simple_resurrect);
	tcase_add_test(cases, test_simple_suicide);
	tcase_add_loop_test(cases, chains_of_beings, 0, (int)(sizeof(chains) / sizeof(chains[0])));
	tcase_add_test(cases, test_heterogenous_resurrect_three);
	tcase_add_test(cases, test_legacy);
	tcase_add_test(cases, test_legacy_resurrect);
	tcase_add_test(cases, test_legacy_self_cycle);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
