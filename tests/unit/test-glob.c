/* SPDX-License-Identifier: MIT */
/* Tests lib/filter/glob.c: patterns as Python's fnmatchcase has them, and the time that they take. */
#include "filter/glob.h"

#include <string.h>

#include "unit.h"

struct pattern_case {
	const char *pattern, *text;
	bool matches;
};

static void assert_cases(const struct pattern_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(allotp_glob_match(cases[i].pattern, cases[i].text) == cases[i].matches, "'%s' and '%s'",
			      cases[i].pattern, cases[i].text);
}

#define ASSERT_CASES(cases) assert_cases(cases, sizeof(cases) / sizeof(cases[0]))

START_TEST(stars)
{
	static const struct pattern_case cases[] = {
		{ "*/mylib/*", "/src/mylib/a/b.c", true },
		{ "*/mylib/*", "mylib/b.c", false },
		{ "*", "", true },
		{ "**", ".hidden\nline", true },
		{ "a*", "", false },
		{ "*a*a*", "banana", true },
		{ "*a*a*a*a*", "banana", false },
		{ "*na", "banana", true },
		{ "*nan", "banana", false },
		{ "b*n?n*", "banana", true },
		{ "*.c", ".c", true },
	};

	ASSERT_CASES(cases);
}
END_TEST

START_TEST(single_characters)
{
	static const struct pattern_case cases[] = {
		{ "?", "/", true },
		{ "?", "\n", true },
		{ "?", "", false },
		{ "?", "ab", false },
		/* a character of UTF-8 is one, and so is a byte that is none */
		{ "?", "\xc3\xa4", true },
		{ "??", "\xc3\xa4", false },
		{ "??", "\xff\xfe", true },
		{ "\xc3\xa4*", "\xc3\xa4pfel", true },
		{ "*\xa4", "\xc3\xa4", false },
	};

	ASSERT_CASES(cases);
}
END_TEST

START_TEST(sets)
{
	static const struct pattern_case cases[] = {
		{ "[ab]", "a", true },
		{ "[ab]", "c", false },
		{ "[ab]", "", false },
		{ "[a-cx]", "b", true },
		{ "[a-cx]", "x", true },
		{ "[a-cx]", "w", false },
		{ "[!a-c]", "b", false },
		{ "[!a-c]", "/", true },
		{ "[!a-c]", "", false },
		/* '^' does not negate */
		{ "[^x]", "x", true },
		{ "[^x]", "^", true },
		{ "[^x]", "y", false },
		{ "[x!]", "!", true },
		/* ']' first, '-' first or last are themselves */
		{ "[]]", "]", true },
		{ "[!]]", "]", false },
		{ "[]-]", "-", true },
		{ "[-a]", "-", true },
		{ "[a-]", "-", true },
		{ "[a-]", "b", false },
		/* behind a range a '-' is itself */
		{ "[a-c-e]", "-", true },
		{ "[a-c-e]", "d", false },
		/* an empty range matches nothing, and everything when negated */
		{ "[c-a]", "b", false },
		{ "[!c-a]", "b", true },
		/* no classes: these are the characters, and a ']' behind them */
		{ "[[:alpha:]]", "x", false },
		{ "[[:alpha:]]", "a]", true },
		/* backslash is itself */
		{ "[\\]", "\\", true },
		{ "\\*", "*", false },
		{ "\\*", "\\x", true },
		{ "[\xc3\xa0-\xc3\xbf]", "\xc3\xa4", true },
		{ "[\xc3\xa0-\xc3\xbf]", "\xa4", false },
	};

	ASSERT_CASES(cases);
}
END_TEST

START_TEST(unclosed_brackets)
{
	static const struct pattern_case cases[] = {
		{ "[", "[", true },     { "[", "a", false },    { "a[b", "a[b", true }, { "[!", "[!", true },
		{ "[]", "[]", true },   { "[!]", "[!]", true }, { "*[a", "x[a", true }, { "[a*", "[abc", true },
		{ "[a[b]", "[", true }, { "[a[b]", "b", true },
	};

	ASSERT_CASES(cases);
}
END_TEST

/* Stars that nest would take years, were each tried again; the harness ends a test that takes longer than seconds. */
START_TEST(no_pattern_takes_long)
{
	enum { LENGTH = 20000, STARS = 200 };
	char *text = malloc(LENGTH + 1), pattern[4 * STARS + 2];

	memset(text, 'a', LENGTH);
	text[LENGTH] = '\0';
	for (int i = 0; i < STARS; i++)
		memcpy(pattern + 4 * i, "a*a*", 4);
	strcpy(pattern + 4 * STARS, "b");
	ck_assert(!allotp_glob_match(pattern, text));
	pattern[4 * STARS] = 'a';
	ck_assert(allotp_glob_match(pattern, text));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("glob");
	TCase *tcase = tcase_create("glob");

	tcase_add_test(tcase, stars);
	tcase_add_test(tcase, single_characters);
	tcase_add_test(tcase, sets);
	tcase_add_test(tcase, unclosed_brackets);
	tcase_add_test(tcase, no_pattern_takes_long);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
