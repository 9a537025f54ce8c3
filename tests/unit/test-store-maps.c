/* SPDX-License-Identifier: MIT */
/* Tests of the mmap domain against a map of single pages: what is mapped, by whom, and how it was counted. */
#include <string.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-fixture.h"
#include "store/drain.h"
#include "store/tree.h"
#include "unit.h"

#define PAGES 200u
#define PAGE UINT64_C(4096)
#define BASE UINT64_C(0x7f1200000000)
#define STACKS 5u

static struct allot_store store;
static struct allot_producer producer;
static uint32_t nodes[STACKS];
static uint64_t stamp;

/* The model: which mapping each page belongs to, numbered from 1, and whose it is. A cut makes a new one. */
static uint32_t owner[PAGES + 1];
static uint32_t stack_of[100000];
static uint32_t mappings;
static struct {
	uint64_t ever_bytes, ever_blocks, freed_bytes, freed_blocks;
} counted[STACKS];
static uint64_t peak;

static void set_up(void)
{
	close(fixture_create(&store, UINT64_C(1) << 26, 64));
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	for (uint32_t i = 0; i < STACKS; i++)
		nodes[i] = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 0x1000 + i, 0, 0);
	stamp = 2;
}

static void tear_down(void)
{
	allotp_store_close(&store);
}

static void write_event(enum allot_op op, uint32_t first, uint32_t count, uint32_t stack)
{
	fixture_require(fixture_write(&producer, (struct fixture_event){
							 .stamp = stamp++,
							 .address = BASE + first * PAGE,
							 .size = count * PAGE,
							 .stack = nodes[stack],
							 .op = (uint8_t)op,
							 .domain = ALLOT_DOMAIN_MMAP,
						 }));
}

/* Pages [first, end) go. */
static void model_unmap(uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		if (owner[i])
			counted[stack_of[owner[i]]].freed_bytes += PAGE;
	}
	for (uint32_t i = first; i < end; i++) {
		bool before = first && owner[first - 1] == owner[i], after = owner[end] == owner[i];
		uint32_t old = owner[i];

		if (!old || (i > first && owner[i - 1] == old))
			continue;
		if (!before && !after)
			counted[stack_of[old]].freed_blocks++;
		if (before && after) {
			counted[stack_of[old]].ever_blocks++;
			stack_of[++mappings] = stack_of[old];
			for (uint32_t j = end; owner[j] == old; j++)
				owner[j] = mappings;
		}
	}
	memset(&owner[first], 0, (end - first) * sizeof(*owner));
}

static void model_map(uint32_t first, uint32_t end, uint32_t stack)
{
	uint64_t live = 0;

	model_unmap(first, end);
	stack_of[++mappings] = stack;
	for (uint32_t i = first; i < end; i++)
		owner[i] = mappings;
	counted[stack].ever_bytes += (end - first) * PAGE;
	counted[stack].ever_blocks++;
	for (uint32_t i = 0; i < STACKS; i++)
		live += counted[i].ever_bytes - counted[i].freed_bytes;
	if (live > peak)
		peak = live;
}

static void assert_ranges(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PAGES;) {
		const struct allot_map *map = ALLOTP_AT(&store, ALLOT_REGION_MAPS, struct allot_map, n);
		uint32_t end = i;

		if (!owner[i]) {
			i++;
			continue;
		}
		while (owner[end] == owner[i])
			end++;
		fixture_require(n++ < store.header->map_count);
		fixture_require(map->start == BASE + i * PAGE && map->size == (end - i) * PAGE);
		fixture_require(allotp_site(&store, map->site)->stack == nodes[stack_of[owner[i]]]);
		i = end;
	}
	ck_assert_uint_eq(store.header->map_count, n);
}

static void assert_counts(void)
{
	for (uint32_t i = 1; i <= store.header->site_count; i++) {
		const struct allot_store_site *site = allotp_site(&store, i);
		uint32_t stack = site->stack - nodes[0];

		ck_assert_uint_lt(stack, STACKS);
		ck_assert_uint_eq(site->domain, ALLOT_DOMAIN_MMAP);
		ck_assert_uint_eq(site->low.ever_bytes, counted[stack].ever_bytes);
		ck_assert_uint_eq(site->low.ever_blocks, counted[stack].ever_blocks);
		ck_assert_uint_eq(site->low.freed_bytes, counted[stack].freed_bytes);
		ck_assert_uint_eq(site->low.freed_blocks, counted[stack].freed_blocks);
	}
	ck_assert_uint_eq(store.header->totals.peak_bytes, peak);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		ck_assert_uint_eq(store.header->lost[i], 0);
}

