/* SPDX-License-Identifier: MIT */
/* Heaps that many threads use: counts are exact, a collection looks at fields only when all are in order, nobody waits for ever. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "object-sample.h"
#include "unit.h"

#define THREADS 8
#define ROUNDS (20000 / SAMPLE_SLOWNESS)
#define SLOTS 64

static void start_all(pthread_t *threads, int count, void *(*function)(void *))
{
	for (intptr_t i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, function, (void *)i), 0);
}

static void join_all(pthread_t *threads, int count)
{
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

/* ---- Counts ---- */

static struct leaf *common;

static void *count_up_and_down(void *data)
{
	(void)data;
	for (int i = 0; i < ROUNDS; i++) {
		allot_ref(common);
		allot_ref(common);
		allot_unref(common);
	}
	for (int i = 0; i < ROUNDS; i++)
		allot_unref(common);
	allot_unref(common);
	return NULL;
}

START_TEST(counts_are_exact)
{
	pthread_t threads[THREADS];

	common = allot_new(heap, &leaf_type);
	for (int i = 1; i < THREADS; i++)
		allot_ref(common);
	start_all(threads, THREADS, count_up_and_down);
	join_all(threads, THREADS);
	ck_assert_uint_eq(sample_dead, 1);
}
END_TEST

/* ---- The world stops at safe points only ---- */

static struct pair *moving;
static int done;

/*
 * Between the two safe points there are references that no count knows of. A collection that looked then would abort; the
 * yield lets it, most of the time.
 */
static void *move_about(void *data)
{
	allot_heap_enter(heap);
	for (int i = 0; i < ROUNDS / 10; i++) {
		struct pair *volatile mine = moving->first;

		mine->first = mine;
		mine->second = mine;
		sched_yield();
		mine->first = NULL;
		mine->second = NULL;
		if (i % 2)
			allot_heap_safepoint(heap);
		else
			allot_unref(pair_new(NULL, NULL));
	}
	allot_heap_leave(heap);
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	return data;
}

START_TEST(safe_points)
{
	pthread_t thread;

	moving = pair_new(pair_new(NULL, NULL), NULL);
	start_all(&thread, 1, move_about);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		ck_assert_int_eq(allot_gc_collect(heap, 2), 0);
	join_all(&thread, 1);
	allot_unref(moving);
}
END_TEST

START_TEST(enter_nests)
{
	struct allot_heap *heaps[9];

	ck_assert_int_eq(allot_heap_enter(heap), 0);
	ck_assert_int_eq(allot_heap_enter(heap), 0);
	allot_heap_leave(heap);
	/* A thread that has entered may collect itself. */
	pair_garbage();
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	allot_heap_leave(heap);
	pair_garbage();
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);

	for (int i = 0; i < 9; i++) {
		ck_assert_int_eq(allot_heap_create(ALLOT_HEAP_SHARED, &heaps[i]), 0);
		ck_assert_int_eq(allot_heap_enter(heaps[i]), i < 8 ? 0 : -EMFILE);
	}
	for (int i = 0; i < 9; i++) {
		if (i < 8)
			allot_heap_leave(heaps[i]);
		ck_assert_int_eq(allot_heap_destroy(heaps[i]), 0);
	}
}
END_TEST

/* ---- Everything at once ---- */

/* Published objects; their fields are changed under the lock only, in which no function is called that may collect. */
static struct pair *slots[SLOTS];
static struct allot_weakref *weakrefs[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t made, finalized, called;

/* Takes a lock that others hold as they use objects: finalizers run outside all of the library's. Resurrects some. */
static void finalize(void *object)
{
	struct pair *replaced = NULL;

	pthread_mutex_lock(&lock);
	if (++finalized % 16 == 0) {
		replaced = slots[finalized / 16 % SLOTS];
		slots[finalized / 16 % SLOTS] = allot_ref(object);
	}
	pthread_mutex_unlock(&lock);
	allot_unref(replaced);
}

static void count_call(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	(void)data;
	pthread_mutex_lock(&lock);
	called++;
	pthread_mutex_unlock(&lock);
}

static void count_dead(void *object)
{
	(void)object;
	__atomic_fetch_add(&sample_dead, 1, __ATOMIC_RELAXED);
}

static const struct allot_field node_fields[] = {
	ALLOT_FIELD(struct pair, first),
	ALLOT_FIELD(struct pair, second),
	ALLOT_FIELDS_END,
};

static const struct allot_type node_type = {
	.name = "node",
	.size = sizeof(struct pair),
	.flags = ALLOT_TYPE_WEAKREFS,
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = finalize,
	.dealloc = count_dead,
	.fields = node_fields,
};

static struct pair *node_new(void)
{
	__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
	return allot_new(heap, &node_type);
}

/* A new node in a slot, which refers to itself and to what was there; sometimes that refers back. */
static void publish(unsigned slot, unsigned how)
{
	struct pair *node = node_new(), *old;
	struct allot_weakref *weakref, *old_weakref;

	node->first = allot_ref(node);
	if (allot_weakref_watch(node, count_call, NULL, NULL, &weakref))
		abort();
	pthread_mutex_lock(&lock);
	old = slots[slot];
	slots[slot] = node;
	old_weakref = weakrefs[slot];
	weakrefs[slot] = weakref;
	if (old && how % 2 && !old->second) {
		old->second = allot_ref(node);
		if (how % 4 == 1)
			node->second = allot_ref(old);
	}
	pthread_mutex_unlock(&lock);
	allot_unref(old);
	allot_unref(old_weakref);
}

static void look(unsigned slot)
{
	struct allot_weakref *weakref;
	struct pair *node;
	void *object;

	pthread_mutex_lock(&lock);
	node = allot_ref(slots[slot]);
	weakref = allot_ref(weakrefs[slot]);
	pthread_mutex_unlock(&lock);
	if (weakref && !allot_weakref_get(weakref, &object)) {
		if (allot_refcount(object) < 1)
			abort();
		allot_unref(object);
	}
	allot_unref(weakref);
	allot_unref(node);
}

static void *do_all(void *data)
{
	uint64_t random = (uint64_t)(intptr_t)data + 1;
	bool member = (intptr_t)data < THREADS - 2;

	if (member)
		allot_heap_enter(heap);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned what;

		random = random * UINT64_C(6364136223846793005) + 1;
		what = (unsigned)(random >> 40);
		if (what % 4 == 0 && member)
			publish(what / 4 % SLOTS, what / 1024);
		else if (what % 4 == 1)
			allot_unref(node_new());
		else
			look(what / 4 % SLOTS);
		if (what % 4096 == 4095)
			allot_gc_collect(heap, what / 4096 % 3);
		if (member)
			allot_heap_safepoint(heap);
		if (member && i % 100 == 99) {
			allot_heap_leave(heap);
			allot_heap_enter(heap);
		}
	}
	if (member)
		allot_heap_leave(heap);
	return NULL;
}

