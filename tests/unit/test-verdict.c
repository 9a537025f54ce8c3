/* SPDX-License-Identifier: MIT */
/* Tests lib/gate/verdict.c: what a verdict is made of, the order of its findings, and that any allocation for it may fail. */
#include "gate/verdict.h"

#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "failing.h"
#include "report-sample.h"
#include "unit.h"

static struct side {
	struct allot_snapshot *snapshot;
	struct allot_view view;
} now, before;

static struct allot_budget budget;
static struct allot_suppressions suppressions;
static struct allot_case judged;

/* What main() calls a function for, and that still holds. */
struct part {
	uint64_t offset;
	const char *frame;
	struct allot_count live;
};

static void open_side(struct side *side, const struct part *parts, size_t count)
{
	side->snapshot = sample_new();
	for (size_t i = 0; i < count; i++) {
		uint32_t node = sample_frame(side->snapshot, ALLOT_NODE_ROOT, 0x100, "main main.c:10");

		node = sample_frame(side->snapshot, node, parts[i].offset, parts[i].frame);
		sample_site(side->snapshot, node, parts[i].live, parts[i].live);
	}
	side->view.snapshot = side->snapshot;
	ck_assert_int_eq(allotp_resolver_new(side->snapshot, NULL, NULL, &side->view.resolver), 0);
}

static void close_side(struct side *side)
{
	allotp_resolver_free(side->view.resolver);
	allotp_snapshot_free(side->snapshot);
}

static const struct part parts_before[] = {
	{ 0x200, "beta beta.c:1", { 100, 1 } },
	{ 0x300, "gamma gamma.c:1", { 100, 1 } },
	{ 0x400, "delta delta.c:1", { 100, 1 } },
};

static const struct part parts_now[] = {
	{ 0x500, "alpha alpha.c:1", { 30, 1 } },   /* new: +30 +1 */
	{ 0x200, "beta beta.c:1", { 130, 4 } },    /* +30 +3 */
	{ 0x300, "gamma gamma.c:1", { 1100, 2 } }, /* +1000 +1 */
	{ 0x400, "delta delta.c:1", { 100, 1 } },
};

static void set_up(void)
{
	open_side(&now, parts_now, sizeof(parts_now) / sizeof(parts_now[0]));
	open_side(&before, parts_before, sizeof(parts_before) / sizeof(parts_before[0]));
	judged = (struct allot_case){
		.now = &now.view,
		.name = "now.snap",
		.before_name = "before.snap",
		.budget = &budget,
		.suppressions = &suppressions,
		.root = "",
	};
	suppressions = (struct allot_suppressions){ .today = 20261121 };
}

static void tear_down(void)
{
	allotp_suppressions_release(&suppressions);
	allotp_budget_release(&budget);
	close_side(&before);
	close_side(&now);
}

static void set_budget(const char *text)
{
	struct allot_error error = { "" };

	ck_assert_msg(allotp_budget_parse(&budget, "budget.json", text, strlen(text), &error) == 0, "%s", error.text);
}

static struct allot_verdict *judge(void)
{
	struct allot_verdict *verdict;

	ck_assert_int_eq(allotp_verdict_new(&judged, &verdict), 0);
	return verdict;
}

START_TEST(passes_what_keeps_its_limits)
{
	struct allot_verdict *verdict;

	set_budget("{\"version\": 1, \"program\": {\"live\": 1360, \"peak\": \"1 MiB\"}}");
	verdict = judge();
	ck_assert_uint_eq(verdict->check_count, 2);
	ck_assert_int_eq(verdict->checks[0].result, ALLOT_RESULT_PASS);
	ck_assert_int_eq(verdict->checks[1].result, ALLOT_RESULT_PASS);
	ck_assert_uint_eq(verdict->checks[0].now.bytes, 1360);
	ck_assert_uint_eq(verdict->checks[0].now.blocks, 8);
	ck_assert_uint_eq(verdict->finding_count, 0);
	ck_assert(!verdict->over && !verdict->refused);
	allotp_verdict_free(verdict);
}
END_TEST

START_TEST(one_byte_too_many_is_over)
{
	struct allot_verdict *verdict;

	set_budget("{\"version\": 1, \"program\": {\"live\": 1359, \"peak\": \"1 MiB\"}}");
	verdict = judge();
	ck_assert_int_eq(verdict->checks[0].result, ALLOT_RESULT_OVER);
	ck_assert_int_eq(verdict->checks[1].result, ALLOT_RESULT_PASS);
	ck_assert_uint_eq(verdict->finding_count, 1);
	ck_assert(!verdict->findings[0].site && !verdict->findings[0].compared);
	ck_assert(verdict->over && !verdict->refused);
	allotp_verdict_free(verdict);
}
END_TEST

