/* SPDX-License-Identifier: MIT */
/* Who refers to whom: counts, growth, leaks, chains, cycles and pictures. */
#include <allot/graph.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "object-sample.h"
#include "unit.h"

static char *text;
static size_t text_size;
static FILE *file;

static void open_text(void)
{
	free(text);
	text = NULL;
	file = open_memstream(&text, &text_size);
	ck_assert_ptr_nonnull(file);
}

static const char *close_text(void)
{
	fclose(file);
	return text;
}

static void tear_down(void)
{
	free(text);
	text = NULL;
	sample_tear_down();
}

START_TEST(test_most_common_types)
{
	struct list *list = list_new();
	struct allot_graph_types types;
	struct allot_list found;
	struct leaf *leaf = allot_new(heap, &leaf_type);

	for (int i = 0; i < 3; i++) {
		struct pair *pair = pair_new(NULL, NULL);

		list_append(list, pair);
		allot_unref(pair);
	}
	list_append(list, leaf);
	ck_assert_int_eq(allot_graph_most_common_types(heap, &types), 0);
	ck_assert_uint_eq(types.count, 2);
	ck_assert_ptr_eq(types.types[0].type, &pair_type);
	ck_assert_uint_eq(types.types[0].count, 3);
	ck_assert_uint_eq(types.types[0].bytes, 3 * (sizeof(struct pair) + 32));
	ck_assert_ptr_eq(types.types[1].type, &list_type);
	/* What the type says it takes counts. */
	ck_assert_uint_eq(types.types[1].bytes, sizeof(struct list) + 4 * sizeof(void *) + 32);
	allot_graph_types_release(&types);
	ck_assert_uint_eq(allot_graph_count(heap, "pair"), 3);
	ck_assert_uint_eq(allot_graph_count(heap, "leaf"), 0);
	ck_assert_int_eq(allot_graph_by_type(heap, "pair", &found), 0);
	ck_assert_uint_eq(found.count, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_ptr_eq(found.objects[i], list->items[i]);
	allot_list_release(&found);
	allot_unref(leaf);
	allot_unref(list);
}
END_TEST

static void assert_growth(struct allot_graph_past *past, const char *wanted)
{
	struct allot_graph_growths growths;

	ck_assert_int_eq(allot_graph_growth(past, &growths), 0);
	open_text();
	ck_assert_int_eq(allot_graph_growth_write(&growths, file), (int)strlen(wanted));
	ck_assert_str_eq(close_text(), wanted);
	allot_graph_growths_release(&growths);
}

/* Against the most that ever was, so what comes and goes is told once. */
START_TEST(test_growth)
{
	struct allot_graph_past *past = allot_graph_past_create(heap);
	struct list *list = list_new();

	for (int i = 0; i < 3; i++)
		list_append(list, pair_new(NULL, NULL));
	pair_garbage();
	assert_growth(past, "pair        3        +3\n"
			    "list        1        +1\n");
	assert_growth(past, "");
	for (int i = 0; i < 2; i++) {
		allot_unref(list->items[--list->count]);
		allot_unref(list->items[list->count]);
	}
	assert_growth(past, "");
	for (int i = 0; i < 3; i++)
		list_append(list, pair_new(NULL, NULL));
	assert_growth(past, "pair        4        +1\n");
	for (size_t i = 0; i < list->count; i++)
		allot_unref(list->items[i]);
	allot_unref(list);
	allot_graph_past_destroy(past);
}
END_TEST

START_TEST(test_new_objects)
{
	struct allot_graph_past *past = allot_graph_past_create(heap);
	struct pair *old = pair_new(NULL, NULL), *fresh;
	struct allot_list found;

	ck_assert_int_eq(allot_graph_new_objects(past, &found), 0);
	ck_assert_uint_eq(found.count, 1);
	allot_list_release(&found);
	fresh = pair_new(NULL, NULL);
	pair_garbage();
	ck_assert_int_eq(allot_graph_new_objects(past, &found), 0);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_ptr_eq(found.objects[0], fresh);
	allot_list_release(&found);
	ck_assert_int_eq(allot_graph_new_objects(past, &found), 0);
	ck_assert_uint_eq(found.count, 0);
	allot_list_release(&found);
	allot_unref(old);
	allot_unref(fresh);
	allot_graph_past_destroy(past);
}
END_TEST

START_TEST(test_leaking_objects)
{
	struct pair *inner = pair_new(NULL, NULL), *outer = pair_new(inner, NULL), *alone = pair_new(NULL, NULL);
	struct allot_list found;

	alone->first = alone;
	ck_assert_int_eq(allot_graph_leaking_objects(heap, &found), 0);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_ptr_eq(found.objects[0], outer);
	allot_list_release(&found);
	allot_unref(outer);
}
END_TEST

START_TEST(garbage)
{
	struct pair *kept = pair_new(NULL, NULL), *one = pair_new(NULL, NULL), *other = pair_new(one, NULL);
	struct allot_list found;

	one->first = other;
	one->second = allot_ref(kept);
	other->second = pair_new(NULL, NULL);
	ck_assert_int_eq(allot_graph_garbage(heap, &found), 0);
	ck_assert_uint_eq(found.count, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_ptr_ne(found.objects[i], kept);
	allot_list_release(&found);
	/* It was only looked at. */
	ck_assert_int_eq(allot_gc_collect(heap, 2), 3);
	ck_assert_int_eq(allot_graph_garbage(heap, &found), 0);
	ck_assert_uint_eq(found.count, 0);
	allot_list_release(&found);
	allot_unref(kept);
}
END_TEST

/* ---- Chains ---- */

static bool is_same(const void *object, void *data)
{
	return object == data;
}

static bool never(const void *object, void *data)
{
	(void)object;
	(void)data;
	return false;
}

static void assert_list(struct allot_list *list, size_t count, void *const *wanted)
{
	ck_assert_uint_eq(list->count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_ptr_eq(list->objects[i], wanted[i]);
	allot_list_release(list);
}

START_TEST(test_chains)
{
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct pair *c = pair_new(leaf, NULL), *b = pair_new(c, NULL), *a = pair_new(b, NULL);
	struct pair *longer = pair_new(allot_ref(b), NULL);
	struct allot_list chain;

	/* a refers to c by b, and by longer and b. */
	a->second = longer;
	ck_assert_int_eq(allot_graph_find_ref_chain(a, is_same, leaf, 0, &chain), 0);
	assert_list(&chain, 4, (void *[]){ a, b, c, leaf });
	ck_assert_int_eq(allot_graph_find_ref_chain(a, is_same, leaf, 2, &chain), 0);
	assert_list(&chain, 1, (void *[]){ a });
	ck_assert_int_eq(allot_graph_find_ref_chain(a, is_same, leaf, 3, &chain), 0);
	ck_assert_uint_eq(chain.count, 4);
	allot_list_release(&chain);
	ck_assert_int_eq(allot_graph_find_backref_chain(leaf, is_same, a, 0, &chain), 0);
	assert_list(&chain, 4, (void *[]){ a, b, c, leaf });
	ck_assert_int_eq(allot_graph_find_backref_chain(c, never, NULL, 0, &chain), 0);
	assert_list(&chain, 1, (void *[]){ c });
	/* What keeps it: nobody among objects refers to a. */
	ck_assert_int_eq(allot_graph_find_backref_chain(leaf, allot_graph_is_held_outside, NULL, 0, &chain), 0);
	assert_list(&chain, 4, (void *[]){ a, b, c, leaf });
	allot_ref(b);
	ck_assert_int_eq(allot_graph_find_backref_chain(leaf, allot_graph_is_held_outside, NULL, 0, &chain), 0);
	assert_list(&chain, 3, (void *[]){ b, c, leaf });
	allot_unref(b);
	allot_unref(a);

	leaf = allot_new(heap, &leaf_type);
	ck_assert_int_eq(allot_graph_find_backref_chain(leaf, never, NULL, 0, &chain), 0);
	assert_list(&chain, 1, (void *[]){ leaf });
	allot_unref(leaf);
}
END_TEST

/* ---- Cycles ---- */

START_TEST(cycles)
{
	ck_assert_int_eq(allot_graph_write_cycles(heap, stderr), 0);
	for (int i = 0; i < 3; i++) {
		struct pair *parent = pair_new(NULL, NULL);
		struct tuple *child = tuple_new(2);

		parent->first = child;
		child->items[1] = parent;
		/* Not of the cycle. */
		parent->second = pair_new(NULL, NULL);
	}
	pair_garbage();
	open_text();
	ck_assert_int_eq(allot_graph_write_cycles(heap, file), 4);
	ck_assert_str_eq(close_text(), "3 cycles, each of 2 objects, 120 bytes\n"
				       "  pair\n"
				       "    first -> tuple\n"
				       "  tuple\n"
				       "    items[1] -> pair    (leads back)\n"
				       "  Made weak, this would leave no cycle: tuple.items\n"
				       "A cycle of 1 object, 64 bytes\n"
				       "  pair\n"
				       "    first -> pair    (leads back)\n"
				       "  Made weak, this would leave no cycle: pair.first\n");
	ck_assert_int_eq(allot_gc_collect(heap, 2), 10);
}
END_TEST

/* Two circles through one object. */
START_TEST(knot)
{
	struct pair *a = pair_new(NULL, NULL), *b = pair_new(NULL, a);
	struct list *list = list_new();

	a->first = b;
	a->second = list;
	list_append(list, a);
	/* Held from outside, it is no garbage. */
	allot_ref(a);
	open_text();
	ck_assert_int_eq(allot_graph_write_cycles(heap, file), 0);
	ck_assert_str_eq(close_text(), "");
	allot_unref(a);
	open_text();
	ck_assert_int_eq(allot_graph_write_cycles(heap, file), 1);
	ck_assert_str_eq(close_text(), "A cycle of 3 objects, 200 bytes\n"
				       "  pair #1\n"
				       "    first -> pair #2\n"
				       "    second -> list\n"
				       "  pair #2\n"
				       "    second -> pair #1    (leads back)\n"
				       "  list\n"
				       "    items[0] -> pair #1    (leads back)\n"
				       "  Made weak, this would leave no cycle: pair.second, list.items\n");
	ck_assert_int_eq(allot_gc_collect(heap, 2), 3);
}
END_TEST

START_TEST(long_cycle)
{
	enum { LONG = 100000 / SAMPLE_SLOWNESS };
	struct pair *first = pair_new(NULL, NULL), *last = first;

	for (int i = 1; i < LONG; i++) {
		struct pair *pair = pair_new(NULL, NULL);

		last->first = pair;
		last = pair;
	}
	last->first = first;
	open_text();
	ck_assert_int_eq(allot_graph_write_cycles(heap, file), 1);
	ck_assert_ptr_nonnull(strstr(close_text(), "  pair #20\n    first -> pair #21\n  and "));
	ck_assert_int_eq(allot_gc_collect(heap, 2), LONG);
}
END_TEST

/* ---- Pictures ---- */

static bool is_no_leaf(const void *object, void *data)
{
	(void)data;
	return allot_type_of(object) != &leaf_type;
}

START_TEST(refs)
{
	struct leaf *leaf = allot_new(heap, &leaf_type);
	struct tuple *tuple = tuple_new(13);
	struct pair *pair = pair_new(tuple, allot_ref(leaf));
	struct allot_graph_options options = { .refcounts = true, .max_depth = 2 };
	char wanted[4096];

	tuple->items[3] = allot_ref(pair);
	tuple->items[4] = leaf;
	open_text();
	ck_assert_int_eq(allot_graph_write_refs((void *[]){ pair }, 1, &options, file), 0);
	snprintf(wanted, sizeof(wanted),
		 "digraph objects {\n"
		 "  node [shape=box, style=filled, fillcolor=white];\n"
		 "  o%1$p [label=\"pair [2]\", fillcolor=\"0.15,0.50,1.0\", fontcolor=red];\n"
		 "  o%2$p [label=\"tuple [1]\", fillcolor=\"0.15,0.33,1.0\"];\n"
		 "  o%1$p -> o%2$p [label=\"first\"];\n"
		 "  o%3$p [label=\"leaf [2]\", fillcolor=\"0.15,0.33,1.0\"];\n"
		 "  o%1$p -> o%3$p [label=\"second\"];\n"
		 "  o%2$p -> o%1$p [label=\"items[3]\"];\n"
		 "  o%2$p -> o%3$p [label=\"items[4]\"];\n"
		 "}\n",
		 (void *)pair, (void *)tuple, (void *)leaf);
	ck_assert_str_eq(close_text(), wanted);

	/* More than are shown, and without leaves. */
	for (int i = 5; i < 13; i++)
		tuple->items[i] = pair_new(NULL, NULL);
	options = (struct allot_graph_options){ .filter = is_no_leaf, .too_many = 4 };
	open_text();
	ck_assert_int_eq(allot_graph_write_refs((void *[]){ tuple }, 1, &options, file), 0);
	snprintf(wanted, sizeof(wanted),
		 "  more%1$p [label=\"5 more references\", shape=ellipse, fillcolor=\"0,0,0.9\", fontsize=10];\n"
		 "  o%1$p -> more%1$p;\n",
		 (void *)tuple);
	ck_assert_ptr_nonnull(strstr(close_text(), wanted));
	ck_assert_ptr_null(strstr(text, "leaf"));
	ALLOT_CLEAR(tuple->items[3]);
	allot_unref(pair);
}
END_TEST

START_TEST(backrefs)
{
	struct pair *inner = pair_new(NULL, NULL), *outer = pair_new(inner, allot_ref(inner));
	struct allot_graph_options options = { .highlight = is_same, .data = outer };
	char wanted[4096];

	open_text();
	ck_assert_int_eq(allot_graph_write_backrefs((void *[]){ inner }, 1, &options, file), 0);
	snprintf(wanted, sizeof(wanted),
		 "digraph objects {\n"
		 "  node [shape=box, style=filled, fillcolor=white];\n"
		 "  o%2$p [label=\"pair\", fillcolor=\"0.15,0.50,1.0\", fontcolor=red];\n"
		 "  o%1$p [label=\"pair\", fillcolor=\"0.0,0.8,1.0\"];\n"
		 "  o%1$p -> o%2$p [label=\"first\"];\n"
		 "  o%1$p -> o%2$p [label=\"second\"];\n"
		 "}\n",
		 (void *)outer, (void *)inner);
	ck_assert_str_eq(close_text(), wanted);
	allot_unref(outer);
}
END_TEST

START_TEST(chain)
{
	struct pair *c = pair_new(NULL, NULL), *b = pair_new(NULL, c), *a = pair_new(b, NULL);
	struct allot_list found;
	char wanted[4096];

	ck_assert_int_eq(allot_graph_find_ref_chain(a, is_same, c, 0, &found), 0);
	open_text();
	ck_assert_int_eq(allot_graph_write_chain(&found, NULL, file), 0);
	snprintf(wanted, sizeof(wanted), "  o%p -> o%p [label=\"first\"];\n", (void *)a, (void *)b);
	ck_assert_ptr_nonnull(strstr(close_text(), wanted));
	snprintf(wanted, sizeof(wanted), "  o%p -> o%p [label=\"second\"];\n}\n", (void *)b, (void *)c);
	ck_assert_ptr_nonnull(strstr(text, wanted));
	allot_list_release(&found);
	allot_unref(a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-graph");
	TCase *cases = tcase_create("graph");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, sample_set_up, tear_down);
	tcase_add_test(cases, test_most_common_types);
	tcase_add_test(cases, test_growth);
	tcase_add_test(cases, test_new_objects);
	tcase_add_test(cases, test_leaking_objects);
	tcase_add_test(cases, garbage);
	tcase_add_test(cases, test_chains);
	tcase_add_test(cases, cycles);
	tcase_add_test(cases, knot);
	tcase_add_test(cases, long_cycle);
	tcase_add_test(cases, refs);
	tcase_add_test(cases, backrefs);
	tcase_add_test(cases, chain);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
