/* SPDX-License-Identifier: MIT */
/* Where objects lie: classes, pools, arenas, and numbers that add up to the byte. */
#include <allot/pool.h>
#include <stdio.h>
#include <string.h>

#include "object-sample.h"
#include "unit.h"

#define POOLS_OF_AN_ARENA (ALLOT_POOL_ARENA_SIZE / ALLOT_POOL_SIZE)
#define HEADER 48

static struct allot_pool_usage stats;

static void assert_sums(void)
{
	size_t used = 0, free = 0, pools = 0;

	allot_pool_stats(heap, &stats);
	for (size_t i = 0; i < ALLOT_POOL_CLASSES; i++) {
		size_t size = (i + 1) * ALLOT_POOL_CLASS_SIZE;

		used += stats.classes[i].used_blocks * size;
		free += stats.classes[i].free_blocks * size;
		pools += stats.classes[i].pools;
	}
	ck_assert_uint_eq(stats.total, stats.arenas * ALLOT_POOL_ARENA_SIZE);
	ck_assert_uint_eq(stats.in_used_blocks, used);
	ck_assert_uint_eq(stats.in_free_blocks, free);
	ck_assert_uint_eq(stats.in_free_pools, stats.free_pools * ALLOT_POOL_SIZE);
	ck_assert_uint_eq(pools + stats.free_pools, stats.arenas * POOLS_OF_AN_ARENA);
	ck_assert_uint_eq(stats.in_used_blocks + stats.in_free_blocks + stats.in_free_pools + stats.in_pool_headers +
				  stats.in_quantization + stats.in_arena_alignment,
			  stats.total);
}

static struct allot_type type_of_size(size_t size)
{
	return (struct allot_type){ .name = "sized", .size = size };
}

START_TEST(classes)
{
	size_t size = (size_t)_i;
	struct allot_type type = type_of_size(size);
	unsigned class = (unsigned)(size - 1) / 16;
	void *object = allot_new(heap, &type);

	memset((char *)object + 16, 0xff, size - 16);
	assert_sums();
	if (size <= 512) {
		ck_assert_uint_eq(stats.classes[class].used_blocks, 1);
		ck_assert_uint_eq(stats.classes[class].free_blocks,
				  (ALLOT_POOL_SIZE - HEADER) / ((class + 1) * 16) - 1);
		ck_assert_uint_eq(stats.large_blocks, 0);
		ck_assert(allot_pool_owns(heap, object));
	} else {
		ck_assert_uint_eq(stats.arenas, 0);
		ck_assert_uint_eq(stats.large_blocks, 1);
		ck_assert_uint_eq(stats.in_large_blocks, size);
		ck_assert(!allot_pool_owns(heap, object));
	}
	allot_unref(object);
	assert_sums();
	ck_assert_uint_eq(stats.in_used_blocks + stats.large_blocks + stats.in_large_blocks, 0);
	/* The same memory again, zeroed. */
	object = allot_new(heap, &type);
	for (size_t i = 16; i < size; i++)
		if (((char *)object)[i])
			ck_abort();
	allot_unref(object);
}
END_TEST

START_TEST(foreign_addresses)
{
	struct allot_heap *other;
	struct leaf *leaf = allot_new(heap, &leaf_type), *theirs;
	int local;

	ck_assert_int_eq(allot_heap_create(0, &other), 0);
	theirs = allot_new(other, &leaf_type);
	ck_assert(allot_pool_owns(heap, leaf) && allot_pool_owns(other, theirs));
	ck_assert(!allot_pool_owns(heap, theirs) && !allot_pool_owns(other, leaf));
	ck_assert(!allot_pool_owns(heap, NULL) && !allot_pool_owns(heap, &local));
	ck_assert(!allot_pool_owns(heap, (void *)UINTPTR_MAX) && !allot_pool_owns(heap, (void *)(uintptr_t)12345));
	allot_unref(leaf);
	allot_unref(theirs);
	ck_assert_int_eq(allot_heap_destroy(other), 0);
	ck_assert(!allot_pool_owns(heap, theirs));
}
END_TEST

#define MANY 20000

