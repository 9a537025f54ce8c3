/* SPDX-License-Identifier: MIT */
/* Weak references, finalizers and weak values, by the cases of CPython's test_weakref, under their names, and some more. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "object-sample.h"
#include "unit.h"

static char events[256];

static void event(const char *what)
{
	strcat(events, what);
	strcat(events, " ");
}

static void set_up(void)
{
	sample_set_up();
	events[0] = 0;
}

static void assert_dead(struct allot_weakref *weakref)
{
	void *object = &weakref;

	ck_assert_int_eq(allot_weakref_get(weakref, &object), -ESTALE);
	ck_assert_ptr_eq(object, &weakref);
	ck_assert(allot_weakref_is_dead(weakref));
}

static void assert_refers(struct allot_weakref *weakref, void *wanted)
{
	void *object = NULL;

	ck_assert_int_eq(allot_weakref_get(weakref, &object), 0);
	ck_assert_ptr_eq(object, wanted);
	allot_unref(object);
	ck_assert(!allot_weakref_is_dead(weakref));
}

static struct allot_weakref *watch(void *object, allot_weakref_callback *callback, void *data, void *held)
{
	struct allot_weakref *weakref;

	ck_assert_int_eq(allot_weakref_watch(object, callback, data, held, &weakref), 0);
	return weakref;
}

static struct allot_weakref *refer(void *object)
{
	struct allot_weakref *weakref;

	ck_assert_int_eq(allot_weakref_new(object, &weakref), 0);
	return weakref;
}

static void call_event(struct allot_weakref *weakref, void *data)
{
	assert_dead(weakref);
	event(data);
}

START_TEST(test_basic_ref)
{
	struct pair *pair = pair_new(NULL, NULL);
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct allot_weakref *weakref = refer(pair), *same = refer(pair), *none = NULL;

	ck_assert_ptr_eq(weakref, same);
	ck_assert_int_eq(allot_refcount(pair), 1);
	assert_refers(weakref, pair);
	allot_unref(pair);
	assert_dead(weakref);
	allot_unref(weakref);
	allot_unref(same);
	ck_assert_int_eq(allot_weakref_new(leaf, &none), -EOPNOTSUPP);
	ck_assert_int_eq(allot_weakref_watch(leaf, call_event, NULL, NULL, &none), -EOPNOTSUPP);
	ck_assert_ptr_null(none);
	ck_assert_uint_eq(allot_weakref_count(leaf), 0);
	allot_unref(leaf);
}
END_TEST

START_TEST(test_getweakrefcount)
{
	struct pair *pair = pair_new(NULL, NULL);
	struct allot_weakref *first = watch(pair, call_event, "1", NULL), *plain = refer(pair),
			     *second = watch(pair, call_event, "2", NULL), *again = refer(pair);

	ck_assert_ptr_ne(first, second);
	ck_assert_uint_eq(allot_weakref_count(pair), 3);
	/* One that is freed never calls. */
	allot_unref(first);
	ck_assert_uint_eq(allot_weakref_count(pair), 2);
	allot_unref(plain);
	ck_assert_uint_eq(allot_weakref_count(pair), 2);
	allot_unref(again);
	ck_assert_uint_eq(allot_weakref_count(pair), 1);
	allot_unref(pair);
	ck_assert_str_eq(events, "2 ");
	allot_unref(second);
}
END_TEST

START_TEST(newest_first)
{
	struct pair *pair = pair_new(NULL, NULL);
	struct allot_weakref *weakrefs[4];

	weakrefs[0] = watch(pair, call_event, "1", NULL);
	weakrefs[1] = watch(pair, call_event, "2", NULL);
	weakrefs[2] = refer(pair);
	weakrefs[3] = watch(pair, call_event, "3", NULL);
	if (_i)
		pair->first = allot_ref(pair);
	allot_unref(pair);
	allot_gc_collect(heap, 2);
	ck_assert_str_eq(events, "3 2 1 ");
	for (int i = 0; i < 4; i++)
		allot_unref(weakrefs[i]);
}
END_TEST

static struct allot_weakref *first;

static void look_at_first(struct allot_weakref *weakref, void *data)
{
	(void)data;
	assert_dead(weakref);
	assert_dead(first);
	event("called");
}

START_TEST(test_multiple_selfref_callbacks)
{
	struct pair *pair = pair_new(NULL, NULL);
	struct allot_weakref *second;

	first = watch(pair, look_at_first, NULL, NULL);
	second = watch(pair, look_at_first, NULL, NULL);
	allot_unref(pair);
	ck_assert_str_eq(events, "called called ");
	allot_unref(first);
	allot_unref(second);
}
END_TEST

