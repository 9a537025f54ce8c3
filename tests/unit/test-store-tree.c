/* SPDX-License-Identifier: MIT */
/* Tests of the stack tree: what is put in is found again, by many threads at once and while its index grows. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-fixture.h"
#include "store/tree.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 28)
#define THREADS 8

/* Enough for the index to grow several times while threads use it. */
#define FRAMES (60000u / FIXTURE_SLOWNESS)

static struct allot_store store;

static void set_up(void)
{
	close(fixture_create(&store, STORE_BYTES, 64));
}

static void tear_down(void)
{
	allotp_store_close(&store);
}

static uint32_t child(uint32_t parent, uint64_t address)
{
	uint32_t node = allotp_tree_find(&store, parent, address, 0);

	return node == ALLOT_NODE_NONE ? allotp_tree_insert(&store, parent, address, 0, 0) : node;
}

static void assert_node(uint32_t node, uint32_t parent, uint64_t address)
{
	fixture_require(node >= ALLOT_NODE_FIRST && node < store.header->node_count);
	fixture_require(allotp_node(&store, node)->parent == parent);
	fixture_require(allotp_node(&store, node)->address == address);
}

START_TEST(children_are_told_apart)
{
	uint32_t a = child(ALLOT_NODE_ROOT, 0x1000), b = child(ALLOT_NODE_ROOT, 0x2000), c = child(a, 0x2000), d;

	ck_assert_uint_ne(a, b);
	ck_assert_uint_ne(b, c);
	assert_node(a, ALLOT_NODE_ROOT, 0x1000);
	assert_node(b, ALLOT_NODE_ROOT, 0x2000);
	assert_node(c, a, 0x2000);
	ck_assert_uint_eq(allotp_tree_find(&store, ALLOT_NODE_ROOT, 0x1000, 0), a);
	ck_assert_uint_eq(allotp_tree_find(&store, a, 0x2000, 0), c);
	ck_assert_uint_eq(allotp_tree_find(&store, b, 0x2000, 0), ALLOT_NODE_NONE);
	/* The same address, interrupted by a signal, is another frame. */
	ck_assert_uint_eq(allotp_tree_find(&store, a, 0x2000, ALLOT_NODE_SIGNAL), ALLOT_NODE_NONE);
	d = allotp_tree_insert(&store, a, 0x2000, 0, ALLOT_NODE_SIGNAL);
	ck_assert_uint_ne(d, c);
	ck_assert_uint_eq(allotp_tree_find(&store, a, 0x2000, ALLOT_NODE_SIGNAL), d);
	ck_assert_uint_eq(allotp_tree_find(&store, a, 0x2000, 0), c);
	/* Whoever is late with the same child gets the one that is there. */
	ck_assert_uint_eq(allotp_tree_insert(&store, a, 0x2000, 0, 0), c);
}
END_TEST

START_TEST(nodes_of_a_closed_module_are_dead)
{
	uint32_t old, new;

	ck_assert_int_eq(allotp_store_need(&store, ALLOT_REGION_MODULES, 3 * sizeof(struct allot_store_module)), 0);
	store.header->module_count = 3;
	old = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 0x5000, 1, 0);
	ck_assert_uint_eq(allotp_tree_find(&store, ALLOT_NODE_ROOT, 0x5000, 0), old);
	allotp_module(&store, 1)->dead = 1;
	ck_assert_uint_eq(allotp_tree_find(&store, ALLOT_NODE_ROOT, 0x5000, 0), ALLOT_NODE_NONE);
	new = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 0x5000, 2, 0);
	ck_assert_uint_ne(new, old);
	ck_assert_uint_eq(allotp_tree_find(&store, ALLOT_NODE_ROOT, 0x5000, 0), new);
	ck_assert_uint_eq(allotp_node(&store, old)->module_flags >> ALLOT_NODE_FLAG_BITS, 1);
}
END_TEST

/* The frames of a new stack: the index has the first of them. */
START_TEST(children_right_behind_their_parent_take_no_index)
{
	const uint32_t count = 1000;
	uint32_t first = child(ALLOT_NODE_ROOT, 0), other;

	for (uint32_t i = 1; i < count; i++)
		fixture_require(child(first + i - 1, i) == first + i);
	ck_assert_uint_eq(store.header->index_used[0], 1);
	other = child(first, 0x1000);
	ck_assert_uint_eq(store.header->index_used[0], 2);
	ck_assert_uint_eq(child(other, 0x1001), other + 1);
	ck_assert_uint_eq(store.header->index_used[0], 2);
	for (uint32_t i = 1; i < count; i++)
		fixture_require(allotp_tree_find(&store, first + i - 1, i, 0) == first + i);
	/* Whoever is late with one gets the one that is there. */
	ck_assert_uint_eq(allotp_tree_insert(&store, first, 1, 0, 0), first + 1);
	ck_assert_uint_eq(store.header->node_count, ALLOT_NODE_FIRST + count + 2);
	ck_assert_uint_eq(store.header->index_used[0], 2);
}
END_TEST

