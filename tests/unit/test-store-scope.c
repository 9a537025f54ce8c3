/* SPDX-License-Identifier: MIT */
/* Tests of names, scopes and budgets: as threads find and make them, and as the drain counts them. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/snapshot.h"
#include "store-scopes.h"
#include "store/drain.h"
#include "store/scope.h"
#include "store/tree.h"
#include "unit.h"

static struct allot_store store;

static void set_up_of(uint64_t size)
{
	close(fixture_create(&store, size, 256));
}

static void set_up(void)
{
	set_up_of(ALLOT_STORE_SIZE_MIN * 4);
}

static void tear_down(void)
{
	allotp_store_close(&store);
}

START_TEST(names_are_kept_once)
{
	char long_name[1000];
	uint64_t bytes;
	uint32_t number;

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	ck_assert_uint_eq(allotp_name_of(&store, ""), 0);
	number = allotp_name_of(&store, "parse");
	ck_assert_uint_ne(number, 0);
	ck_assert_uint_ne(allotp_name_of(&store, "parser"), number);
	allotp_name_of(&store, long_name);
	bytes = store.header->string_bytes;
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_eq(allotp_name_of(&store, "parse"), number);
		allotp_name_of(&store, long_name);
	}
	ck_assert_uint_eq(store.header->string_bytes, bytes);
	ck_assert_uint_eq(store.header->name_count, 3);
	/* What is cut off makes no difference. */
	long_name[ALLOT_NAME_SIZE] = 'y';
	allotp_name_of(&store, long_name);
	ck_assert_uint_eq(store.header->name_count, 3);
}
END_TEST

START_TEST(scopes_are_told_by_name_and_place)
{
	uint32_t load = allotp_scope_of(&store, 0, "load"), save = allotp_scope_of(&store, 0, "save");
	uint32_t parse = allotp_scope_of(&store, load, "parse");

	ck_assert_uint_ne(load, save);
	ck_assert_uint_ne(parse, load);
	ck_assert_uint_ne(allotp_scope_of(&store, save, "parse"), parse);
	ck_assert_uint_ne(allotp_scope_of(&store, 0, "parse"), parse);
	ck_assert_uint_eq(allotp_scope_of(&store, 0, "load"), load);
	ck_assert_uint_eq(allotp_scope_of(&store, load, "parse"), parse);
	ck_assert_uint_eq(allotp_scope(&store, parse)->parent, load);
	ck_assert_uint_eq(store.header->scope_count, 5);
	ck_assert_uint_eq(store.header->dropped_scopes, 0);
}
END_TEST

START_TEST(scope_in_itself_is_itself)
{
	uint32_t parse = allotp_scope_of(&store, 0, "parse");

	ck_assert_uint_eq(allotp_scope_of(&store, parse, "parse"), parse);
	ck_assert_uint_eq(store.header->scope_count, 1);
}
END_TEST

START_TEST(scopes_too_deep_are_counted)
{
	uint32_t scope = 0, depth = 0, next;

	while ((next = allotp_scope_of(&store, scope, depth % 2 ? "a" : "b"))) {
		scope = next;
		depth++;
	}
	ck_assert_uint_eq(depth, ALLOT_NESTING);
	ck_assert_uint_eq(store.header->dropped_scopes, 1);
}
END_TEST

START_TEST(full_store_has_no_more_scopes)
{
	uint32_t made = 0;
	char name[32];

	tear_down();
	set_up_of(ALLOT_STORE_SIZE_MIN);
	for (uint32_t i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "region %u", i);
		made += allotp_scope_of(&store, 0, name) != 0;
	}
	ck_assert_uint_gt(made, 500);
	ck_assert_uint_eq(store.header->dropped_scopes, 10000 - made);
	ck_assert_uint_ne(allotp_scope_of(&store, 0, "region 0"), 0);
}
END_TEST

enum { THREADS = 4, NAMES = 300 };

static uint32_t found[THREADS][NAMES];