/* The callback of a weak reference to something of the cycle is held by an object that is itself watched. */
START_TEST(test_callbacks_on_callback)
{
	struct list *c = list_new(), *d = list_new(), *callback = list_new();
	struct allot_weakref *external, *weakref;

	/* Bound methods: they hold their object. */
	list_append(callback, c);
	list_append(c, d);
	list_append(d, c);
	weakref = watch(d, call_event, "c.cb", callback);
	list_append(c, weakref);
	allot_unref(weakref);
	weakref = watch(callback, call_event, "d.cb", d);
	list_append(d, weakref);
	allot_unref(weakref);
	external = watch(callback, call_event, "safe", NULL);
	assert_refers(external, callback);
	allot_unref(callback);
	allot_unref(c);
	allot_unref(d);
	ck_assert_str_eq(events, "");
	ck_assert_int_eq(allot_gc_collect(heap, 2), 5);
	ck_assert_str_eq(events, "safe ");
	assert_dead(external);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_str_eq(events, "safe ");
	allot_unref(external);
}
END_TEST

static void resurrect(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	allot_ref(data);
	event("resurrected");
}

START_TEST(test_callback_in_cycle_resurrection)
{
	struct list *c1 = list_new(), *c2 = list_new(), *class = list_new();
	struct allot_weakref *w1 = watch(c2, resurrect, c2, c1), *w2 = watch(c1, resurrect, c1, c2),
			     *outside = watch(class, call_event, "C went away", NULL);

	list_append(c1, c2);
	list_append(c2, c1);
	list_append(c1, w1);
	list_append(c2, w2);
	list_append(c1, class);
	list_append(c2, class);
	allot_unref(w1);
	allot_unref(w2);
	allot_unref(c1);
	allot_unref(c2);
	allot_unref(class);
	ck_assert_str_eq(events, "");
	ck_assert_int_eq(allot_gc_collect(heap, 2), 5);
	ck_assert_str_eq(events, "C went away ");
	assert_dead(outside);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	allot_unref(outside);
	ck_assert_str_eq(events, "C went away ");
}
END_TEST

static void collect(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	(void)data;
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	event("collected");
}

START_TEST(test_sf_bug_840829)
{
	struct pair *c = pair_new(NULL, NULL), *inner = pair_new(NULL, NULL), *outer;
	struct allot_weakref *weakref = watch(c, collect, NULL, NULL);

	allot_unref(c);
	ck_assert_str_eq(events, "collected ");
	allot_unref(weakref);
	weakref = watch(inner, collect, NULL, NULL);
	outer = pair_new(pair_new(inner, NULL), NULL);
	allot_unref(outer);
	ck_assert_str_eq(events, "collected collected ");
	ck_assert_uint_eq(sample_dead, 4);
	allot_unref(weakref);
}
END_TEST

/* ---- Weak references that finalizers make ---- */

static struct allot_weakref *made;

static void make_weakref(void *object)
{
	made = refer(object);
}

static void make_watch(void *object)
{
	made = watch(object, call_event, "must not", NULL);
}

static const struct allot_field pair_fields[] = {
	ALLOT_FIELD(struct pair, first),
	ALLOT_FIELD(struct pair, second),
	ALLOT_FIELDS_END,
};

static int too_late;

static void refer_too_late(void *object)
{
	struct allot_weakref *none = NULL;

	too_late += allot_weakref_new(object, &none) == -ESTALE;
	too_late += allot_weakref_watch(object, call_event, NULL, NULL, &none) == -ESTALE;
	ck_assert_ptr_null(none);
}

/* It would be left with the memory of another object. */
START_TEST(none_is_made_of_what_is_dead)
{
	const struct allot_type type = {
		.name = "target",
		.size = sizeof(struct pair),
		.flags = ALLOT_TYPE_WEAKREFS,
		.dealloc = refer_too_late,
	};

	too_late = 0;
	allot_unref(allot_new(heap, &type));
	ck_assert_int_eq(too_late, 2);
}
END_TEST