START_TEST(all_at_once)
{
	pthread_t threads[THREADS];
	struct allot_gc_stats stats[ALLOT_GC_GENERATIONS];

	allot_gc_set_threshold(heap, 200, 3, 3);
	allot_gc_enable(heap);
	start_all(threads, THREADS, do_all);
	join_all(threads, THREADS);
	allot_gc_get_stats(heap, stats);
	ck_assert_uint_gt(stats[0].collected + stats[1].collected + stats[2].collected, 0);
	/* The second time for those that the finalizers of the first have saved: there are no more then. */
	for (int times = 0; times < 2; times++) {
		for (int i = 0; i < SLOTS; i++) {
			ALLOT_CLEAR(slots[i]);
			ALLOT_CLEAR(weakrefs[i]);
		}
		allot_gc_collect(heap, 2);
	}
	ck_assert_uint_eq(finalized, made);
	ck_assert_uint_eq(sample_dead, made);
	ck_assert_uint_gt(called, 0);
}
END_TEST

/* ---- Weak values ---- */

static struct allot_weakdict *dictionary;

static void *use_dictionary(void *data)
{
	uint64_t random = (uint64_t)(intptr_t)data + 1;

	for (int i = 0; i < ROUNDS / 4; i++) {
		unsigned key;
		struct pair *pair, *found;

		random = random * UINT64_C(6364136223846793005) + 1;
		key = (unsigned)(random >> 40) % 32;
		pair = allot_new(heap, &pair_type);
		found = allot_weakdict_set_default(dictionary, &key, sizeof(key), pair);
		if (!found || allot_type_of(found) != &pair_type)
			abort();
		allot_unref(pair);
		if (i % 64 == 0)
			allot_weakdict_count(dictionary);
		allot_unref(found);
	}
	return NULL;
}

START_TEST(weak_values)
{
	pthread_t threads[THREADS];

	ck_assert_int_eq(allot_weakdict_create(heap, &dictionary), 0);
	start_all(threads, THREADS, use_dictionary);
	join_all(threads, THREADS);
	ck_assert_uint_eq(allot_weakdict_count(dictionary), 0);
	ck_assert_uint_eq(sample_dead, THREADS * (ROUNDS / 4));
	allot_weakdict_destroy(dictionary);
}
END_TEST

/* ---- A heap that is not shared ---- */

static void *make_elsewhere(void *data)
{
	allot_new(data, &leaf_type);
	return NULL;
}

static void use_by_another_thread(void)
{
	struct allot_heap *debugging;
	pthread_t thread;

	allot_heap_create(ALLOT_HEAP_DEBUG, &debugging);
	pthread_create(&thread, NULL, make_elsewhere, debugging);
	pthread_join(thread, NULL);
}

START_TEST(wrong_thread)
{
	const char *text = sample_fault(use_by_another_thread);

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strstr(text, "made by another thread than the heap's, which is not shared"), "%s", text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-shared");
	TCase *cases = tcase_create("shared");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, sample_set_up_shared, sample_tear_down);
	tcase_add_test(cases, counts_are_exact);
	tcase_add_test(cases, safe_points);
	tcase_add_test(cases, enter_nests);
	tcase_add_test(cases, all_at_once);
	tcase_add_test(cases, weak_values);
	tcase_add_test(cases, wrong_thread);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
