/* SPDX-License-Identifier: MIT */
/* Tests lib/report/print.c: names cut to fit, and names that hold what no terminal should see. */
#include "report/print.h"

#include <string.h>

#include "unit.h"

static char *text;
static size_t size;
static FILE *out;

static void setup(void)
{
	out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
}

static void teardown(void)
{
	free(text);
}

static const char *written(void)
{
	fclose(out);
	return text;
}

static const struct {
	const char *name;
	size_t limit;
	const char *expected;
} names[] = {
	{ "main", 0, "main" },
	{ "std::vector<int, std::allocator<int> >::push_back(int const&)", 0,
	  "std::vector<int, std::allocator<int> >::push_back(int const&)" },
	{ "std::vector<int, std::allocator<int> >::push_back(int const&)", 61,
	  "std::vector<int, std::allocator<int> >::push_back(int const&)" },
	{ "std::vector<int, std::allocator<int> >::push_back(int const&)", 60,
	  "std::vector<...>::push_back(int const&)" },
	{ "std::vector<int, std::allocator<int> >::push_back(int const&)", 38, "std::vector<...>::push_back(...)" },
	{ "std::vector<int, std::allocator<int> >::push_back(int const&)", 20, "std::vector<...>:..." },
	{ "f(std::map<int, std::less<int> >, A<(B)1>)", 30, "f(std::map<...>, A<...>)" },
	{ "a::operator<(a const&, std::vector<int, long> const&)", 47,
	  "a::operator<(a const&, std::vector<...> const&)" },
	{ "a::operator<<(std::ostream&, std::vector<int>)", 40, "a::operator<<(...)" },
	{ "box<int>::operator()(std::vector<int>) const", 36, "box<...>::operator()(...) const" },
	{ "(anonymous namespace)::f(std::vector<int> const&)", 40, "(anonymous namespace)::f(...)" },
	{ "my_operator<int>(long)", 21, "my_operator<...>(...)" },
	{ "f<>()", 4, "f..." },
	{ "unbalanced>>(", 12, "unbalance..." },
	{ "unclosed<int, long", 12, "unclosed<" },
};

START_TEST(cuts_names)
{
	allotp_put_function(out, names[_i].name, names[_i].limit);
	ck_assert_str_eq(written(), names[_i].expected);
}
END_TEST

START_TEST(hides_control_characters)
{
	allotp_put(out, "a\033[31mb\nc\177\xc3\xa4");
	allotp_put_function(out, "x\033yyyyyyyy", 6);
	ck_assert_str_eq(written(), "a?[31mb?c?\xc3\xa4x?y...");
}
END_TEST

START_TEST(knows_library_templates)
{
	ck_assert(allotp_is_library_template("std::vector<int>::push_back(int const&)"));
	ck_assert(allotp_is_library_template("void std::vector<int>::_M_realloc_insert<int>(int&&)"));
	ck_assert(allotp_is_library_template("__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)"));
	ck_assert(!allotp_is_library_template("std::vector<int> make<int>(std::string const&)"));
	ck_assert(!allotp_is_library_template("stdlike::f()"));
	ck_assert(!allotp_is_library_template("main"));
	ck_assert(!allotp_is_library_template("(anonymous namespace)::f(std::string)"));
	allotp_put(out, "");
	written();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("print");
	TCase *tcase = tcase_create("print");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, cuts_names, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, hides_control_characters);
	tcase_add_test(tcase, knows_library_templates);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