START_TEST(test_ref_created_during_del)
{
	struct allot_type type = {
		.name = "target",
		.size = sizeof(struct pair),
		.flags = ALLOT_TYPE_WEAKREFS,
		.traverse = allot_traverse_fields,
		.clear = allot_clear_fields,
		.finalize = make_weakref,
		.fields = pair_fields,
	};
	struct pair *target = allot_new(heap, &type);

	allot_unref(target);
	assert_dead(made);
	allot_unref(made);

	/* The same in a collection: whatever kind it is, it ends dead, and calls nobody. */
	for (int i = 0; i < 2; i++) {
		type.finalize = i ? make_watch : make_weakref;
		target = allot_new(heap, &type);
		target->first = target;
		ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
		assert_dead(made);
		allot_unref(made);
	}
	ck_assert_str_eq(events, "");
	ck_assert_int_eq(allot_heap_destroy(heap), 0);
	sample_set_up();
}
END_TEST

/* Without a callback they live until all finalizers were called; with one they are dead before the first. */
static struct allot_weakref *plain_one, *watching_one;

static void look_at_both(void *object)
{
	assert_refers(plain_one, object);
	assert_dead(watching_one);
	event("finalized");
}

START_TEST(order_of_3_15)
{
	struct allot_type type = {
		.name = "looker",
		.size = sizeof(struct pair),
		.flags = ALLOT_TYPE_WEAKREFS,
		.traverse = allot_traverse_fields,
		.clear = allot_clear_fields,
		.finalize = look_at_both,
		.fields = pair_fields,
	};
	struct pair *looker = allot_new(heap, &type);

	looker->first = looker;
	plain_one = refer(looker);
	watching_one = watch(looker, call_event, "called", NULL);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	ck_assert_str_eq(events, "called finalized ");
	assert_dead(plain_one);
	allot_unref(plain_one);
	allot_unref(watching_one);
	ck_assert_int_eq(allot_heap_destroy(heap), 0);
	sample_set_up();
}
END_TEST

/* A callback that takes what is about to be collected by a plain weak reference resurrects it. */
static void *taken;

static void take(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	ck_assert_int_eq(allot_weakref_get(data, &taken), 0);
}

START_TEST(callback_resurrects)
{
	struct pair *one = pair_new(NULL, NULL), *other = pair_new(one, NULL);
	struct allot_weakref *plain = refer(other), *watching = watch(one, take, plain, NULL);

	one->first = other;
	ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	ck_assert_ptr_eq(taken, other);
	ck_assert_ptr_eq(other->first, one);
	ck_assert_int_eq(allot_refcount(other), 2);
	assert_dead(watching);
	assert_refers(plain, other);
	allot_unref(taken);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 2);
	assert_dead(plain);
	allot_unref(plain);
	allot_unref(watching);
}
END_TEST

/* ---- weakref.finalize ---- */

static int add_event(void *data)
{
	event(data);
	return 0;
}

static struct allot_finalizer *finalizer_new(void *object, const char *name)
{
	struct allot_finalizer *finalizer;

	ck_assert_int_eq(allot_finalizer_new(object, add_event, (void *)name, &finalizer), 0);
	return finalizer;
}

START_TEST(test_order)
{
	struct pair *a = pair_new(NULL, NULL);
	struct allot_finalizer *f1 = finalizer_new(a, "f1"), *f2 = finalizer_new(a, "f2"), *f3 = finalizer_new(a, "f3"),
			       *f4 = finalizer_new(a, "f4"), *f5 = finalizer_new(a, "f5");
	void *object;

	/* They keep themselves. */
	allot_unref(f1);
	allot_unref(f4);
	ck_assert(allot_finalizer_is_alive(f2) && allot_finalizer_is_alive(f3) && allot_finalizer_is_alive(f5));
	object = allot_finalizer_peek(f5);
	ck_assert_ptr_eq(object, a);
	allot_unref(object);
	object = allot_finalizer_detach(f5);
	ck_assert_ptr_eq(object, a);
	allot_unref(object);
	ck_assert(!allot_finalizer_is_alive(f5));
	ck_assert_ptr_null(allot_finalizer_detach(f5));
	ck_assert_ptr_null(allot_finalizer_peek(f5));
	ck_assert(!allot_finalizer_call(f5));
	event("A");
	ck_assert(allot_finalizer_call(f3));
	ck_assert(!allot_finalizer_is_alive(f3));
	event("B");
	ck_assert(!allot_finalizer_call(f3));
	event("C");
	allot_unref(a);
	ck_assert(!allot_finalizer_is_alive(f2));
	event("D");
	ck_assert(!allot_finalizer_call(f2));
	ck_assert_str_eq(events, "A f3 B C f4 f2 f1 D ");
	ck_assert_int_eq(allot_finalizer_new(f2, add_event, NULL, NULL), -EOPNOTSUPP);
	allot_unref(f2);
	allot_unref(f3);
	allot_unref(f5);
}
END_TEST

