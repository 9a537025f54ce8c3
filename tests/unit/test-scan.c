/* SPDX-License-Identifier: MIT */
/* The reachability engine: classes, leaders and heuristics of blocks whose pointers are known. */
#include <stdbool.h>
#include <string.h>

#include "scan-world.h"
#include "unit.h"

static struct world world;

static void set_up(void)
{
	world_init(&world, 1 << 20, 1000);
}

static void tear_down(void)
{
	world_release(&world);
}

START_TEST(nothing_is_fine)
{
	world_begin(&world, 0);
	world_root(&world, WORLD_BASE + 64);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D0 I0 P0 R0");
}
END_TEST

START_TEST(a_chain_is_reachable_from_its_root)
{
	uint64_t a = world_block(&world, 24), b = world_block(&world, 100), c = world_block(&world, 8);

	world_put(&world, a + 16, b);
	world_put(&world, b + 88, c);
	world_begin(&world, 0);
	world_root(&world, a);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D0 I0 P0 R3");
	ck_assert_uint_eq(world.scan.holders[1], a + 16);
	ck_assert_uint_eq(world.scan.holders[2], b + 88);
}
END_TEST

START_TEST(of_several_chains_the_shortest_is_told)
{
	uint64_t list[100], short_cut = world_block(&world, 16), lost = world_block(&world, 8);

	for (int i = 0; i < 100; i++)
		list[i] = world_block(&world, 8);
	for (int i = 0; i < 99; i++)
		world_put(&world, list[i], list[i + 1]);
	world_put(&world, short_cut, list[98]);
	world_put(&world, short_cut + 8, list[50] + 4);
	world_put(&world, lost, list[99]);
	world_begin(&world, 0);
	world_root(&world, list[0]);
	world_root(&world, short_cut);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I0 P0 R101");
	/* short_cut is number 0, lost 1, the list begins with 2 */
	ck_assert_uint_eq(world.scan.holders[2 + 98], short_cut);
	ck_assert_uint_eq(world.scan.holders[2 + 99], list[98]);
	ck_assert_uint_eq(world.scan.holders[2 + 50], list[49]);
	ck_assert_uint_eq(world.scan.holders[1], 0);
	ck_assert_uint_eq(world.scan.reached, 101);
	ck_assert_uint_eq(world.scan.possible, 0);
	/* in the order of their distance: the two roots, what each leads to, and so on */
	ck_assert_uint_eq(world.scan.queue[0], 2);
	ck_assert_uint_eq(world.scan.queue[1], 0);
	ck_assert_uint_eq(world.scan.queue[2], 3);
	ck_assert_uint_eq(world.scan.queue[3], 2 + 98);
	ck_assert_uint_eq(world.scan.queue[5], 2 + 99);
}
END_TEST

START_TEST(what_perhaps_is_reachable_comes_last_in_the_queue)
{
	uint64_t a = world_block(&world, 32), b = world_block(&world, 32), c = world_block(&world, 32);

	world_put(&world, a, b);
	world_begin(&world, 0);
	world_root(&world, a + 8);
	world_root(&world, c);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D0 I0 P2 R1");
	ck_assert_uint_eq(world.scan.reached, 1);
	ck_assert_uint_eq(world.scan.possible, 2);
	ck_assert_uint_eq(world.scan.queue[0], 2);
	ck_assert_uint_eq(world.scan.queue[1], 0);
	ck_assert_uint_eq(world.scan.queue[2], 1);
	ck_assert_uint_eq(world.scan.holders[1], a);
}
END_TEST

START_TEST(what_a_lost_block_leads_to_is_indirect)
{
	uint64_t tree[7];

	for (int i = 0; i < 7; i++)
		tree[i] = world_block(&world, 16);
	/* the root lies in the middle, so that its address tells nothing */
	world_put(&world, tree[3], tree[0]);
	world_put(&world, tree[3] + 8, tree[6]);
	world_put(&world, tree[0], tree[1]);
	world_put(&world, tree[0] + 8, tree[2]);
	world_put(&world, tree[6], tree[4]);
	world_put(&world, tree[6] + 8, tree[5]);
	world_begin(&world, 0);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I6 P0 R0");
	for (int i = 0; i < 7; i++)
		ck_assert_uint_eq(world_leader(&world, tree[i]), tree[3]);
}
END_TEST

