/* SPDX-License-Identifier: MIT */
/* Tests the words, with what they may allocate. */
#include <check.h>
#include <stdlib.h>

#include <allot/check.h>

#include "words.h"

START_TEST(frees_all)
{
	int failed = 0;
	size_t ones = 0, threes = 0;

	/* Check's own assertions allocate, so they stand behind. */
	ALLOT_NO_LEAKS {
		struct words *words = words_new();

		failed |= words_add(words, "one", 3);
		failed |= words_add(words, "two", 3);
		failed |= words_add(words, "one", 3);
		ones = words_count(words, "one");
		threes = words_count(words, "three");
		words_free(words);
	}
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_eq(ones, 2);
	ck_assert_uint_eq(threes, 0);
}
END_TEST

START_TEST(a_word_again_costs_nothing)
{
	struct words *words = words_new();
	int failed = words_add(words, "one", 3);

	ALLOT_BUDGET (.count = 0) {
		for (int i = 0; i < 100; i++)
			failed |= words_add(words, "one", 3);
	}
	/* A new one is a block, and its text a block of the arena. */
	ALLOT_BUDGET (.live = 64, .count = 2) {
		failed |= words_add(words, "two", 3);
	}
	words_free(words);
	ck_assert_int_eq(failed, 0);
}
END_TEST

static unsigned failures;

static void note(const char *file, int line, const char *text)
{
	(void)file;
	(void)line;
	(void)text;
	failures++;
}

START_TEST(the_checks_can_fail)
{
	struct words *words = NULL;

	allot_check_on_failure(note);
	ALLOT_NO_LEAKS {
		words = words_new();
	}
	allot_check_on_failure(NULL);
	words_free(words);
	ck_assert_uint_eq(failures, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = tcase_create("words");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, frees_all);
	tcase_add_test(tcase, a_word_again_costs_nothing);
	tcase_add_test(tcase, the_checks_can_fail);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
