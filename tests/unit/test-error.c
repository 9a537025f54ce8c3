/* SPDX-License-Identifier: MIT */
/* Tests lib/common/error.c. */
#include "common/error.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

START_TEST(fills_in_text_and_returns_code)
{
	struct allot_error error;

	ck_assert_int_eq(allotp_error(&error, -EINVAL, "%s: line %d", "file", 7), -EINVAL);
	ck_assert_str_eq(error.text, "file: line 7");
}
END_TEST

START_TEST(takes_no_error)
{
	ck_assert_int_eq(allotp_error(NULL, -ENOENT, "gone"), -ENOENT);
}
END_TEST

START_TEST(cuts_long_text)
{
	struct allot_error error;
	char text[2 * sizeof(error.text)];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	allotp_error(&error, 0, "%s", text);
	ck_assert_uint_eq(strlen(error.text), sizeof(error.text) - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = tcase_create("error");

	tcase_add_test(tcase, fills_in_text_and_returns_code);
	tcase_add_test(tcase, takes_no_error);
	tcase_add_test(tcase, cuts_long_text);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