START_TEST(relative_limits_need_a_baseline)
{
	struct allot_verdict *verdict;

	set_budget("{\"version\": 1, \"program\": {\"live\": \"+0\"}}");
	verdict = judge();
	ck_assert_int_eq(verdict->checks[0].result, ALLOT_RESULT_UNCHECKED);
	ck_assert_str_eq(verdict->checks[0].reason, "no baseline");
	ck_assert_uint_eq(verdict->moved.count, 0);
	ck_assert(!verdict->over);
	allotp_verdict_free(verdict);
	judged.before = &before.view;
	verdict = judge();
	ck_assert_int_eq(verdict->checks[0].result, ALLOT_RESULT_OVER);
	ck_assert_uint_eq(verdict->checks[0].before.bytes, 300);
	ck_assert_uint_eq(verdict->moved.count, 4);
	allotp_verdict_free(verdict);
}
END_TEST

/* Whole parts before call sites, however little they are over; of those the one that has most more, bytes before blocks. */
START_TEST(the_worst_comes_first)
{
	static const uint64_t bytes[] = { 130, 1100, 130, 30 };
	struct allot_verdict *verdict;

	set_budget(
		"{\"version\": 1, \"growth\": {\"live\": \"+0\"}, \"sites\": [{\"filters\": [\"+*beta.c\"], \"live\": 100}]}");
	judged.before = &before.view;
	verdict = judge();
	ck_assert_uint_eq(verdict->finding_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(verdict->findings[i].now.bytes, bytes[i]);
		ck_assert(verdict->findings[i].site == (i > 0));
	}
	allotp_verdict_free(verdict);
}
END_TEST

START_TEST(suppressed_sites_do_not_grow)
{
	static const char text[] = "leak:gamma\n";
	struct allot_error error = { "" };
	struct allot_verdict *verdict;

	ck_assert_int_eq(allotp_suppressions_parse(&suppressions, "x.supp", text, strlen(text), &error), 0);
	set_budget("{\"version\": 1, \"growth\": {\"live\": \"+0\"}}");
	judged.before = &before.view;
	verdict = judge();
	ck_assert_uint_eq(verdict->finding_count, 2);
	ck_assert_uint_eq(verdict->findings[0].now.bytes, 130);
	ck_assert_uint_eq(verdict->findings[1].now.bytes, 30);
	allotp_verdict_free(verdict);
}
END_TEST

START_TEST(incomplete_data_is_refused)
{
	struct allot_verdict *verdict;

	set_budget("{\"version\": 1, \"program\": {\"live\": \"1 MiB\"}}");
	now.snapshot->trust.lost[ALLOT_LOST_STORE_FULL] = 2;
	before.snapshot->trust.stopped = true;
	judged.before = &before.view;
	verdict = judge();
	ck_assert_uint_eq(verdict->incomplete_count, 2);
	ck_assert(strncmp(verdict->incomplete[0], "2 events were lost", 18) == 0);
	ck_assert_str_eq(verdict->incomplete[1], "baseline: recording stopped before the program ended");
	ck_assert(verdict->refused && !verdict->over);
	allotp_verdict_free(verdict);
	judged.allow_incomplete = true;
	verdict = judge();
	ck_assert_uint_eq(verdict->incomplete_count, 2);
	ck_assert(!verdict->refused && !verdict->over);
	allotp_verdict_free(verdict);
}
END_TEST

/* Nothing is half done: no verdict, and what was made for it is freed, as AddressSanitizer sees. */
START_TEST(every_failing_allocation_is_told)
{
	struct allot_verdict *untouched = (struct allot_verdict *)&judged;

	set_budget(
		"{\"version\": 1, \"program\": {\"live\": 1000, \"peak\": \"+5%\"}, \"domains\": {\"malloc\": {\"ever\": 1}},"
		" \"regions\": {\"none\": {\"ever\": 1}}, \"modules\": {\"sample\": {\"live\": 1}},"
		" \"sites\": [{\"name\": \"x\", \"filters\": [\"+*beta.c\"], \"live\": 1}],"
		" \"growth\": {\"live\": \"+0\"}}");
	now.snapshot->trust.stopped = true;
	judged.before = &before.view;
	for (unsigned long n = 0;; n++) {
		struct allot_verdict *verdict = untouched;
		static const char text[] = "leak:gamma\nleak:unused\n";
		struct allot_error error = { "" };
		int result;

		allotp_suppressions_release(&suppressions);
		suppressions = (struct allot_suppressions){ .today = 20261121 };
		ck_assert_int_eq(allotp_suppressions_parse(&suppressions, "x.supp", text, strlen(text), &error), 0);
		failing_begin(n);
		result = allotp_verdict_new(&judged, &verdict);
		if (!failing_end()) {
			ck_assert_int_eq(result, 0);
			ck_assert_uint_gt(n, 50); /* or little was tested */
			ck_assert(verdict->over && verdict->refused && verdict->note_count);
			allotp_verdict_free(verdict);
			return;
		}
		ck_assert_msg(result == -ENOMEM, "allocation %lu: %d", n, result);
		ck_assert_ptr_eq(verdict, untouched);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tcase = tcase_create("verdict");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, passes_what_keeps_its_limits);
	tcase_add_test(tcase, one_byte_too_many_is_over);
	tcase_add_test(tcase, relative_limits_need_a_baseline);
	tcase_add_test(tcase, the_worst_comes_first);
	tcase_add_test(tcase, suppressed_sites_do_not_grow);
	tcase_add_test(tcase, incomplete_data_is_refused);
	tcase_add_test(tcase, every_failing_allocation_is_told);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
