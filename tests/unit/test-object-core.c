/* SPDX-License-Identifier: MIT */
/* Tests of objects and their counts: what is new, how it dies, and what is told of wrong use. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "object-sample.h"
#include "unit.h"

#define NESTED (1000000 / SAMPLE_SLOWNESS)

static char order[256];

static void note(const char *what)
{
	strncat(order, what, sizeof(order) - strlen(order) - 1);
}

static void set_up(void)
{
	sample_set_up();
	order[0] = 0;
}

START_TEST(a_new_object)
{
	struct pair *pair = allot_new(heap, &pair_type);
	struct leaf *leaf = allot_new(heap, &leaf_type);
	size_t objects, bytes;

	ck_assert_int_eq(allot_refcount(pair), 1);
	ck_assert_ptr_null(pair->first);
	ck_assert_ptr_null(pair->second);
	ck_assert_ptr_eq(allot_type_of(pair), &pair_type);
	ck_assert_ptr_eq(allot_heap_of(pair), heap);
	ck_assert(allot_gc_is_tracked(pair) && !allot_gc_is_tracked(leaf));
	/* A collector header and a weak slot, or neither. */
	ck_assert_uint_eq(allot_object_size(pair), sizeof(struct pair) + 32);
	ck_assert_uint_eq(allot_object_size(leaf), sizeof(struct leaf));
	allot_heap_usage(heap, &objects, &bytes);
	ck_assert_uint_eq(objects, 2);
	ck_assert_uint_eq(bytes, sizeof(struct pair) + 32 + sizeof(struct leaf));
	ck_assert_uint_eq((uintptr_t)pair % 16, 0);
	ck_assert_uint_eq((uintptr_t)leaf % 16, 0);
	allot_unref(pair);
	allot_unref(leaf);
	allot_heap_usage(heap, &objects, &bytes);
	ck_assert_uint_eq(objects + bytes, 0);
	ck_assert_uint_eq(sample_dead, 2);
}
END_TEST

