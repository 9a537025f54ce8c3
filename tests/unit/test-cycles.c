/* SPDX-License-Identifier: MIT */
/* Cycles among lost blocks: rings, knots, repeated shapes, and what is none. */
#include "leaks/cycles.h"

#include <stdlib.h>

#include "unit.h"

enum { BLOCKS = 100000 };

static struct allot_leaked blocks[BLOCKS];
static struct allot_edge edges[2 * BLOCKS];
static struct allot_snapshot snapshot;
static struct allot_cycles cycles;

static void set_up(void)
{
	snapshot = (struct allot_snapshot){ .lost = blocks, .edges = edges };
}

static void tear_down(void)
{
	allotp_cycles_release(&cycles);
}

static uint32_t add_block(uint32_t site)
{
	blocks[snapshot.lost_count] =
		(struct allot_leaked){ .address = 16 * snapshot.lost_count, .size = 10, .site = site };
	return snapshot.lost_count++;
}

static void add_edge(uint32_t from, uint32_t to, uint32_t offset)
{
	edges[snapshot.edge_count++] = (struct allot_edge){ .from = from, .to = to, .offset = offset };
}

START_TEST(a_tree_and_a_block_that_points_to_itself_are_none)
{
	uint32_t a = add_block(1), b = add_block(2), c = add_block(3);

	add_edge(a, b, 0);
	add_edge(a, c, 8);
	add_edge(b, c, 0);
	add_edge(c, c, 0);
	ck_assert_int_eq(allotp_cycles_find(&snapshot, &cycles), 0);
	ck_assert_uint_eq(cycles.count, 0);
}
END_TEST

START_TEST(rings_of_one_shape_are_counted)
{
	for (int i = 0; i < 5; i++) {
		uint32_t first = add_block(i % 2 ? 7 : 3), second = add_block(i % 2 ? 3 : 7);

		/* the block of site 3 points by offset 8, that of site 7 by offset 0, whichever comes first */
		add_edge(first, second, i % 2 ? 0 : 8);
		add_edge(second, first, i % 2 ? 8 : 0);
	}
	ck_assert_int_eq(allotp_cycles_find(&snapshot, &cycles), 0);
	ck_assert_uint_eq(cycles.count, 1);
	ck_assert_uint_eq(cycles.list[0].times, 5);
	ck_assert_uint_eq(cycles.list[0].blocks, 2);
	ck_assert_uint_eq(cycles.list[0].bytes, 20);
	ck_assert_uint_eq(cycles.list[0].step_count, 2);
	ck_assert_uint_eq(cycles.list[0].steps[0].site, 3);
	ck_assert_uint_eq(cycles.list[0].steps[0].offset, 8);
	ck_assert_uint_eq(cycles.list[0].steps[1].site, 7);
	ck_assert_uint_eq(cycles.list[0].steps[1].offset, 0);
}
END_TEST

START_TEST(of_a_knot_the_shortest_cycle_is_shown)
{
	uint32_t block[4];

	for (uint32_t i = 0; i < 4; i++)
		block[i] = add_block(i + 1);
	add_edge(block[0], block[1], 0);
	add_edge(block[1], block[2], 0);
	add_edge(block[2], block[3], 0);
	add_edge(block[3], block[0], 0);
	add_edge(block[1], block[0], 8);
	ck_assert_int_eq(allotp_cycles_find(&snapshot, &cycles), 0);
	ck_assert_uint_eq(cycles.count, 1);
	ck_assert_uint_eq(cycles.list[0].blocks, 4);
	ck_assert_uint_eq(cycles.list[0].bytes, 40);
	ck_assert_uint_eq(cycles.list[0].step_count, 2);
	ck_assert_uint_eq(cycles.list[0].steps[1].offset, 8);
}
END_TEST

START_TEST(edges_come_in_any_order_and_the_largest_is_first)
{
	uint32_t a = add_block(1), b = add_block(2), c = add_block(3), d = add_block(4), e = add_block(5);

	add_edge(e, c, 0);
	add_edge(b, a, 0);
	add_edge(d, e, 0);
	add_edge(a, b, 0);
	add_edge(c, d, 0);
	ck_assert_int_eq(allotp_cycles_find(&snapshot, &cycles), 0);
	ck_assert_uint_eq(cycles.count, 2);
	ck_assert_uint_eq(cycles.list[0].blocks, 3);
	ck_assert_uint_eq(cycles.list[1].blocks, 2);
}
END_TEST

START_TEST(a_ring_of_a_hundred_thousand_does_not_recurse)
{
	for (uint32_t i = 0; i < BLOCKS; i++)
		add_block(1);
	for (uint32_t i = 0; i < BLOCKS; i++)
		add_edge(i, (i + 1) % BLOCKS, 0);
	ck_assert_int_eq(allotp_cycles_find(&snapshot, &cycles), 0);
	ck_assert_uint_eq(cycles.count, 1);
	ck_assert_uint_eq(cycles.list[0].step_count, BLOCKS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cycles");
	TCase *tests = tcase_create("cycles");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_tree_and_a_block_that_points_to_itself_are_none);
	tcase_add_test(tests, rings_of_one_shape_are_counted);
	tcase_add_test(tests, of_a_knot_the_shortest_cycle_is_shown);
	tcase_add_test(tests, edges_come_in_any_order_and_the_largest_is_first);
	tcase_add_test(tests, a_ring_of_a_hundred_thousand_does_not_recurse);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