static void *everlasting;

static int print(void *data)
{
	return write(STDOUT_FILENO, data, strlen(data)) > 0 ? 0 : -EIO;
}

static int print_and_fail(void *data)
{
	allot_finalizer_new(everlasting, print, "g1\n", NULL);
	print(data);
	return -EDOM;
}

static void make_four(void)
{
	struct allot_finalizer *f2;

	allot_finalizer_new(everlasting, print, "f1\n", NULL);
	allot_finalizer_new(everlasting, print, "f2\n", &f2);
	allot_finalizer_new(everlasting, print_and_fail, "f3\n", NULL);
	allot_finalizer_new(everlasting, print, "f4\n", NULL);
	ck_assert(allot_finalizer_get_atexit(f2));
	allot_finalizer_set_atexit(f2, false);
	ck_assert(!allot_finalizer_get_atexit(f2));
	allot_unref(f2);
}

/* In the default heap as the process ends, and in another as it is destroyed. */
START_TEST(test_atexit)
{
	char text[256] = "";
	size_t length = 0;
	int ends[2], status;
	ssize_t got;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (!child) {
		struct allot_heap *ending;

		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		if (_i) {
			allot_heap_create(0, &ending);
			everlasting = allot_new(ending, &pair_type);
			make_four();
			/* The one that did not want to be called waits for its object, which nobody gave up. */
			if (allot_heap_destroy(ending) != -EBUSY)
				_exit(1);
			_exit(0);
		}
		everlasting = allot_new(NULL, &pair_type);
		make_four();
		exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(text, "f4\nf3\nallot: a finalizer failed: Numerical argument out of domain\ng1\nf1\n");
}
END_TEST

/* ---- Weak values ---- */

static void assert_value(struct allot_weakdict *dictionary, const char *key, void *wanted)
{
	void *object = allot_weakdict_get(dictionary, key, strlen(key));

	ck_assert_ptr_eq(object, wanted);
	allot_unref(object);
}

START_TEST(test_weak_values)
{
	struct pair *one = pair_new(NULL, NULL), *two = pair_new(NULL, NULL), *taken_out;
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct allot_weakdict *dictionary;

	ck_assert_int_eq(allot_weakdict_create(heap, &dictionary), 0);
	ck_assert_int_eq(allot_weakdict_set(dictionary, "a", 1, one), 0);
	ck_assert_int_eq(allot_weakdict_set(dictionary, "b", 1, two), 0);
	ck_assert_int_eq(allot_weakdict_set(dictionary, "", 0, two), 0);
	ck_assert_int_eq(allot_weakdict_set(dictionary, "c", 1, leaf), -EOPNOTSUPP);
	ck_assert_uint_eq(allot_weakdict_count(dictionary), 3);
	assert_value(dictionary, "a", one);
	assert_value(dictionary, "b", two);
	assert_value(dictionary, "", two);
	assert_value(dictionary, "c", NULL);
	/* What was replaced no longer takes the entry out as it dies. */
	ck_assert_int_eq(allot_weakdict_set(dictionary, "a", 1, two), 0);
	allot_unref(one);
	assert_value(dictionary, "a", two);
	taken_out = allot_weakdict_set_default(dictionary, "a", 1, leaf);
	ck_assert_ptr_eq(taken_out, two);
	allot_unref(taken_out);
	taken_out = allot_weakdict_pop(dictionary, "a", 1);
	ck_assert_ptr_eq(taken_out, two);
	allot_unref(taken_out);
	ck_assert_ptr_null(allot_weakdict_pop(dictionary, "a", 1));
	ck_assert_uint_eq(allot_weakdict_count(dictionary), 2);
	allot_unref(two);
	ck_assert_uint_eq(allot_weakdict_count(dictionary), 0);
	errno = 0;
	ck_assert_ptr_null(allot_weakdict_set_default(dictionary, "a", 1, leaf));
	ck_assert_int_eq(errno, EOPNOTSUPP);
	one = pair_new(NULL, NULL);
	taken_out = allot_weakdict_set_default(dictionary, "a", 1, one);
	ck_assert_ptr_eq(taken_out, one);
	allot_unref(taken_out);
	allot_weakdict_destroy(dictionary);
	allot_unref(one);
	allot_unref(leaf);
}
END_TEST

START_TEST(many_weak_values)
{
	enum { MANY = 1000 };
	struct allot_weakdict *dictionary;
	struct pair *values[MANY];

	ck_assert_int_eq(allot_weakdict_create(heap, &dictionary), 0);
	for (int i = 0; i < MANY; i++) {
		values[i] = pair_new(NULL, NULL);
		if (allot_weakdict_set(dictionary, &i, sizeof(i), values[i]))
			ck_abort();
	}
	for (int i = 0; i < MANY; i += 2)
		allot_unref(values[i]);
	ck_assert_uint_eq(allot_weakdict_count(dictionary), MANY / 2);
	for (int i = 0; i < MANY; i++) {
		void *value = allot_weakdict_get(dictionary, &i, sizeof(i));

		if (value != (i % 2 ? values[i] : NULL))
			ck_abort();
		allot_unref(value);
	}
	for (int i = 1; i < MANY; i += 2)
		allot_unref(values[i]);
	ck_assert_uint_eq(allot_weakdict_count(dictionary), 0);
	allot_weakdict_destroy(dictionary);
}
END_TEST

struct walk {
	struct allot_weakdict *dictionary;
	struct pair *values[8];
	int left, visited, action;
};

static int kill_another(const void *key, size_t size, void *object, void *data)
{
	struct walk *walk = data;
	int number = *(const int *)key, victim = (number + 1) % 8;
	struct pair *other;

	ck_assert_uint_eq(size, sizeof(int));
	ck_assert_ptr_eq(object, walk->values[number]);
	if (walk->visited++)
		return 0;
	allot_unref(walk->values[victim]);
	walk->values[victim] = NULL;
	walk->left--;
	ck_assert_ptr_null(allot_weakdict_get(walk->dictionary, &victim, size));
	ck_assert_ptr_null(allot_weakdict_pop(walk->dictionary, &victim, size));
	if (walk->action == 1) {
		/* A new value where one has just died; and then it goes, too. */
		other = walk->values[victim] = pair_new(NULL, NULL);
		walk->left++;
		ck_assert_int_eq(allot_weakdict_set(walk->dictionary, &victim, size, other), 0);
		other = allot_weakdict_get(walk->dictionary, &victim, size);
		ck_assert_ptr_eq(other, walk->values[victim]);
		allot_unref(other);
	} else if (walk->action == 2) {
		/* The very one that is visited. */
		other = allot_weakdict_pop(walk->dictionary, key, size);
		ck_assert_ptr_eq(other, object);
		allot_unref(other);
		walk->left--;
	} else if (walk->action == 3) {
		return 17;
	}
	return 0;
}

START_TEST(test_weak_values_destroy_while_iterating)
{
	struct walk walk = { .left = 8, .action = _i };
	int result;

	ck_assert_int_eq(allot_weakdict_create(heap, &walk.dictionary), 0);
	for (int i = 0; i < 8; i++) {
		walk.values[i] = pair_new(NULL, NULL);
		ck_assert_int_eq(allot_weakdict_set(walk.dictionary, &i, sizeof(i), walk.values[i]), 0);
	}
	result = allot_weakdict_each(walk.dictionary, kill_another, &walk);
	ck_assert_int_eq(result, _i == 3 ? 17 : 0);
	ck_assert_int_ge(walk.visited, _i == 3 ? 1 : 7);
	ck_assert_int_le(walk.visited, 8);
	ck_assert_uint_eq(allot_weakdict_count(walk.dictionary), (size_t)walk.left);
	allot_weakdict_destroy(walk.dictionary);
	for (int i = 0; i < 8; i++)
		allot_unref(walk.values[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-weakref");
	TCase *cases = tcase_create("weakref");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, set_up, sample_tear_down);
	tcase_add_test(cases, test_basic_ref);
	tcase_add_test(cases, test_getweakrefcount);
	tcase_add_loop_test(cases, newest_first, 0, 2);
	tcase_add_test(cases, test_multiple_selfref_callbacks);
	tcase_add_test(cases, test_callbacks_on_callback);
	tcase_add_test(cases, test_callback_in_cycle_resurrection);
	tcase_add_test(cases, test_sf_bug_840829);
	tcase_add_test(cases, test_ref_created_during_del);
	tcase_add_test(cases, none_is_made_of_what_is_dead);
	tcase_add_test(cases, order_of_3_15);
	tcase_add_test(cases, callback_resurrects);
	tcase_add_test(cases, test_order);
	tcase_add_loop_test(cases, test_atexit, 0, 2);
	tcase_add_test(cases, test_weak_values);
	tcase_add_test(cases, many_weak_values);
	tcase_add_loop_test(cases, test_weak_values_destroy_while_iterating, 0, 4);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
