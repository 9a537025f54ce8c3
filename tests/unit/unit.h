/* SPDX-License-Identifier: MIT */
/* Runs the suite of a unit test program: TAP on standard output, as the harness wants it. */
#ifndef ALLOT_TESTS_UNIT_H
#define ALLOT_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/* ThreadSanitizer delays signals, fails on faults of its own code, and crashes in libunwind's thread destructor. */
#if defined(__SANITIZE_THREAD__)
#define UNIT_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNIT_UNDER_TSAN 1
#endif
#endif
#ifndef UNIT_UNDER_TSAN
#define UNIT_UNDER_TSAN 0
#endif

/* Takes the suite over. Returns the exit status for main. */
static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
