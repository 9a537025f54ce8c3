/* SPDX-License-Identifier: MIT */
/* Which signal is taken to stop threads with; and what /proc says of a thread's signals. */
#include "scan/signal-stop.h"

#include <check.h>
#include <signal.h>
#include <unistd.h>

#include "scan/tasks.h"
#include "unit.h"

#define BIT(signal) (UINT64_C(1) << ((signal)-1))
#define REAL_TIME (~UINT64_C(0) << 33) /* 34 to 64 */

START_TEST(the_highest_that_is_free)
{
	ck_assert_int_eq(allotp_signal_stop_choose(0, 0, 0), 64);
	ck_assert_int_eq(allotp_signal_stop_choose(BIT(64), 0, 0), 63);
	ck_assert_int_eq(allotp_signal_stop_choose(BIT(64), BIT(63), BIT(62)), 61);
	ck_assert_int_eq(allotp_signal_stop_choose(REAL_TIME & ~BIT(34), 0, 0), 34);
}
END_TEST

START_TEST(libcs_own_comes_last)
{
	ck_assert_int_eq(allotp_signal_stop_choose(REAL_TIME, 0, 0), 32);
	ck_assert_int_eq(allotp_signal_stop_choose(0, REAL_TIME | BIT(32), 0), 32);
	ck_assert_int_eq(allotp_signal_stop_choose(BIT(32), 0, REAL_TIME), 0);
	ck_assert_int_eq(allotp_signal_stop_choose(0, 0, REAL_TIME | BIT(32)), 0);
}
END_TEST

START_TEST(what_a_thread_does_with_signals)
{
	struct allot_task_signals before, signals;
	sigset_t set;

	ck_assert_int_eq(allotp_tasks_signals(getpid(), getpid(), &before), 0);
	sigemptyset(&set);
	sigaddset(&set, 40);
	sigaddset(&set, 41);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	signal(42, SIG_IGN);
	raise(41);
	ck_assert_int_eq(allotp_tasks_signals(getpid(), getpid(), &signals), 0);
	ck_assert_uint_eq(signals.blocked, before.blocked | BIT(40) | BIT(41));
	ck_assert_uint_eq(signals.pending, before.pending | BIT(41));
	ck_assert_uint_eq(signals.ignored, before.ignored | BIT(42));
	ck_assert_uint_eq(signals.caught, before.caught);
	ck_assert(!allotp_tasks_over(getpid(), getpid()));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signal-stop");
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, the_highest_that_is_free);
	tcase_add_test(tests, libcs_own_comes_last);
	tcase_add_test(tests, what_a_thread_does_with_signals);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
