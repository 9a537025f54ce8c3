/* SPDX-License-Identifier: MIT */
/* Budgets in tests of Check, as one writes them. */
#include <check.h>

#include "budgets.h"

NAMED void *leak_101(void);

void *leak_101(void)
{
	return malloc(101);
}

START_TEST(clean)
{
	ALLOT_BUDGET (.peak = 101, .live = 0)
		free(leak_101());
}
END_TEST

START_TEST(leaks)
{
	ALLOT_NO_LEAKS { /* line: leaks */
		leak_101();
	}
}
END_TEST

/* The one before has left its block by longjmp, if tests are not forked. */
START_TEST(clean_again)
{
	ALLOT_NO_LEAKS
		free(leak_101());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("budgets");
	TCase *tcase = tcase_create("case");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, clean);
	tcase_add_test(tcase, leaks);
	tcase_add_test(tcase, clean_again);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