START_TEST(growth_moves_every_node)
{
	const uint32_t count = 100000;
	uint32_t first = child(ALLOT_NODE_ROOT, 0);

	for (uint32_t i = 1; i < count; i++)
		fixture_require(child(first + (i - 1) / 3, i) == first + i);
	ck_assert_uint_gt(store.header->index_level, 3);
	for (uint32_t i = 1; i < count; i++)
		fixture_require(allotp_tree_find(&store, first + (i - 1) / 3, i, 0) == first + i);
	ck_assert_uint_eq(store.header->node_count, ALLOT_NODE_FIRST + count);
}
END_TEST

/* ---- many threads ---- */

struct worker {
	pthread_t thread;
	uint32_t number;
	bool shares;            /* all threads add the same frames, in their own order; else each its own */
	uint32_t nodes[FRAMES]; /* by frame; a frame's caller is of a smaller number */
	uint32_t refused;
	uint32_t wrong;
};

static uint64_t address_of(const struct worker *worker, uint32_t frame)
{
	return ((uint64_t)(worker->shares ? 0 : worker->number) << 32) + 0x10000 + frame;
}

static uint32_t caller_of(const struct worker *worker, uint32_t frame)
{
	return frame < 8 ? ALLOT_NODE_ROOT : worker->nodes[frame / 8 - 1];
}

static void add_frame(struct worker *worker, uint32_t frame)
{
	uint32_t caller = caller_of(worker, frame);
	uint64_t address = address_of(worker, frame);
	uint32_t node = child(caller, address);

	worker->nodes[frame] = node;
	if (node == ALLOT_NODE_NONE)
		worker->refused++;
	else if (allotp_node(&store, node)->parent != caller || allotp_node(&store, node)->address != address)
		worker->wrong++;
}

static void *work(void *data)
{
	struct worker *worker = data;

	/* Callers first; among the frames of a block each thread has its own order. */
	for (uint32_t block = 0; block < FRAMES; block += 8) {
		for (uint32_t i = 0; i < 8 && block + i < FRAMES; i++)
			add_frame(worker,
				  block + ((i + worker->number) & 7) % (FRAMES - block < 8 ? FRAMES - block : 8));
	}
	return NULL;
}

static void run_threads(struct worker *workers, bool shares)
{
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i].number = i;
		workers[i].shares = shares;
		ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
	for (uint32_t i = 0; i < THREADS; i++) {
		ck_assert_uint_eq(workers[i].refused, 0);
		ck_assert_uint_eq(workers[i].wrong, 0);
	}
}

START_TEST(threads_that_add_the_same_frames)
{
	struct worker *workers = calloc(THREADS, sizeof(*workers));

	ck_assert_ptr_nonnull(workers);
	run_threads(workers, true);
	/* Twins there may be, but not as many as if nobody found what others had put in. */
	ck_assert_uint_ge(store.header->node_count, ALLOT_NODE_FIRST + FRAMES);
	ck_assert_uint_lt(store.header->node_count, ALLOT_NODE_FIRST + FRAMES * THREADS);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t caller = caller_of(&workers[0], i);

		assert_node(child(caller, address_of(&workers[0], i)), caller, address_of(&workers[0], i));
	}
	free(workers);
}
END_TEST

START_TEST(threads_that_add_frames_of_their_own)
{
	struct worker *workers = calloc(THREADS, sizeof(*workers));

	ck_assert_ptr_nonnull(workers);
	run_threads(workers, false);
	for (uint32_t i = 0; i < THREADS; i++) {
		for (uint32_t j = 0; j < FRAMES; j++) {
			uint32_t caller = caller_of(&workers[i], j);

			assert_node(workers[i].nodes[j], caller, address_of(&workers[i], j));
			/* One that came into no table, as whoever made the next had no processor, is added again. */
			assert_node(child(caller, address_of(&workers[i], j)), caller, address_of(&workers[i], j));
		}
	}
	ck_assert_uint_gt(store.header->index_level, 3);
	free(workers);
}
END_TEST

/* ---- limits ---- */

START_TEST(a_full_store_refuses)
{
	struct allot_store small;
	uint64_t room;
	uint32_t added = 0;

	close(fixture_create(&small, ALLOT_STORE_SIZE_MIN, 64));
	room = allotp_capacity(&small, ALLOT_REGION_NODES, sizeof(struct allot_store_node));
	for (uint64_t i = 0; i < room + 10; i++)
		added += allotp_tree_insert(&small, ALLOT_NODE_ROOT, i, 0, 0) != ALLOT_NODE_NONE;
	ck_assert_uint_eq(added, room - ALLOT_NODE_FIRST);
	/* Those that are in it are still found. */
	for (uint64_t i = 0; i < added; i++)
		fixture_require(allotp_tree_find(&small, ALLOT_NODE_ROOT, i, 0) != ALLOT_NODE_NONE);
	allotp_store_close(&small);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-tree");
	TCase *tcase = tcase_create("tree");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, children_are_told_apart);
	tcase_add_test(tcase, nodes_of_a_closed_module_are_dead);
	tcase_add_test(tcase, children_right_behind_their_parent_take_no_index);
	tcase_add_test(tcase, growth_moves_every_node);
	tcase_add_loop_test(tcase, threads_that_add_the_same_frames, 0, 2);
	tcase_add_loop_test(tcase, threads_that_add_frames_of_their_own, 0, 2);
	tcase_add_test(tcase, a_full_store_refuses);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