static void *make_all(void *argument)
{
	uint32_t *numbers = argument, outer = 0;
	char name[32];

	for (uint32_t i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "region %u", i);
		if (i % 50 == 0)
			outer = 0;
		numbers[i] = outer = allotp_scope_of(&store, outer, name);
	}
	return NULL;
}

START_TEST(threads_agree)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, make_all, found[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < THREADS; i++) {
		for (int j = 0; j < NAMES; j++) {
			ck_assert_uint_ne(found[0][j], 0);
			ck_assert_uint_eq(found[i][j], found[0][j]);
		}
	}
}
END_TEST

/* ---- budgets ---- */

static int cleaned;

static void clean(void)
{
	cleaned++;
}

START_TEST(budgets_are_used_again_when_they_are_clean)
{
	uint32_t head = 0, first = allotp_budget_of(&store, &head, 1, 0, clean), second;

	ck_assert_uint_eq(allotp_budget_of(&store, &head, 1, 0, clean), first);
	ck_assert_uint_ne(allotp_budget_of(&store, &head, 2, 0, clean), first);
	ck_assert_uint_ne(allotp_budget_of(&store, &head, 1, first, clean), first);
	allotp_budget(&store, first)->now.ever_blocks = 1;
	second = allotp_budget_of(&store, &head, 1, 0, clean);
	ck_assert_uint_ne(second, first);
	allotp_budget(&store, first)->now.freed_blocks = 1;
	allotp_budget(&store, second)->now.ever_blocks = 1;
	ck_assert_uint_eq(allotp_budget_of(&store, &head, 1, 0, clean), first);
	ck_assert_int_eq(cleaned, 0);
	allotp_budget(&store, first)->abandoned = 1;
	ck_assert_uint_eq(allotp_budget_of(&store, &head, 1, 0, clean), first);
	ck_assert_int_eq(cleaned, 1);
}
END_TEST

START_TEST(budgets_that_are_never_clean_are_bounded)
{
	uint32_t head = 0;

	for (int i = 0; i < 10000; i++)
		allotp_budget(&store, allotp_budget_of(&store, &head, 1, 0, clean))->now.ever_blocks++;
	ck_assert_uint_eq(store.header->budget_count, 64);
}
END_TEST

START_TEST(budgets_too_deep_are_none)
{
	uint32_t head = 0, budget = 0, depth = 0, next;

	while ((next = allotp_budget_of(&store, &head, 1, budget, clean))) {
		budget = next;
		depth++;
	}
	ck_assert_uint_eq(depth, ALLOT_NESTING);
}
END_TEST

/* ---- the drain ---- */

START_TEST(random_events_are_counted_in_all_scopes)
{
	struct allot_producer producers[3];
	struct store_scopes scopes;
	struct store_model model;
	uint64_t random = (uint64_t)_i + 1, stamp = 1;

	model_init(&model, &store, 200);
	scopes_init(&scopes, &model, &store);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, 100 + i, stamp++), 0);
		model.events++;
	}
	for (int i = 0; i < 20000 / FIXTURE_SLOWNESS; i++) {
		struct model_event event = model_random_event(&model, &random, 3);

		event.stack %= 8;
		model_apply(&model, &event);
		scopes_follow(&scopes, &event);
		fixture_require(fixture_write(&producers[event.slot], model_encode(&model, &event, stamp++)));
		if (fixture_random(&random) % 200 == 0) {
			int which = SCOPES_OUTER + (int)(fixture_random(&random) % 2);

			fixture_require(fixture_write(&producers[0], scopes_begin(&scopes, which, stamp++)));
		}
		if (fixture_random(&random) % 100 == 0) {
			fixture_drain(&store);
			ck_assert_pstr_eq(scopes_difference(&scopes, &store), NULL);
		}
	}
	fixture_drain(&store);
	ck_assert_pstr_eq(model_difference(&model, &store), NULL);
	ck_assert_pstr_eq(scopes_difference(&scopes, &store), NULL);
	model_free(&model);
}
END_TEST

