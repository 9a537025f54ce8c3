/* SPDX-License-Identifier: MIT */
/* Tests cli/pace.c: the pauses between drains, and when processes are looked for. */
#include "pace.h"

#include "unit.h"

START_TEST(many_events_leave_no_pause)
{
	struct allot_pace pace = ALLOT_PACE_START;

	allotp_pace_drained(&pace, ALLOT_PACE_MANY);
	ck_assert_int_eq(pace.pause, 0);
	allotp_pace_drained(&pace, UINT64_MAX);
	ck_assert_int_eq(pace.pause, 0);
	allotp_pace_drained(&pace, ALLOT_PACE_MANY - 1);
	ck_assert_int_eq(pace.pause, 1);
}
END_TEST

START_TEST(pauses_double_while_nothing_comes)
{
	static const int pauses[] = { 3, 7, 15, 31, 50, 50 };
	struct allot_pace pace = ALLOT_PACE_START;

	ck_assert_int_eq(pace.pause, 1);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		allotp_pace_drained(&pace, 0);
		ck_assert_int_eq(pace.pause, pauses[i]);
	}
}
END_TEST

START_TEST(one_event_ends_idleness)
{
	struct allot_pace pace = { .pause = ALLOT_PACE_SELDOM };

	allotp_pace_drained(&pace, 1);
	ck_assert_int_eq(pace.pause, 1);
}
END_TEST

START_TEST(few_events_are_let_gather)
{
	static const struct {
		uint64_t applied;
		int pause;
	} steps[] = {
		{ 1, 2 },
		{ ALLOT_PACE_ENOUGH - 1, 3 },
		{ 1, 4 },
		{ 1, ALLOT_PACE_OFTEN },
		{ ALLOT_PACE_ENOUGH, 3 },
		{ ALLOT_PACE_MANY - 1, 2 },
		{ ALLOT_PACE_ENOUGH, 1 },
		{ ALLOT_PACE_ENOUGH, 1 },
		{ 0, 3 },
		{ 1, 4 },
		{ 0, 9 },
		{ 1, 1 },
	};
	struct allot_pace pace = ALLOT_PACE_START;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		allotp_pace_drained(&pace, steps[i].applied);
		ck_assert_int_eq(pace.pause, steps[i].pause);
	}
}
END_TEST

START_TEST(idleness_begins_small_after_many)
{
	struct allot_pace pace = ALLOT_PACE_START;

	allotp_pace_drained(&pace, ALLOT_PACE_MANY);
	allotp_pace_drained(&pace, 0);
	ck_assert_int_eq(pace.pause, 1);
}
END_TEST

START_TEST(looks_at_once_and_then_in_steps)
{
	const uint64_t start = UINT64_C(1000000000000);
	struct allot_pace pace = ALLOT_PACE_START;

	ck_assert(allotp_pace_look(&pace, start));
	ck_assert(!allotp_pace_look(&pace, start));
	ck_assert(!allotp_pace_look(&pace, start + ALLOT_PACE_LOOK_NS - 1));
	ck_assert(allotp_pace_look(&pace, start + ALLOT_PACE_LOOK_NS + 5));
	/* from the look that was, not from when it was due */
	ck_assert(!allotp_pace_look(&pace, start + 2 * ALLOT_PACE_LOOK_NS + 4));
	ck_assert(allotp_pace_look(&pace, start + 2 * ALLOT_PACE_LOOK_NS + 5));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pace");
	TCase *tcase = tcase_create("pace");

	tcase_add_test(tcase, many_events_leave_no_pause);
	tcase_add_test(tcase, pauses_double_while_nothing_comes);
	tcase_add_test(tcase, one_event_ends_idleness);
	tcase_add_test(tcase, few_events_are_let_gather);
	tcase_add_test(tcase, idleness_begins_small_after_many);
	tcase_add_test(tcase, looks_at_once_and_then_in_steps);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
