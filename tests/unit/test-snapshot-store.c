/* SPDX-License-Identifier: MIT */
/* Tests that a store which the drainer really filled freezes to exactly what happened. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "snapshot-sample.h"
#include "snapshot/check.h"
#include "snapshot/freeze.h"
#include "store/apply.h"
#include "store/live.h"
#include "store/tree.h"
#include "unit.h"

#define STORE_BYTES (UINT64_C(1) << 28)
#define BLOCKS 20000 /* many enough that the live table splits its pages several times */
#define EVENTS 100000
#define STACKS 16

/* What the program itself would have counted. */
struct model {
	uint64_t sizes[BLOCKS]; /* by block; 0: not live */
	uint32_t stacks[BLOCKS];
	struct allot_count live[STACKS], ever[STACKS], peak[STACKS];
	struct allot_count live_total, peak_total;
};

static struct allot_store store;
static uint32_t stacks[STACKS];
static struct model model;
static uint64_t event_count;
static struct allot_cursor cursor; /* of the only slot */

/* Each stack is a leaf of its own below a common caller, which two threads have put in. */
static void add_stacks(void)
{
	uint32_t first = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 0x1000, 0, 0), second;

	/* what the tree does when another thread was faster, but not fast enough to be found */
	second = (uint32_t)store.header->node_count++;
	*allotp_node(&store, second) = *allotp_node(&store, first);
	for (uint32_t i = 0; i < STACKS; i++)
		stacks[i] = allotp_tree_insert(&store, i & 1 ? first : second, 0x2000 + i / 2, 0, 0);
}

static void set_up(void)
{
	int fd = memfd_create("store", MFD_CLOEXEC);

	memset(&model, 0, sizeof(model));
	event_count = 0;
	cursor = (struct allot_cursor){ 0 };
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)STORE_BYTES), 0);
	ck_assert_int_eq(allotp_store_create(&store, fd, STORE_BYTES, NULL), 0);
	close(fd);
	ck_assert_int_eq(allotp_tree_init(&store), 0);
	ck_assert_int_eq(allotp_live_init(&store), 0);
	/* Of two threads, which have added the same nodes; but one writes here. */
	ck_assert_int_eq(allotp_store_need(&store, ALLOT_REGION_SLOTS, 2 * sizeof(struct allot_slot)), 0);
	store.header->slot_count = 2;
	store.header->string_bytes = 1;
	store.header->clock = ALLOT_CLOCK_MONOTONIC;
	store.header->ready = 1;
	add_stacks();
}

static void tear_down(void)
{
	allotp_store_close(&store);
}

static uint64_t address_of(uint32_t block)
{
	return 0x7f0000000000 + block * UINT64_C(64);
}

static void apply(enum allot_op op, uint32_t block, uint64_t size, uint32_t stack)
{
	struct allot_batch *batch = allotp_batch_begin(&store);
	uint64_t applied = 0;
	struct allot_event event = {
		.stamp = event_count,
		.stack = stack,
		.key = allotp_live_key(address_of(block), 0),
		.what = allotp_event_what(size, (uint8_t)op, 0),
	};

	ck_assert_ptr_nonnull(batch);
	cursor.event = &event;
	cursor.number = event_count++;
	cursor.stop = cursor.limit = event_count;
	ck_assert(!allotp_apply_run(batch, &cursor, UINT64_MAX, &applied));
	ck_assert_uint_eq(applied, 1);
}

static void allocate(uint32_t block, uint64_t size, uint32_t stack)
{
	apply(ALLOT_OP_ALLOC, block, size, stacks[stack]);
	model.sizes[block] = size;
	model.stacks[block] = stack;
	model.live[stack].bytes += size;
	model.live[stack].blocks++;
	model.ever[stack].bytes += size;
	model.ever[stack].blocks++;
	model.live_total.bytes += size;
	model.live_total.blocks++;
	if (model.live_total.bytes > model.peak_total.bytes) {
		model.peak_total = model.live_total;
		memcpy(model.peak, model.live, sizeof(model.peak));
	}
}

static void release(uint32_t block)
{
	struct allot_count *live = &model.live[model.stacks[block]];

	apply(ALLOT_OP_FREE, block, 0, 0);
	live->bytes -= model.sizes[block];
	live->blocks--;
	model.live_total.bytes -= model.sizes[block];
	model.live_total.blocks--;
	model.sizes[block] = 0;
}

/* Two of the stacks are the same to a reader: their callers are twins and their leaves have one address. */
static void assert_same_count(const struct allot_count *count, const struct allot_count pair[2])
{
	ck_assert_uint_eq(count->bytes, pair[0].bytes + pair[1].bytes);
	ck_assert_uint_eq(count->blocks, pair[0].blocks + pair[1].blocks);
}

START_TEST(counters_and_blocks_are_exact)
{
	struct allot_freeze_options options = { .with_blocks = true };
	struct allot_snapshot *snapshot;
	struct allot_error error = { "" };
	uint64_t state = (uint64_t)_i, next = 0;

	for (uint32_t i = 0; i < EVENTS; i++) {
		uint32_t block = (uint32_t)(sample_next(&state) % BLOCKS);

		if (model.sizes[block])
			release(block);
		else
			allocate(block, 1 + sample_next(&state) % 1000, (uint32_t)(sample_next(&state) % STACKS));
	}
	allotp_batch_commit(allotp_batch_begin(&store));
	ck_assert_msg(allotp_freeze(store.base, store.size, &options, &snapshot, &error) == 0, "%s", error.text);
	ck_assert_pstr_eq(allotp_snapshot_check(snapshot), NULL);
	ck_assert_uint_eq(snapshot->trust.lost[ALLOT_LOST_CORRUPT], 0);
	ck_assert_uint_eq(snapshot->live.bytes, model.live_total.bytes);
	ck_assert_uint_eq(snapshot->live.blocks, model.live_total.blocks);
	ck_assert_uint_eq(snapshot->peak.bytes, model.peak_total.bytes);
	ck_assert_uint_eq(snapshot->peak.blocks, model.peak_total.blocks);

	ck_assert_uint_eq(snapshot->node_count, ALLOT_NODE_FIRST + 1 + STACKS / 2);
	ck_assert_uint_eq(snapshot->site_count, STACKS / 2);
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		const struct allot_site *site = &snapshot->sites[i];
		uint64_t pair = 2 * (snapshot->nodes[site->stack].address - 0x2000);

		ck_assert_uint_lt(pair, STACKS);
		assert_same_count(&site->live, &model.live[pair]);
		assert_same_count(&site->ever, &model.ever[pair]);
		assert_same_count(&site->peak, &model.peak[pair]);
	}
	for (uint32_t i = 0; i < BLOCKS; i++) {
		const struct allot_block *block = &snapshot->blocks[next];

		if (!model.sizes[i])
			continue;
		ck_assert_uint_lt(next, snapshot->block_count);
		ck_assert_uint_eq(block->address, address_of(i));
		ck_assert_uint_eq(block->size, model.sizes[i]);
		ck_assert_uint_eq(snapshot->nodes[snapshot->sites[block->site].stack].address,
				  0x2000 + model.stacks[i] / 2);
		next++;
	}
	ck_assert_uint_eq(next, snapshot->block_count);
	allotp_snapshot_free(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot-store");
	TCase *tcase = tcase_create("store");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, counters_and_blocks_are_exact, 0, 3);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