START_TEST(an_interior_pointer_makes_possible_what_follows)
{
	uint64_t a = world_block(&world, 32), b = world_block(&world, 32), c = world_block(&world, 32);

	world_put(&world, a, b);
	world_put(&world, b, c + 24);
	world_begin(&world, 0);
	world_root(&world, a + 1);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D0 I0 P3 R0");
}
END_TEST

START_TEST(a_start_pointer_found_later_wins)
{
	uint64_t a = world_block(&world, 32), b = world_block(&world, 32), c = world_block(&world, 32);

	world_put(&world, a, b);
	world_put(&world, b, c);
	world_put(&world, c, b + 8);
	world_begin(&world, 0);
	world_root(&world, b + 8);
	world_root(&world, c + 8);
	world_root(&world, a);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D0 I0 P0 R3");
}
END_TEST

START_TEST(behind_the_end_is_not_inside)
{
	uint64_t a = world_block(&world, 40), empty = world_block(&world, 0), b = world_block(&world, 3);

	world_begin(&world, 0);
	world_root(&world, a + 40);
	world_root(&world, a - 1);
	world_root(&world, empty);
	world_root(&world, b + 2);
	world_finish(&world);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_DEFINITE);
	ck_assert_int_eq(world_class(&world, empty), ALLOT_SCAN_REACHABLE);
	ck_assert_int_eq(world_class(&world, b), ALLOT_SCAN_POSSIBLE);
}
END_TEST

START_TEST(words_are_aligned_and_whole)
{
	uint64_t a = world_block(&world, 12), b = world_block(&world, 16), c = world_block(&world, 16);

	/* begins inside the block and ends behind it */
	world_put(&world, a + 8, b);
	memcpy((char *)world.words + (a + 1 - WORLD_BASE), &c, 7);
	world_begin(&world, 0);
	world_root(&world, a);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D2 I0 P0 R1");
}
END_TEST

START_TEST(a_cycle_has_one_leader_at_its_lowest_address)
{
	uint64_t a = world_block(&world, 16), b = world_block(&world, 24), c = world_block(&world, 32);

	world_put(&world, a, c);
	world_put(&world, c, b);
	world_put(&world, b, a);
	world_begin(&world, 0);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I2 P0 R0");
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_DEFINITE);
	ck_assert_uint_eq(world_leader(&world, c), a);
}
END_TEST

START_TEST(a_cycle_hangs_on_what_leads_to_it)
{
	uint64_t a = world_block(&world, 16), b = world_block(&world, 16), leader = world_block(&world, 16);
	uint64_t c = world_block(&world, 16), d = world_block(&world, 16);

	world_put(&world, a, b);
	world_put(&world, b, a);
	world_put(&world, leader, b);
	/* a second cycle behind the first */
	world_put(&world, a + 8, c);
	world_put(&world, c, d);
	world_put(&world, d, c);
	world_begin(&world, 0);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I4 P0 R0");
	ck_assert_uint_eq(world_leader(&world, d), leader);
}
END_TEST

START_TEST(cycles_that_lead_to_cycles)
{
	uint64_t block[6];

	for (int i = 0; i < 6; i++)
		block[i] = world_block(&world, 16);
	/* 4-5 leads to 2-3 leads to 0-1; the lowest is the last */
	for (int i = 0; i < 6; i++)
		world_put(&world, block[i], block[i ^ 1]);
	world_put(&world, block[5] + 8, block[3]);
	world_put(&world, block[3] + 8, block[0]);
	world_begin(&world, 0);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I5 P0 R0");
	for (int i = 0; i < 6; i++)
		ck_assert_uint_eq(world_leader(&world, block[i]), block[4]);
}
END_TEST

START_TEST(a_block_that_points_to_itself_is_no_ring)
{
	uint64_t a = world_block(&world, 16);

	world_put(&world, a, a);
	world_put(&world, a + 8, a + 8);
	world_begin(&world, 0);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I0 P0 R0");
}
END_TEST

START_TEST(among_lost_blocks_interior_pointers_count_fully)
{
	uint64_t a = world_block(&world, 16), b = world_block(&world, 64);

	world_put(&world, a, b + 40);
	world_begin(&world, 0);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I1 P0 R0");
}
END_TEST

