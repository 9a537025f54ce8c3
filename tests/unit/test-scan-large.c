/* SPDX-License-Identifier: MIT */
/* The reachability engine on long lists, blocks far apart, and random graphs beside a naive model. */
#include <string.h>

#include "scan-world.h"
#include "unit.h"

enum { LIST = 1000000 };

START_TEST(a_list_of_a_million_does_not_recurse)
{
	struct world world;
	uint64_t previous = 0, first = 0;

	world_init(&world, LIST * UINT64_C(32) + 4096, LIST);
	for (int i = 0; i < LIST; i++) {
		uint64_t block = world_block(&world, 16);

		if (previous)
			world_put(&world, previous, block);
		else
			first = block;
		previous = block;
	}
	if (_i == 2)
		world_put(&world, previous, first);
	world_begin(&world, ALLOT_SCAN_HEURISTICS);
	if (_i == 0)
		world_root(&world, first);
	world_finish(&world);
	ck_assert_str_eq(world_counts(&world), _i ? "D1 I999999 P0 R0" : "D0 I0 P0 R1000000");
	ck_assert_uint_eq(world_leader(&world, previous), _i ? first : world.scan.blocks[0].address);
	world_release(&world);
}
END_TEST

/* Blocks of many sizes at places of their own, without memory: only the index is asked. */
START_TEST(blocks_far_apart_are_found)
{
	static const struct {
		uint64_t address, size;
	} blocks[] = {
		{ 0x7fff00000010, 1 },          { 0x550000000010, 24 },      { 0x550000000030, 0 },
		{ 0x5500000fffff, 3 },          { 0x550000100010, 5 << 20 }, { 0x550000600100, 16 },
		{ 0x7f0000000000, 3ull << 30 }, { 0x7f00c0000001, 7 },       { 0x550000600010, 0xe0 },
		{ 0x7ffff0000000, 1 << 20 },
	};
	enum { COUNT = sizeof(blocks) / sizeof(blocks[0]) };
	struct allot_scan_block *copy = allotp_scan_map((COUNT + 1) * sizeof(*copy));
	struct allot_scan scan = { 0 };

	for (int i = 0; i < COUNT; i++)
		copy[i] = (struct allot_scan_block){ blocks[i].address, blocks[i].size, (uint32_t)i, 0 };
	ck_assert_int_eq(allotp_scan_begin(&scan, copy, COUNT, COUNT + 1, false), 0);
	for (int i = 0; i < COUNT; i++) {
		uint64_t last = blocks[i].address + (blocks[i].size ? blocks[i].size - 1 : 0);
		const uint64_t asked[] = { blocks[i].address, (blocks[i].address + last) / 2, last };

		for (int j = 0; j < 3; j++) {
			uint32_t found = allotp_scan_find(&scan, asked[j]);

			ck_assert_uint_ne(found, ALLOT_SCAN_NO_BLOCK);
			ck_assert_uint_eq(scan.blocks[found].site, (unsigned int)i);
		}
		if (i != 4 && i != 6) /* right behind them others begin */
			ck_assert_uint_eq(allotp_scan_find(&scan, last + 1), ALLOT_SCAN_NO_BLOCK);
	}
	ck_assert_uint_eq(allotp_scan_find(&scan, 0), ALLOT_SCAN_NO_BLOCK);
	ck_assert_uint_eq(allotp_scan_find(&scan, UINT64_MAX), ALLOT_SCAN_NO_BLOCK);
	ck_assert_uint_eq(allotp_scan_find(&scan, 0x600000000000), ALLOT_SCAN_NO_BLOCK);
	allotp_scan_release(&scan);
}
END_TEST

/* ---- a model that takes its time ---- */

enum { BLOCKS = 300, SLOTS = 4, ROOTS = 12 };

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

struct pointer {
	int to; /* -1: none */
	int inside;
};

struct model {
	struct pointer slots[BLOCKS][SLOTS], roots[ROOTS];
	int state[BLOCKS]; /* enum allot_scan_class; -1: not known */
	bool seen[BLOCKS];
};

static struct pointer draw_pointer(int most)
{
	struct pointer pointer = { -1, 0 };