static void assert_exact(void)
{
	fixture_drain(&store);
	assert_ranges();
	assert_counts();
}

static void map(uint32_t first, uint32_t count, uint32_t stack)
{
	write_event(ALLOT_OP_MAP, first, count, stack);
	model_map(first, first + count, stack);
}

static void unmap(uint32_t first, uint32_t count)
{
	write_event(ALLOT_OP_UNMAP, first, count, 0);
	model_unmap(first, first + count);
}

START_TEST(pieces_can_be_unmapped)
{
	map(10, 10, 1);
	assert_exact();
	unmap(10, 2); /* its beginning */
	assert_exact();
	unmap(18, 5); /* its end, and what is not mapped behind it */
	assert_exact();
	unmap(14, 1); /* out of its middle: two from now on */
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, 2);
	unmap(0, PAGES); /* all that is left, with holes */
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, 0);
	ck_assert_uint_eq(store.header->totals.ever_blocks, 2);
	ck_assert_uint_eq(store.header->totals.freed_blocks, 2);
	unmap(0, PAGES); /* nothing */
	assert_exact();
}
END_TEST

START_TEST(a_mapping_replaces_what_was_there)
{
	map(10, 30, 1);
	map(15, 5, 2); /* inside */
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, 3);
	map(12, 10, 3); /* over all of one, and parts of its neighbours */
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, 3);
	map(12, 10, 4); /* exactly over one */
	assert_exact();
	map(0, PAGES, 0); /* over everything */
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, 1);
}
END_TEST

START_TEST(neighbours_stay_apart)
{
	for (uint32_t i = 0; i < PAGES; i++)
		map(PAGES - 1 - i, 1, 1);
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, PAGES);
	unmap(1, PAGES - 2);
	assert_exact();
	ck_assert_uint_eq(store.header->map_count, 2);
}
END_TEST

START_TEST(anything_in_any_order)
{
	uint64_t random = (uint64_t)_i;

	for (int i = 0; i < 20000; i++) {
		uint32_t first = (uint32_t)(fixture_random(&random) % PAGES);
		uint32_t most = (uint32_t)(1 + fixture_random(&random) % (fixture_random(&random) % 10 ? 8 : PAGES));
		uint32_t count = most < PAGES - first ? most : PAGES - first;

		if (fixture_random(&random) % 5 < 3)
			map(first, count, (uint32_t)(fixture_random(&random) % STACKS));
		else
			unmap(first, count);
		if (i % 10 == 0)
			assert_exact();
	}
	assert_exact();
}
END_TEST

START_TEST(a_full_store_says_so)
{
	uint64_t room;

	tear_down();
	close(fixture_create(&store, ALLOT_STORE_SIZE_MIN, 64));
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	nodes[0] = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 0x1000, 0, 0);
	room = allotp_capacity(&store, ALLOT_REGION_MAPS, sizeof(struct allot_map));
	for (uint32_t i = 0; i < room; i++)
		write_event(ALLOT_OP_MAP, 2 * i, 1, 0);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->map_count, room);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_STORE_FULL], 0);
	write_event(ALLOT_OP_MAP, 2 * (uint32_t)room, 1, 0);
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->map_count, room);
	ck_assert_uint_gt(store.header->lost[ALLOT_LOST_STORE_FULL], 0);
	ck_assert_uint_eq(store.header->totals.ever_blocks, room);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-maps");
	TCase *tcase = tcase_create("maps");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, pieces_can_be_unmapped);
	tcase_add_test(tcase, a_mapping_replaces_what_was_there);
	tcase_add_test(tcase, neighbours_stay_apart);
	tcase_add_loop_test(tcase, anything_in_any_order, 0, 3);
	tcase_add_test(tcase, a_full_store_says_so);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