START_TEST(unreadable_blocks_are_not_looked_into)
{
	uint64_t a = world_block(&world, 16), b = world_block(&world, 16);

	world_put(&world, a, b);
	world.blocks[0].flags = ALLOT_SCAN_UNREADABLE;
	world_begin(&world, ALLOT_SCAN_HEURISTICS);
	world_root(&world, a);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), "D1 I0 P0 R1");
}
END_TEST

START_TEST(chunk_headers_are_no_pointers)
{
	uint64_t a = world_block(&world, 24), b = world_block(&world, 24);

	/* a chunk of 32 bytes: the next one's header lies in the last word of a */
	world_put(&world, a - 8, 33);
	world_put(&world, b - 8, 33);
	world_put(&world, WORLD_BASE, a + 16);
	world_put(&world, WORLD_BASE + 8, b + 8);
	world_begin(&world, 0);
	allotp_scan_root(&world.scan, WORLD_BASE, WORLD_BASE + 16, ALLOT_SCAN_ALLOCATORS);
	world_finish(&world);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_DEFINITE);
	ck_assert_int_eq(world_class(&world, b), ALLOT_SCAN_POSSIBLE);
}
END_TEST

START_TEST(the_loader_points_to_starts)
{
	uint64_t a = world_block(&world, 64), b = world_block(&world, 64);

	world_put(&world, WORLD_BASE, a + 16);
	world_put(&world, WORLD_BASE + 8, b + 16);
	world_begin(&world, 0);
	allotp_scan_root(&world.scan, WORLD_BASE, WORLD_BASE + 8, ALLOT_SCAN_LOADERS);
	allotp_scan_root(&world.scan, WORLD_BASE + 8, WORLD_BASE + 16, 0);
	world_finish(&world);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_REACHABLE);
	ck_assert_int_eq(world_class(&world, b), ALLOT_SCAN_POSSIBLE);
}
END_TEST

/* A root to `inside` bytes behind the start of a block, with this heuristic and with all others. */
static void check_heuristic(uint64_t block, uint64_t inside, unsigned int heuristic)
{
	for (int on = 0; on < 2; on++) {
		struct allot_scan_block *copy = allotp_scan_map(2 * sizeof(*copy));

		*copy = world.blocks[0];
		world.scan.memory.context = &world;
		world_begin(&world, 0); /* for the memory */
		world.scan.heuristics = on ? heuristic : ALLOT_SCAN_HEURISTICS & ~heuristic;
		world_root(&world, block + inside);
		world_finish(&world);
		ck_assert_int_eq(world_class(&world, block), on ? ALLOT_SCAN_REACHABLE : ALLOT_SCAN_POSSIBLE);
		allotp_scan_release(&world.scan);
		world.blocks = copy;
		world.capacity = 2;
	}
	world.blocks = NULL;
}

START_TEST(old_strings)
{
	uint64_t a = world_block(&world, 24 + 17);

	world_put(&world, a, 10);
	world_put(&world, a + 8, 16);
	check_heuristic(a, 24, ALLOT_SCAN_STDSTRING);
}
END_TEST

START_TEST(length_prefixes)
{
	uint64_t a = world_block(&world, 8 + 56);

	/* 56 divides 56, too: new[] of 56 characters. Both must be off. */
	world_put(&world, a, 56);
	check_heuristic(a, 8, ALLOT_SCAN_LENGTH64 | ALLOT_SCAN_NEWARRAY);
}
END_TEST

START_TEST(new_arrays)
{
	uint64_t a = world_block(&world, 8 + 5 * 24);

	world_put(&world, a, 5);
	check_heuristic(a, 8, ALLOT_SCAN_NEWARRAY);
}
END_TEST

/* It has no element: a pointer to the first is one to its end, and nobody but new[] makes such. */
START_TEST(new_arrays_of_none)
{
	uint64_t a = world_block(&world, 8), b = world_block(&world, 8), c = world_block(&world, 16);

	world_put(&world, b, 1);
	world_begin(&world, 0);
	world.scan.heuristics = ALLOT_SCAN_NEWARRAY;
	world_root(&world, a + 8);
	world_root(&world, b + 8);
	world_root(&world, c + 16);
	world_finish(&world);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_REACHABLE);
	ck_assert_int_eq(world_class(&world, b), ALLOT_SCAN_DEFINITE);
	ck_assert_int_eq(world_class(&world, c), ALLOT_SCAN_DEFINITE);
}
END_TEST

