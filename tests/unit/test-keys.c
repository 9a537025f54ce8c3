/* SPDX-License-Identifier: MIT */
/* Tests lib/report/keys.c: equal text is one key, and keys are in the order of CPython's tracebacks. */
#include "report/keys.h"

#include <stdio.h>

#include "unit.h"

static struct allot_keys *keys;

static void setup(void)
{
	ck_assert_int_eq(allotp_keys_new(&keys), 0);
}

static void teardown(void)
{
	allotp_keys_free(keys);
}

/* The key of file:line, called by `caller`. */
static uint32_t key(uint32_t caller, const char *file, uint32_t line)
{
	uint32_t label, number;
	char text[64];

	snprintf(text, sizeof(text), "%s:%u", file, line);
	ck_assert_int_eq(allotp_keys_label(keys, file, line, text, &label), 0);
	ck_assert_int_eq(allotp_keys_add(keys, caller, label, &number), 0);
	ck_assert_uint_ne(number, 0);
	return number;
}

static void assert_ascending(uint32_t a, uint32_t b)
{
	ck_assert_int_lt(allotp_keys_compare(keys, a, b), 0);
	ck_assert_int_gt(allotp_keys_compare(keys, b, a), 0);
	ck_assert_int_eq(allotp_keys_compare(keys, a, a), 0);
}

START_TEST(equal_text_is_one_key)
{
	uint32_t main_c = key(0, "main.c", 1), a = key(main_c, "a.c", 2);

	ck_assert_uint_eq(key(0, "main.c", 1), main_c);
	ck_assert_uint_eq(key(main_c, "a.c", 2), a);
	ck_assert_uint_ne(key(0, "a.c", 2), a);
	ck_assert_uint_ne(key(main_c, "a.c", 3), a);
	ck_assert_uint_eq(allotp_keys_count(keys), 5);
	ck_assert_uint_eq(allotp_keys_caller(keys, a), main_c);
}
END_TEST

START_TEST(lines_are_numbers)
{
	assert_ascending(key(0, "a.c", 2), key(0, "a.c", 10));
	assert_ascending(key(0, "a.c", 10), key(0, "b.c", 1));
	assert_ascending(key(0, "B.c", 1), key(0, "a.c", 1));
}
END_TEST

START_TEST(oldest_frame_first)
{
	uint32_t old_1 = key(0, "main.c", 1), old_2 = key(0, "main.c", 2);

	assert_ascending(key(old_1, "z.c", 9), key(old_2, "a.c", 1));
	assert_ascending(key(old_1, "a.c", 1), key(old_1, "z.c", 9));
	assert_ascending(key(key(old_1, "z.c", 9), "z.c", 9), key(old_2, "a.c", 1));
	assert_ascending(key(key(old_1, "a.c", 1), "z.c", 9), key(old_1, "b.c", 1));
}
END_TEST

START_TEST(longer_is_greater_than_its_beginning)
{
	uint32_t one = key(0, "main.c", 1), two = key(one, "a.c", 1), three = key(two, "a.c", 1);

	assert_ascending(one, two);
	assert_ascending(one, three);
	assert_ascending(two, three);
}
END_TEST

START_TEST(text_is_newest_first)
{
	uint32_t number = key(key(key(0, "main.c", 1), "b.c", 2), "a.c", 3);
	char *text = allotp_keys_text(keys, number);

	ck_assert_str_eq(text, "a.c:3;b.c:2;main.c:1");
	free(text);
}
END_TEST

START_TEST(many_keep_their_numbers)
{
	enum { MANY = 5000 };
	static uint32_t numbers[MANY];

	for (uint32_t i = 0; i < MANY; i++)
		numbers[i] = key(i ? numbers[i - 1] : 0, "deep.c", i);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(key(i ? numbers[i - 1] : 0, "deep.c", i), numbers[i]);
	assert_ascending(numbers[MANY - 2], numbers[MANY - 1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tcase = tcase_create("keys");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, equal_text_is_one_key);
	tcase_add_test(tcase, lines_are_numbers);
	tcase_add_test(tcase, oldest_frame_first);
	tcase_add_test(tcase, longer_is_greater_than_its_beginning);
	tcase_add_test(tcase, text_is_newest_first);
	tcase_add_test(tcase, many_keep_their_numbers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
