/* SPDX-License-Identifier: MIT */
/* Objects of a snapshot: what is unreachable, and cycles by shape. */
#include <string.h>

#include "objects/cycles.h"
#include "unit.h"

enum { OBJECTS = 100000, TRACKED = ALLOT_OBJECT_IS_TRACKED };

static char *names[] = { "", "node", "leaf", "next", "value" };
enum { NODE = 1, LEAF, NEXT, VALUE };

static struct allot_table_object objects[OBJECTS];
static struct allot_table_reference references[OBJECTS];
static struct allot_object_table table;
static struct allot_object_graph graph;
static struct allot_object_cycles cycles;

static void set_up(void)
{
	memset(objects, 0, sizeof(objects));
	table = (struct allot_object_table){
		.taken = true, .names = names, .name_count = 5, .objects = objects, .references = references
	};
}

static void tear_down(void)
{
	allotp_object_cycles_release(&cycles);
	allotp_object_graph_release(&graph);
}

/* An object of 10 bytes; count: of all references to it. */
static uint32_t add(uint32_t type, uint32_t count, uint32_t flags)
{
	objects[table.object_count] =
		(struct allot_table_object){ .size = 10, .type = type, .refs = count, .flags = flags };
	return table.object_count++;
}

/* Those of one object after those of objects before. */
static void refer(uint32_t from, uint32_t to, uint32_t field)
{
	references[table.reference_count++] = (struct allot_table_reference){ from, to, field, 0 };
}

static void find(void)
{
	ck_assert_int_eq(allotp_object_graph(&graph, &table), 0);
	ck_assert_int_eq(allotp_object_cycles(&cycles, &graph), 0);
}

START_TEST(nothing_is_unreachable_of_nothing)
{
	find();
	ck_assert_uint_eq(cycles.count, 0);
	ck_assert_uint_eq(graph.all.blocks, 0);
}
END_TEST

/* A ring that refers to a chain and to what the collector does not see. */
START_TEST(what_hangs_off_a_cycle_is_no_member)
{
	add(NODE, 1, TRACKED);
	add(NODE, 1, TRACKED);
	add(NODE, 1, TRACKED);
	add(LEAF, 1, 0);
	add(LEAF, 2, 0); /* somebody else has it, too */
	refer(0, 1, NEXT);
	refer(0, 4, VALUE);
	refer(1, 0, NEXT);
	refer(1, 2, VALUE);
	refer(2, 3, VALUE);
	find();
	ck_assert_uint_eq(graph.garbage.blocks, 3);
	ck_assert_uint_eq(graph.kept.blocks, 1);
	ck_assert_uint_eq(cycles.count, 1);
	ck_assert_uint_eq(cycles.members.blocks, 2);
	ck_assert_uint_eq(cycles.list[0].members[0].object, 0);
	ck_assert_uint_eq(cycles.list[0].members[0].number, 1);
	ck_assert(!cycles.list[0].edges[0].back && cycles.list[0].edges[1].back);
	ck_assert_uint_eq(cycles.list[0].edges[1].field, NEXT);
}
END_TEST

/* 0: a count that nobody accounts for, 1: a referrer that is frozen, 2: one that the collector does not see, 3: one reference too few */
START_TEST(what_has_a_reference_from_outside_is_reachable)
{
	add(NODE, _i == 3 ? 1 : 2, TRACKED);
	add(NODE, 1, TRACKED);
	add(NODE, 1, _i == 1 ? ALLOT_OBJECT_IS_FROZEN : _i == 2 ? 0 : TRACKED);
	refer(0, 1, NEXT);
	refer(1, 0, NEXT);
	if (_i)
		refer(2, 0, NEXT);
	find();
	ck_assert_uint_eq(cycles.count, 0);
	ck_assert_uint_eq(graph.garbage.blocks, 0);
}
END_TEST

START_TEST(an_object_that_refers_to_itself_is_a_cycle)
{
	add(NODE, 1, TRACKED);
	add(NODE, 1, TRACKED | ALLOT_OBJECT_IS_IMMORTAL);
	refer(0, 0, NEXT);
	refer(1, 1, NEXT);
	find();
	ck_assert_uint_eq(cycles.times, 1);
	ck_assert_uint_eq(cycles.list[0].member_count, 1);
	ck_assert_uint_eq(cycles.list[0].members[0].number, 0);
	ck_assert(cycles.list[0].edges[0].back);
}
END_TEST

/* Rings of two by the same field, and one by another. */
START_TEST(cycles_that_are_alike_are_told_once)
{
	for (uint32_t i = 0; i < 10; i += 2) {
		add(NODE, 1, TRACKED);
		add(NODE, 1, TRACKED);
		refer(i, i + 1, NEXT);
		refer(i + 1, i, i == 4 ? VALUE : NEXT);
	}
	find();
	ck_assert_uint_eq(cycles.times, 5);
	ck_assert_uint_eq(cycles.count, 2);
	ck_assert_uint_eq(cycles.list[0].times, 4);
	ck_assert_uint_eq(cycles.list[1].edges[1].field, VALUE);
}
END_TEST

START_TEST(a_ring_of_a_hundred_thousand_does_not_recurse)
{
	for (uint32_t i = 0; i < OBJECTS; i++) {
		add(NODE, 1, TRACKED);
		refer(i, (i + 1) % OBJECTS, NEXT);
	}
	find();
	ck_assert_uint_eq(cycles.count, 1);
	ck_assert_uint_eq(cycles.list[0].member_count, OBJECTS);
	ck_assert_uint_eq(cycles.list[0].bytes, 10 * OBJECTS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-table");
	TCase *tests = tcase_create("object-table");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, nothing_is_unreachable_of_nothing);
	tcase_add_test(tests, what_hangs_off_a_cycle_is_no_member);
	tcase_add_loop_test(tests, what_has_a_reference_from_outside_is_reachable, 0, 4);
	tcase_add_test(tests, an_object_that_refers_to_itself_is_a_cycle);
	tcase_add_test(tests, cycles_that_are_alike_are_told_once);
	tcase_add_test(tests, a_ring_of_a_hundred_thousand_does_not_recurse);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