static bool is_vtable(void *context, uint64_t word)
{
	(void)context;
	return word == 0x1000 || word == 0x2000;
}

START_TEST(second_bases)
{
	uint64_t a = world_block(&world, 48);

	world_put(&world, a, 0x1000);
	world_put(&world, a + 16, 0x2000);
	world_put(&world, a + 32, 0x3000);
	world_begin(&world, ALLOT_SCAN_HEURISTICS);
	world.scan.memory.is_vtable = is_vtable;
	world_root(&world, a + 32);
	world_finish(&world);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_POSSIBLE);
	allotp_scan_release(&world.scan);

	world.blocks = allotp_scan_map(2 * sizeof(*world.blocks));
	world.blocks[0] = (struct allot_scan_block){ .address = a, .size = 48 };
	world.capacity = 2;
	world_begin(&world, ALLOT_SCAN_HEURISTICS);
	world.scan.memory.is_vtable = is_vtable;
	world_root(&world, a + 16);
	world_finish(&world);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_REACHABLE);
}
END_TEST

START_TEST(of_two_blocks_at_one_address_the_first_stays)
{
	uint64_t a = world_block(&world, 16), b = world_block(&world, 24);

	world.blocks[world.count] = world.blocks[0];
	world.blocks[world.count++].size = 64;
	world_begin(&world, 0);
	world_root(&world, a + 20);
	world_finish(&world);
	ck_assert_uint_eq(world.scan.count, 2);
	ck_assert_int_eq(world_class(&world, a), ALLOT_SCAN_DEFINITE);
	ck_assert_int_eq(world_class(&world, b), ALLOT_SCAN_DEFINITE);
}
END_TEST

static unsigned int edges;

static void count_edge(void *context, uint32_t from, uint64_t offset, uint32_t to, uint64_t inside)
{
	(void)context;
	ck_assert_uint_eq(from, 0);
	ck_assert_uint_eq(offset, edges ? 16 : 8);
	ck_assert_uint_eq(to, edges ? 1 : 0);
	ck_assert_uint_eq(inside, edges ? 4 : 0);
	edges++;
}

START_TEST(pointers_between_lost_blocks_are_told)
{
	uint64_t a = world_block(&world, 24), b = world_block(&world, 24);

	world_put(&world, a + 8, a);
	world_put(&world, a + 16, b + 4);
	world_begin(&world, 0);
	world.scan.edge = count_edge;
	world_finish(&world);
	ck_assert_uint_eq(edges, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *tests = tcase_create("classes");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, nothing_is_fine);
	tcase_add_test(tests, a_chain_is_reachable_from_its_root);
	tcase_add_test(tests, of_several_chains_the_shortest_is_told);
	tcase_add_test(tests, what_perhaps_is_reachable_comes_last_in_the_queue);
	tcase_add_test(tests, what_a_lost_block_leads_to_is_indirect);
	tcase_add_test(tests, an_interior_pointer_makes_possible_what_follows);
	tcase_add_test(tests, a_start_pointer_found_later_wins);
	tcase_add_test(tests, behind_the_end_is_not_inside);
	tcase_add_test(tests, words_are_aligned_and_whole);
	tcase_add_test(tests, a_cycle_has_one_leader_at_its_lowest_address);
	tcase_add_test(tests, a_cycle_hangs_on_what_leads_to_it);
	tcase_add_test(tests, cycles_that_lead_to_cycles);
	tcase_add_test(tests, a_block_that_points_to_itself_is_no_ring);
	tcase_add_test(tests, among_lost_blocks_interior_pointers_count_fully);
	tcase_add_test(tests, unreadable_blocks_are_not_looked_into);
	tcase_add_test(tests, chunk_headers_are_no_pointers);
	tcase_add_test(tests, the_loader_points_to_starts);
	tcase_add_test(tests, old_strings);
	tcase_add_test(tests, length_prefixes);
	tcase_add_test(tests, new_arrays);
	tcase_add_test(tests, new_arrays_of_none);
	tcase_add_test(tests, second_bases);
	tcase_add_test(tests, of_two_blocks_at_one_address_the_first_stays);
	tcase_add_test(tests, pointers_between_lost_blocks_are_told);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