/* Memory that was used before is zeroed again, in each size. */
START_TEST(items)
{
	for (size_t count = 0; count < 200; count++) {
		struct tuple *tuple = tuple_new(count);

		ck_assert_uint_eq(tuple->object.count, count);
		ck_assert_uint_eq(allot_object_size(tuple), sizeof(struct tuple) + 8 * count + 16);
		for (size_t i = 0; i < count; i++)
			ck_assert_ptr_null(tuple->items[i]);
		for (size_t i = 0; i < count; i++)
			tuple->items[i] = allot_new(heap, &leaf_type);
		allot_unref(tuple);
		ck_assert_uint_eq(sample_dead, count + 1);
		sample_dead = 0;
	}
	errno = 0;
	ck_assert_ptr_null(allot_new_items(heap, &tuple_type, SIZE_MAX / 8));
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_ptr_null(allot_new_items(heap, &tuple_type, PTRDIFF_MAX / 16));
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_ptr_null(allot_new_items(heap, &leaf_type, 1));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(references)
{
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct pair *pair = pair_new(NULL, NULL);

	ck_assert_ptr_eq(allot_ref(leaf), leaf);
	ck_assert_int_eq(allot_refcount(leaf), 2);
	ALLOT_SET(pair->first, leaf);
	ALLOT_SET(pair->first, NULL);
	ck_assert_int_eq(allot_refcount(leaf), 1);
	pair->second = leaf;
	ALLOT_CLEAR(pair->second);
	ck_assert_ptr_null(pair->second);
	ck_assert_uint_eq(sample_dead, 1);
	allot_unref(pair);
	ck_assert_ptr_null(allot_ref(NULL));
	allot_unref(NULL);
}
END_TEST

START_TEST(immortal)
{
	static struct leaf leaf = { .object = { .refs = 1, .type = &leaf_type } };

	allot_make_immortal(&leaf);
	for (int i = 0; i < 100; i++)
		allot_unref(&leaf);
	allot_ref(&leaf);
	ck_assert_int_eq(allot_refcount(&leaf), INT32_MAX);
	ck_assert_uint_eq(sample_dead, 0);

	/* A count that would overflow stays where it is for good. */
	leaf.object.refs = INT32_MAX;
	allot_ref(&leaf);
	ck_assert_int_eq(allot_refcount(&leaf), INT32_MAX);
	allot_unref(&leaf);
	allot_unref(&leaf);
	ck_assert_int_eq(allot_refcount(&leaf), INT32_MAX);
}
END_TEST

/* ---- Death ---- */

struct named {
	struct allot_object object;
	const char *name;
	void *first, *second;
	void (*finalize)(struct named *);
};

static void named_finalize(void *object)
{
	struct named *named = object;

	note("f");
	note(named->name);
	if (named->finalize)
		named->finalize(named);
}

static void named_dealloc(void *object)
{
	note("d");
	note(((struct named *)object)->name);
}

static const struct allot_field named_fields[] = {
	ALLOT_FIELD(struct named, first),
	ALLOT_FIELD(struct named, second),
	ALLOT_FIELDS_END,
};

static const struct allot_type named_type = {
	.name = "named",
	.size = sizeof(struct named),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = named_finalize,
	.dealloc = named_dealloc,
	.fields = named_fields,
};

/* The same without a collector header. */
static const struct allot_type plain_type = {
	.name = "plain",
	.size = sizeof(struct named),
	.clear = allot_clear_fields,
	.finalize = named_finalize,
	.dealloc = named_dealloc,
	.fields = named_fields,
};

static struct named *named_new(const struct allot_type *type, const char *name, void *first, void *second)
{
	struct named *named = allot_new(heap, type);

	named->name = name;
	named->first = first;
	named->second = second;
	return named;
}

START_TEST(death_in_order)
{
	struct named *c = named_new(&named_type, "c", NULL, NULL), *d = named_new(&plain_type, "d", NULL, NULL);
	struct named *b = named_new(&named_type, "b", c, d), *e = named_new(&plain_type, "e", NULL, NULL);
	struct named *a = named_new(&plain_type, "a", b, e);

	allot_unref(a);
	ck_assert_str_eq(order, "fafbfcdcfddddbfededa");
}
END_TEST

static void *saved;

static void save(struct named *named)
{
	saved = allot_ref(named);
}

START_TEST(resurrection)
{
	struct named *a = named_new(&named_type, "a", NULL, NULL), *b = named_new(&plain_type, "b", NULL, NULL);

	a->finalize = b->finalize = save;
	allot_unref(a);
	ck_assert_ptr_eq(saved, a);
	ck_assert_int_eq(allot_refcount(a), 1);
	ck_assert(allot_gc_is_finalized(a) && allot_gc_is_tracked(a));
	allot_unref(a);
	ck_assert_str_eq(order, "fada");

	/* Nobody remembers whether an object without a header was finalized. */
	order[0] = 0;
	allot_unref(b);
	allot_unref(b);
	b->finalize = NULL;
	allot_unref(b);
	ck_assert_str_eq(order, "fbfbfbdb");
}
END_TEST

START_TEST(nested_containers)
{
	struct pair *head = NULL;

	for (int i = 0; i < NESTED; i++)
		head = pair_new(head, allot_new(heap, &leaf_type));
	allot_unref(head);
	ck_assert_uint_eq(sample_dead, 2 * NESTED);
}
END_TEST

static void link_clear(void *object)
{
	ALLOT_CLEAR(((struct leaf *)object)->spare);
}

static void link_dealloc(void *object)
{
	(void)object;
	sample_dead++;
}

START_TEST(nested_others)
{
	/* In the pools, and from malloc; with a weak slot, and without. */
	struct allot_type type = {
		.name = "link",
		.size = _i & 1 ? 1000 : sizeof(struct leaf),
		.flags = _i & 2 ? ALLOT_TYPE_WEAKREFS : 0,
		.clear = link_clear,
		.dealloc = link_dealloc,
	};
	struct leaf *head = NULL;

	for (int i = 0; i < NESTED / 10; i++) {
		struct leaf *leaf = allot_new(heap, &type);

		leaf->spare = head;
		head = leaf;
	}
	allot_unref(head);
	ck_assert_uint_eq(sample_dead, NESTED / 10);
	ck_assert_int_eq(allot_heap_destroy(heap), 0);
	sample_set_up();
}
END_TEST

static void link_finalize(void *object)
{
	ck_assert_int_eq(allot_refcount(object), 1);
	link_clear(object);
}

/* Where the next dies in the finalizer of one; in a container or not, with a weak slot or not. */
START_TEST(nested_finalizers)
{
	static const struct allot_field fields[] = {
		ALLOT_FIELD(struct leaf, spare),
		ALLOT_FIELDS_END,
	};
	struct allot_type type = {
		.name = "link",
		.size = sizeof(struct leaf),
		.flags = _i & 2 ? ALLOT_TYPE_WEAKREFS : 0,
		.traverse = _i & 1 ? allot_traverse_fields : NULL,
		.clear = link_clear,
		.finalize = link_finalize,
		.dealloc = link_dealloc,
		.fields = _i & 1 ? fields : NULL,
	};
	struct allot_weakref *weakrefs[100];
	struct leaf *head = NULL;

	for (int i = 0; i < NESTED / 10; i++) {
		struct leaf *leaf = allot_new(heap, &type);

		leaf->spare = head;
		head = leaf;
		if (_i & 2 && i < 100)
			ck_assert_int_eq(allot_weakref_new(leaf, &weakrefs[i]), 0);
	}
	allot_unref(head);
	ck_assert_uint_eq(sample_dead, NESTED / 10);
	for (int i = 0; _i & 2 && i < 100; i++) {
		ck_assert(allot_weakref_is_dead(weakrefs[i]));
		allot_unref(weakrefs[i]);
	}
	ck_assert_int_eq(allot_heap_destroy(heap), 0);
	sample_set_up();
}
END_TEST

static void drop_data(struct allot_weakref *weakref, void *data)
{
	(void)weakref;
	allot_unref(data);
}

/* And in the callback of a weak reference to it. */
START_TEST(nested_callbacks)
{
	struct allot_weakref **weakrefs = calloc(NESTED / 10, sizeof(struct allot_weakref *));
	struct pair *head = NULL;

	for (int i = 0; i < NESTED / 10; i++) {
		struct pair *pair = pair_new(NULL, NULL);

		ck_assert_int_eq(allot_weakref_watch(pair, drop_data, head, NULL, &weakrefs[i]), 0);
		head = pair;
	}
	allot_unref(head);
	ck_assert_uint_eq(sample_dead, NESTED / 10);
	for (int i = 0; i < NESTED / 10; i++)
		allot_unref(weakrefs[i]);
	free(weakrefs);
}
END_TEST

static struct leaf *deep_survivor;

static void survive_deep(void *object)
{
	struct leaf *leaf = object;

	if (leaf->value == 1000 && !deep_survivor)
		deep_survivor = allot_ref(leaf);
}

/* What was put off is resurrected as if it had not been: tracked, with all that it refers to. */
START_TEST(nested_resurrection)
{
	static const struct allot_field fields[] = {
		ALLOT_FIELD(struct leaf, spare),
		ALLOT_FIELDS_END,
	};
	static const struct allot_type type = {
		.name = "link",
		.size = sizeof(struct leaf),
		.traverse = allot_traverse_fields,
		.clear = link_clear,
		.finalize = survive_deep,
		.dealloc = link_dealloc,
		.fields = fields,
	};
	struct leaf *head = NULL;

	for (int i = 0; i < 3000; i++) {
		struct leaf *leaf = allot_new(heap, &type);

		leaf->spare = head;
		leaf->value = i;
		head = leaf;
	}
	allot_unref(head);
	ck_assert_uint_eq(sample_dead, 3000 - 1001);
	ck_assert_ptr_nonnull(deep_survivor);
	ck_assert_int_eq(allot_refcount(deep_survivor), 1);
	ck_assert(allot_gc_is_tracked(deep_survivor) && allot_gc_is_finalized(deep_survivor));
	ALLOT_SET(deep_survivor->spare, deep_survivor);
	ck_assert_int_eq(allot_gc_collect(heap, 2), 1);
	ck_assert_uint_eq(sample_dead, 3000);
}
END_TEST

/* ---- Heaps ---- */

START_TEST(heaps)
{
	struct allot_heap *other = NULL;
	struct leaf *leaf;

	ck_assert_int_eq(allot_heap_create(1u << 20, &other), -EINVAL);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(allot_heap_create(0, &other), 0);
	leaf = allot_new(other, &leaf_type);
	ck_assert_int_eq(allot_heap_destroy(other), -EBUSY);
	allot_unref(leaf);
	ck_assert_int_eq(allot_heap_destroy(other), 0);

	leaf = allot_new(NULL, &leaf_type);
	ck_assert_ptr_eq(allot_heap_of(leaf), allot_heap_default());
	allot_unref(leaf);
	ck_assert_int_eq(allot_heap_destroy(NULL), 0);
}
END_TEST

/* Objects of one heap may refer to those of another; each goes where it belongs. */
START_TEST(two_heaps)
{
	struct allot_heap *mine = heap, *other;
	struct pair *head = NULL;

	ck_assert_int_eq(allot_heap_create(0, &other), 0);
	for (int i = 0; i < 1000; i++) {
		heap = i % 2 ? mine : other;
		head = pair_new(head, NULL);
	}
	heap = mine;
	allot_unref(head);
	ck_assert_uint_eq(sample_dead, 1000);
	ck_assert_int_eq(allot_heap_destroy(other), 0);
}
END_TEST

/* To a collector of one heap, whoever is in another is outside: such cycles are not found, nor is anything broken by looking. */
START_TEST(cycles_through_two_heaps)
{
	struct allot_heap *mine = heap, *other;
	struct pair *here = pair_new(NULL, NULL), *there;

	ck_assert_int_eq(allot_heap_create(0, &other), 0);
	heap = other;
	there = pair_new(allot_ref(here), NULL);
	there->second = allot_ref(there);
	here->first = there;
	here->second = here;
	heap = mine;
	for (int generation = 0; generation < 3; generation++) {
		ck_assert_int_eq(allot_gc_collect(mine, generation), 0);
		ck_assert_int_eq(allot_gc_collect(other, generation), 0);
	}
	ck_assert_int_eq(allot_refcount(here), 2);
	ck_assert_int_eq(allot_refcount(there), 2);
	here->first = NULL;
	allot_unref(there);
	/* The one there refers to itself only; with it goes what keeps the other. */
	ck_assert_int_eq(allot_gc_collect(mine, 2), 0);
	ck_assert_int_eq(allot_gc_collect(other, 2), 1);
	ck_assert_int_eq(allot_gc_collect(mine, 2), 1);
	ck_assert_uint_eq(sample_dead, 2);
	ck_assert_int_eq(allot_heap_destroy(other), 0);
}
END_TEST

START_TEST(without_memory)
{
	static const struct allot_type huge = { .name = "huge", .size = SIZE_MAX / 4 };
	static const struct allot_type container = {
		.name = "huge container",
		.size = SIZE_MAX / 4,
		.traverse = allot_traverse_fields,
	};
	int counts[3];

	errno = 0;
	ck_assert_ptr_null(allot_new(heap, &huge));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_ptr_null(allot_new(heap, &container));
	allot_gc_get_count(heap, counts);
	ck_assert_int_eq(counts[0], 0);
}
END_TEST

/* ---- Wrong use ---- */

static void *victim;

static void twice(void)
{
	allot_unref(victim);
	allot_unref(victim);
}

static void revive(void)
{
	allot_unref(victim);
	allot_ref(victim);
}

static void clear_with_reference(void *object)
{
	allot_ref(object);
}

static void reference_in_death(void)
{
	static const struct allot_type type = {
		.name = "ghost",
		.size = sizeof(struct leaf),
		.dealloc = clear_with_reference,
	};

	allot_unref(allot_new(heap, &type));
}

static void give_up(void *object)
{
	allot_unref(object);
}

static const struct allot_type generous_type = {
	.name = "generous",
	.size = sizeof(struct leaf),
	.finalize = give_up,
};

static const struct allot_field pair_fields[] = {
	ALLOT_FIELD(struct pair, first),
	ALLOT_FIELDS_END,
};

static const struct allot_type generous_container_type = {
	.name = "generous container",
	.size = sizeof(struct pair),
	.traverse = allot_traverse_fields,
	.clear = allot_clear_fields,
	.finalize = give_up,
	.fields = pair_fields,
};

static void finalizer_gives_up(void)
{
	allot_unref(allot_new(heap, &generous_type));
}

static void container_gives_up(void)
{
	allot_unref(allot_new(heap, &generous_container_type));
}

static void give_up_all(void *object)
{
	((struct pair *)object)->first = NULL;
	allot_unref(object);
	allot_unref(object);
}

/* Its own reference, and that of the collector. */
static void garbage_gives_up(void)
{
	struct allot_type type = generous_container_type;
	struct pair *pair;

	type.finalize = give_up_all;
	pair = allot_new(heap, &type);
	pair->first = pair;
	allot_gc_collect(heap, 2);
}

static void debug_write_after_free(void)
{
	struct allot_heap *debugging;
	struct leaf *leaf;

	allot_heap_create(ALLOT_HEAP_DEBUG, &debugging);
	leaf = allot_new(debugging, &leaf_type);
	victim = leaf;
	allot_unref(leaf);
	/* Others are made and do not take its place. */
	for (int i = 0; i < 1000; i++)
		allot_unref(allot_new(debugging, &leaf_type));
	if (leaf->value == (long)UINT64_C(0xdbdbdbdbdbdbdbdb))
		allot_unref(leaf);
}

static void debug_large(void)
{
	static const struct allot_type type = { .name = "large", .size = 5000 };
	struct allot_heap *debugging;
	void *large;

	allot_heap_create(ALLOT_HEAP_DEBUG, &debugging);
	large = allot_new(debugging, &type);
	allot_unref(large);
	allot_unref(large);
}

static void dangling_field(void)
{
	struct allot_heap *debugging, *mine = heap;
	struct pair *pair;

	allot_heap_create(ALLOT_HEAP_DEBUG, &debugging);
	heap = debugging;
	pair = pair_new(allot_new(heap, &leaf_type), NULL);
	heap = mine;
	allot_unref(pair->first);
	allot_gc_collect(debugging, 2);
}

static void too_few(void)
{
	struct pair *pair = pair_new(NULL, NULL), *other = pair_new(pair, NULL);

	/* other's reference is one of two that nobody took. */
	other->second = pair;
	allot_gc_collect(heap, 2);
}

static void assert_fault(void (*function)(void), const char *what, const char *type)
{
	char line[256];
	const char *text = sample_fault(function);

	ck_assert_ptr_nonnull(text);
	snprintf(line, sizeof(line), "allot: %s: object 0x", what);
	ck_assert_msg(!strncmp(text, line, strlen(line)), "%s", text);
	snprintf(line, sizeof(line), " of type '%s', ", type);
	ck_assert_msg(strstr(text, line), "%s", text);
}

START_TEST(faults)
{
	static char address[64];

	victim = allot_new(heap, &leaf_type);
	assert_fault(twice, "use after free: a reference given up twice", "leaf");
	snprintf(address, sizeof(address), "object %p ", victim);
	ck_assert_ptr_nonnull(strstr(sample_fault(twice), address));
	assert_fault(revive, "use after free: a new reference", "leaf");
	allot_unref(victim);
	assert_fault(reference_in_death, "a new reference to an object that is dying", "ghost");
	assert_fault(finalizer_gives_up,
		     "reference count underflow: a finalizer gave up a reference that it does not own", "generous");
	assert_fault(container_gives_up,
		     "reference count underflow: a finalizer gave up a reference that it does not own",
		     "generous container");
	assert_fault(garbage_gives_up,
		     "reference count underflow: a finalizer gave up a reference that it does not own",
		     "generous container");
	assert_fault(debug_write_after_free, "use after free: a reference given up twice", "leaf");
	assert_fault(debug_large, "use after free: a reference given up twice", "large");
	assert_fault(dangling_field, "use after free: the collector found a reference to it", "leaf");
	assert_fault(too_few, "refcount is too small", "pair");
	ck_assert_ptr_nonnull(strstr(sample_fault(too_few), "reference count 1\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-core");
	TCase *objects = tcase_create("objects"), *death = tcase_create("death"), *heaps_case = tcase_create("heaps");

	tcase_set_timeout(objects, 120);
	tcase_add_checked_fixture(objects, set_up, sample_tear_down);
	tcase_add_test(objects, a_new_object);
	tcase_add_test(objects, items);
	tcase_add_test(objects, references);
	tcase_add_test(objects, immortal);
	tcase_add_test(objects, faults);
	suite_add_tcase(suite, objects);
	tcase_set_timeout(death, 120);
	tcase_add_checked_fixture(death, set_up, sample_tear_down);
	tcase_add_test(death, death_in_order);
	tcase_add_test(death, resurrection);
	tcase_add_test(death, nested_containers);
	tcase_add_loop_test(death, nested_others, 0, 4);
	tcase_add_loop_test(death, nested_finalizers, 0, 4);
	tcase_add_test(death, nested_callbacks);
	tcase_add_test(death, nested_resurrection);
	suite_add_tcase(suite, death);
	tcase_set_timeout(heaps_case, 120);
	tcase_add_checked_fixture(heaps_case, set_up, sample_tear_down);
	tcase_add_test(heaps_case, heaps);
	tcase_add_test(heaps_case, two_heaps);
	tcase_add_test(heaps_case, cycles_through_two_heaps);
	tcase_add_test(heaps_case, without_memory);
	suite_add_tcase(suite, heaps_case);
	return unit_run(suite);
}