	if (draw(3)) {
		pointer.to = (int)draw((uint32_t)most);
		pointer.inside = draw(4) ? 0 : 8;
	}
	return pointer;
}

static void spread(struct model *model, int block, int state, bool inside_too)
{
	for (int i = 0; i < SLOTS; i++) {
		struct pointer pointer = model->slots[block][i];

		if (pointer.to < 0 || model->state[pointer.to] >= 0 || (pointer.inside && !inside_too))
			continue;
		model->state[pointer.to] = state;
		spread(model, pointer.to, state, inside_too);
	}
}

static bool leads(struct model *model, int from, int to)
{
	if (from == to)
		return true;
	model->seen[from] = true;
	for (int i = 0; i < SLOTS; i++) {
		int next = model->slots[from][i].to;

		if (next >= 0 && !model->seen[next] && leads(model, next, to))
			return true;
	}
	return false;
}

static bool leads_to(struct model *model, int from, int to)
{
	memset(model->seen, 0, sizeof(model->seen));
	return leads(model, from, to);
}

static void judge(struct model *model)
{
	int lost[BLOCKS];

	memset(model->state, -1, sizeof(model->state));
	for (int pass = 0; pass < 2; pass++) {
		int state = pass ? ALLOT_SCAN_POSSIBLE : ALLOT_SCAN_REACHABLE;

		/* In the second pass what is reachable leads to more, too. */
		for (int i = 0; pass && i < BLOCKS; i++) {
			if (model->state[i] == ALLOT_SCAN_REACHABLE)
				spread(model, i, state, true);
		}
		for (int i = 0; i < ROOTS; i++) {
			struct pointer root = model->roots[i];

			if (root.to < 0 || model->state[root.to] >= 0 || (root.inside && !pass))
				continue;
			model->state[root.to] = state;
			spread(model, root.to, state, pass);
		}
	}
	memcpy(lost, model->state, sizeof(lost));
	for (int i = 0; i < BLOCKS; i++) {
		if (lost[i] >= 0)
			continue;
		model->state[i] = ALLOT_SCAN_DEFINITE;
		for (int j = 0; j < BLOCKS; j++) {
			/* Another leads here and is not led to from here; or stands for the cycle that both are in. */
			if (j != i && lost[j] < 0 && leads_to(model, j, i) && (j < i || !leads_to(model, i, j)))
				model->state[i] = ALLOT_SCAN_INDIRECT;
		}
	}
}

START_TEST(random_graphs_are_judged_as_a_model_does)
{
	static struct model model;
	struct world world;
	uint64_t address[BLOCKS];
	int most = 20 + _i % 7 * 40; /* few targets make dense graphs */

	seed = (uint64_t)_i + 1;
	world_init(&world, 1 << 16, BLOCKS);
	for (int i = 0; i < BLOCKS; i++)
		address[i] = world_block(&world, SLOTS * 8);
	for (int i = 0; i < BLOCKS; i++) {
		for (int j = 0; j < SLOTS; j++) {
			struct pointer pointer = draw(3) ? (struct pointer){ -1, 0 } : draw_pointer(most);

			model.slots[i][j] = pointer;
			if (pointer.to >= 0)
				world_put(&world, address[i] + 8 * (uint64_t)j,
					  address[pointer.to] + (uint64_t)pointer.inside);
		}
	}
	world_begin(&world, 0);
	for (int i = 0; i < ROOTS; i++) {
		model.roots[i] = draw_pointer(BLOCKS);
		if (model.roots[i].to >= 0)
			world_root(&world, address[model.roots[i].to] + (uint64_t)model.roots[i].inside);
	}
	world_finish(&world);
	judge(&model);
	for (int i = 0; i < BLOCKS; i++)
		ck_assert_msg((int)world_class(&world, address[i]) == model.state[i], "graph %d, block %d: %d, not %d",
			      _i, i, (int)world_class(&world, address[i]), model.state[i]);
	world_release(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan-large");
	TCase *tests = tcase_create("large");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, a_list_of_a_million_does_not_recurse, 0, 3);
	tcase_add_test(tests, blocks_far_apart_are_found);
	tcase_add_loop_test(tests, random_graphs_are_judged_as_a_model_does, 0, 40);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