static void *objects[MANY];

START_TEST(arenas_come_and_go)
{
	struct allot_type type = type_of_size(512);
	size_t per_pool = (ALLOT_POOL_SIZE - HEADER) / 512, per_arena = per_pool * POOLS_OF_AN_ARENA;

	for (size_t i = 0; i < per_arena * 3; i++)
		objects[i] = allot_new(heap, &type);
	assert_sums();
	ck_assert_uint_eq(stats.arenas, 3);
	ck_assert_uint_eq(stats.free_pools, 0);
	/* All but one of each arena: the arenas stay, the pools are free. */
	for (size_t i = 0; i < per_arena * 3; i++)
		if (i % per_arena)
			allot_unref(objects[i]);
	assert_sums();
	ck_assert_uint_eq(stats.arenas, 3);
	ck_assert_uint_eq(stats.free_pools, 3 * POOLS_OF_AN_ARENA - 3);
	ck_assert_uint_eq(stats.classes[31].used_blocks, 3);
	/* Two arenas run empty and go; the last stays for what comes. */
	for (size_t i = 0; i < 3; i++)
		allot_unref(objects[i * per_arena]);
	assert_sums();
	ck_assert_uint_eq(stats.arenas, 1);
	ck_assert_uint_eq(stats.arenas_ever, 3);
	ck_assert_uint_eq(stats.arenas_peak, 3);
	ck_assert_uint_eq(stats.in_used_blocks, 0);
}
END_TEST

/* New pools come from the arena with the fewest free ones. */
START_TEST(fullest_arena_first)
{
	struct allot_type type = type_of_size(512), other_type = type_of_size(256);
	size_t per_pool = (ALLOT_POOL_SIZE - HEADER) / 512, per_arena = per_pool * POOLS_OF_AN_ARENA;
	void *other;

	for (size_t i = 0; i < per_arena * 2; i++)
		objects[i] = allot_new(heap, &type);
	/* The first arena is left with one pool, the second with all but three. */
	for (size_t i = per_pool; i < per_arena; i++)
		allot_unref(objects[i]);
	for (size_t i = per_arena; i < per_arena + 3 * per_pool; i++)
		allot_unref(objects[i]);
	assert_sums();
	ck_assert_uint_eq(stats.arenas, 2);
	/* One of those that are empty stays with its class, for what may come next. */
	ck_assert_uint_eq(stats.free_pools, POOLS_OF_AN_ARENA - 1 + 3 - 1);
	ck_assert_uint_eq(stats.classes[31].free_blocks, per_pool);
	other = allot_new(heap, &other_type);
	ck_assert_uint_eq((uintptr_t)other / ALLOT_POOL_ARENA_SIZE,
			  (uintptr_t)objects[per_arena + 3 * per_pool] / ALLOT_POOL_ARENA_SIZE);
	/* So the first can go. */
	for (size_t i = 0; i < per_pool; i++)
		allot_unref(objects[i]);
	assert_sums();
	ck_assert_uint_eq(stats.arenas, 1);
	for (size_t i = per_arena + 3 * per_pool; i < per_arena * 2; i++)
		allot_unref(objects[i]);
	allot_unref(other);
}
END_TEST

START_TEST(random_sizes)
{
	struct allot_type types[40];
	uint64_t random = (uint64_t)_i + 1;
	size_t bytes, live = 0;

	for (size_t i = 0; i < 40; i++)
		types[i] = type_of_size(16 + i * 13);
	for (int i = 0; i < 200000 / SAMPLE_SLOWNESS; i++) {
		size_t at;

		random = random * UINT64_C(6364136223846793005) + 1;
		at = (size_t)(random >> 40) % MANY;
		if (objects[at]) {
			allot_unref(objects[at]);
			objects[at] = NULL;
			live--;
		} else {
			objects[at] = allot_new(heap, &types[(random >> 20) % 40]);
			live++;
		}
		if (i % 20000 == 0)
			assert_sums();
	}
	allot_heap_usage(heap, &bytes, NULL);
	ck_assert_uint_eq(bytes, live);
	for (size_t i = 0; i < MANY; i++)
		allot_unref(objects[i]);
	assert_sums();
	ck_assert_uint_eq(stats.in_used_blocks + stats.large_blocks, 0);
	ck_assert_uint_eq(stats.arenas, 1);
	ck_assert_uint_ge(stats.arenas_peak, SAMPLE_SLOWNESS == 1 ? 4 : 1);
}
END_TEST