/* What a share had when its budget was at its peak. */
START_TEST(shares_keep_what_was_live_at_the_peak)
{
	struct allot_producer producer;
	struct store_scopes scopes;
	struct store_model model;
	const struct allot_store_share *share;
	uint64_t stamp = 10;

	model_init(&model, &store, 16);
	scopes_init(&scopes, &model, &store);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	fixture_write(&producer, scopes_begin(&scopes, SCOPES_OUTER, stamp++));
	for (uint32_t i = 0; i < 5; i++) {
		struct model_event event = {
			.op = i < 3 ? ALLOT_OP_ALLOC : ALLOT_OP_FREE, .block = i % 3 * 2, .size = 100, .stack = 3
		};

		fixture_write(&producer, model_encode(&model, &event, stamp++));
	}
	fixture_drain(&store);
	share = allotp_share(&store, allotp_budget(&store, scopes.numbers[SCOPES_OUTER])->share);
	ck_assert_uint_eq(allotp_budget(&store, scopes.numbers[SCOPES_OUTER])->now.peak_bytes, 300);
	ck_assert_uint_eq(share->now.peak_bytes, 300);
	ck_assert_uint_eq(share->now.peak_blocks, 3);
	ck_assert_uint_eq(share->now.ever_bytes - share->now.freed_bytes, 100);
	model_free(&model);
}
END_TEST

START_TEST(mappings_count_in_scopes_and_not_in_budgets)
{
	struct allot_producer producer;
	struct store_scopes scopes;
	struct store_model model;
	const struct allot_scope_counters *load;

	model_init(&model, &store, 16);
	scopes_init(&scopes, &model, &store);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	fixture_write(&producer, scopes_begin(&scopes, SCOPES_INNER, 2));
	fixture_write(&producer, (struct fixture_event){ .stamp = 3,
							 .op = ALLOT_OP_MAP,
							 .address = 0x10000,
							 .size = 3 * 4096,
							 .stack = model.nodes[5],
							 .domain = ALLOT_DOMAIN_MMAP });
	fixture_write(&producer,
		      (struct fixture_event){ .stamp = 4, .op = ALLOT_OP_UNMAP, .address = 0x11000, .size = 4096 });
	fixture_drain(&store);
	load = &allotp_scope(&store, scopes.numbers[SCOPES_LOAD])->counters;
	ck_assert_uint_eq(load->peak_bytes, 3 * 4096);
	ck_assert_uint_eq(load->ever_bytes - load->freed_bytes, 2 * 4096);
	ck_assert_uint_eq(load->ever_blocks - load->freed_blocks, 2);
	ck_assert_uint_eq(allotp_budget(&store, scopes.numbers[SCOPES_INNER])->now.ever_blocks, 0);
	model_free(&model);
}
END_TEST

static void write_block(struct allot_producer *producer, enum allot_op op, uint64_t stamp, uint64_t address,
			uint64_t size, uint32_t stack)
{
	fixture_require(fixture_write(
		producer,
		(struct fixture_event){
			.stamp = stamp, .op = (uint8_t)op, .address = address, .size = size, .stack = stack }));
}