START_TEST(without_pools)
{
	struct allot_heap *plain;
	struct pair *pair;

	ck_assert_int_eq(allot_heap_create(ALLOT_HEAP_NO_POOLS, &plain), 0);
	pair = allot_new(plain, &pair_type);
	allot_pool_stats(plain, &stats);
	ck_assert_uint_eq(stats.arenas_ever, 0);
	ck_assert_uint_eq(stats.large_blocks, 1);
	ck_assert_uint_eq(stats.in_large_blocks, sizeof(struct pair) + 32);
	allot_unref(pair);
	ck_assert_int_eq(allot_heap_destroy(plain), 0);

	/* Or by the environment. */
	setenv("ALLOT_OBJECT_POOLS", "0", 1);
	ck_assert_int_eq(allot_heap_create(0, &plain), 0);
	pair = allot_new(plain, &pair_type);
	ck_assert(!allot_pool_owns(plain, pair));
	allot_unref(pair);
	ck_assert_int_eq(allot_heap_destroy(plain), 0);
}
END_TEST

START_TEST(text)
{
	static const char wanted[] = "Small block threshold = 512, in 32 size classes.\n"
				     "\n"
				     "class   size   num pools   blocks in use  avail blocks\n"
				     "-----   ----   ---------   -------------  ------------\n"
				     "    1     32           1               2           508\n"
				     "    3     64           1               1           254\n"
				     "\n"
				     "# arenas allocated total            =                    1\n"
				     "# arenas reclaimed                  =                    0\n"
				     "# arenas highwater mark             =                    1\n"
				     "# arenas allocated current          =                    1\n"
				     "1 arenas * 1048576 bytes            =            1,048,576\n"
				     "\n"
				     "# bytes in allocated blocks         =                  128\n"
				     "# bytes in available blocks         =               32,512\n"
				     "62 unused pools * 16384 bytes       =            1,015,808\n"
				     "2 pool headers * 48 bytes           =                   96\n"
				     "# bytes lost to quantization        =                   32\n"
				     "# bytes lost to arena alignment     =                    0\n"
				     "Total                               =            1,048,576\n"
				     "\n"
				     "# large blocks, from malloc         =                    1\n"
				     "# bytes in large blocks             =                1,000\n";
	struct allot_type large = type_of_size(1000);
	void *kept[] = { allot_new(heap, &leaf_type), allot_new(heap, &leaf_type), pair_new(NULL, NULL),
			 allot_new(heap, &large) };
	char buffer[2048], small[10];

	allot_pool_stats(heap, &stats);
	ck_assert_uint_eq(allot_pool_stats_format(&stats, buffer, sizeof(buffer)), strlen(wanted));
	ck_assert_str_eq(buffer, wanted);
	ck_assert_uint_eq(allot_pool_stats_format(&stats, small, sizeof(small)), strlen(wanted));
	ck_assert_str_eq(small, "Small blo");
	ck_assert_uint_eq(allot_pool_stats_format(&stats, NULL, 0), strlen(wanted));
	for (size_t i = 0; i < 4; i++)
		allot_unref(kept[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("object-pool");
	TCase *cases = tcase_create("pool");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, sample_set_up, sample_tear_down);
	for (int size = 16; size <= 544; size += 33)
		tcase_add_loop_test(cases, classes, size, size + 1);
	tcase_add_loop_test(cases, classes, 512, 514);
	tcase_add_test(cases, foreign_addresses);
	tcase_add_test(cases, arenas_come_and_go);
	tcase_add_test(cases, fullest_arena_first);
	tcase_add_loop_test(cases, random_sizes, 0, 3);
	tcase_add_test(cases, without_pools);
	tcase_add_test(cases, text);
	suite_add_tcase(suite, cases);
	return unit_run(suite);
}