/* Two threads take turns, far below what the program had at its peak: that of a scope, or of a budget, is exact all the same. */
START_TEST(peaks_are_exact_where_the_whole_has_none)
{
	struct allot_producer producers[2];
	uint32_t scope = 0, budget = 0, head = 0, none, here;
	uint64_t peak;

	if (_i)
		budget = allotp_budget_of(&store, &head, 1, 0, clean);
	else
		scope = allotp_scope_of(&store, 0, "load");
	none = allotp_tree_insert(&store, ALLOT_NODE_ROOT, 0x1000, 0, 0);
	here = allotp_scope_node(&store, none, scope, budget);
	for (uint32_t i = 0; i < 2; i++)
		ck_assert_int_eq(allotp_producer_attach(&producers[i], &store, i + 1, 1), 0);
	write_block(&producers[0], ALLOT_OP_ALLOC, 2, 0x10000, 1000000, none);
	write_block(&producers[0], ALLOT_OP_FREE, 3, 0x10000, 0, 0);
	write_block(&producers[0], ALLOT_OP_ALLOC, 4, 0x20000, 100, here);
	fixture_drain(&store);
	write_block(&producers[0], ALLOT_OP_ALLOC, 10, 0x30000, 100, here);
	write_block(&producers[1], ALLOT_OP_FREE, 20, 0x20000, 0, 0);
	write_block(&producers[1], ALLOT_OP_ALLOC, 30, 0x40000, 1, none);
	write_block(&producers[0], ALLOT_OP_ALLOC, 40, 0x50000, 1, none);
	fixture_drain(&store);
	peak = _i ? allotp_budget(&store, budget)->now.peak_bytes : allotp_scope(&store, scope)->counters.peak_bytes;
	ck_assert_uint_eq(peak, 200);
	ck_assert_uint_eq(store.header->totals.peak_bytes, 1000000);
}
END_TEST

/* What a damaged store says of scopes and budgets is counted, and not followed. */
START_TEST(damaged_scopes_are_not_followed)
{
	struct allot_producer producer;
	struct store_model model;

	model_init(&model, &store, 16);
	model.nodes[1] = allotp_scope_node(&store, model.nodes[0], _i ? 0 : 77, _i ? 77 : 0);
	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	fixture_write(&producer,
		      model_encode(&model, &(struct model_event){ .op = ALLOT_OP_ALLOC, .size = 10, .stack = 1 }, 2));
	fixture_write(&producer, (struct fixture_event){ .stamp = 3, .op = ALLOT_OP_BUDGET, .address = ALLOT_LOW48 });
	fixture_drain(&store);
	ck_assert_uint_eq(store.header->totals.ever_bytes, 10);
	ck_assert_uint_eq(store.header->lost[ALLOT_LOST_CORRUPT], 2);
	model_free(&model);
}
END_TEST

START_TEST(marks_are_bounded)
{
	struct allot_producer producer;
	uint32_t name = allotp_name_of(&store, "tick");

	ck_assert_int_eq(allotp_producer_attach(&producer, &store, 1, 1), 0);
	for (uint32_t i = 0; i < ALLOT_MARKS + 100; i++) {
		fixture_require(fixture_write(
			&producer, (struct fixture_event){ .stamp = 2 + i, .op = ALLOT_OP_MARK, .address = name }));
		if (i % 1000 == 0)
			fixture_drain(&store);
	}
	fixture_drain(&store);
	ck_assert_uint_le(store.header->mark_count, ALLOT_MARKS);
	ck_assert_uint_gt(store.header->mark_count, 1000);
	ck_assert_uint_eq(store.header->mark_count + store.header->dropped_marks, ALLOT_MARKS + 100);
	ck_assert_uint_eq(store.header->stopped, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-scope");
	TCase *tcase = tcase_create("scope");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, names_are_kept_once);
	tcase_add_test(tcase, scopes_are_told_by_name_and_place);
	tcase_add_test(tcase, scope_in_itself_is_itself);
	tcase_add_test(tcase, scopes_too_deep_are_counted);
	tcase_add_test(tcase, full_store_has_no_more_scopes);
	tcase_add_test(tcase, threads_agree);
	tcase_add_test(tcase, budgets_are_used_again_when_they_are_clean);
	tcase_add_test(tcase, budgets_that_are_never_clean_are_bounded);
	tcase_add_test(tcase, budgets_too_deep_are_none);
	tcase_add_loop_test(tcase, random_events_are_counted_in_all_scopes, 0, 5);
	tcase_add_test(tcase, shares_keep_what_was_live_at_the_peak);
	tcase_add_test(tcase, mappings_count_in_scopes_and_not_in_budgets);
	tcase_add_loop_test(tcase, peaks_are_exact_where_the_whole_has_none, 0, 2);
	tcase_add_loop_test(tcase, damaged_scopes_are_not_followed, 0, 2);
	tcase_add_test(tcase, marks_are_bounded);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
