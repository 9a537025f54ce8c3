/* SPDX-License-Identifier: MIT */
/* Tests the parts of lib/symbol that need no file: ranges, names, paths, demangling, which functions allocate. */
#include <stdio.h>
#include <string.h>

#include "symbol/allocator.h"
#include "symbol/names.h"
#include "symbol/ranges.h"
#include "symbol/symbol.h"
#include "unit.h"

START_TEST(finds_innermost_range)
{
	struct allot_ranges ranges = { 0 };

	ck_assert_uint_eq(allotp_ranges_find(&ranges, 0), ALLOT_RANGE_NONE);
	allotp_ranges_add(&ranges, 30, 40, 3);
	allotp_ranges_add(&ranges, 10, 100, 1);
	allotp_ranges_add(&ranges, 20, 60, 2);
	allotp_ranges_add(&ranges, 20, 60, 4); /* as its parent: the later item is the inner */
	allotp_ranges_add(&ranges, 70, 70, 5); /* empty */
	allotp_ranges_add(&ranges, 200, 210, 6);
	allotp_ranges_sort(&ranges);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 9), ALLOT_RANGE_NONE);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 10), 1);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 20), 4);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 30), 3);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 40), 4);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 60), 1);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 70), 1);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 100), ALLOT_RANGE_NONE);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, 209), 6);
	ck_assert_uint_eq(allotp_ranges_find(&ranges, UINT64_MAX), ALLOT_RANGE_NONE);
	allotp_ranges_release(&ranges);
}
END_TEST

START_TEST(finds_overlapping_ranges_as_a_search_of_all_does)
{
	struct allot_ranges ranges = { 0 };
	uint64_t low[200], high[200];
	uint32_t seed = 1;

	for (uint32_t i = 0; i < 200; i++) {
		seed = seed * 1103515245 + 12345;
		low[i] = seed >> 16 & 1023;
		seed = seed * 1103515245 + 12345;
		high[i] = low[i] + 1 + (seed >> 16 & 63);
		ck_assert_int_eq(allotp_ranges_add(&ranges, low[i], high[i], i), 0);
	}
	allotp_ranges_sort(&ranges);
	for (uint64_t address = 0; address < 1200; address++) {
		uint32_t found = allotp_ranges_find(&ranges, address);
		uint64_t latest = 0;
		int covered = 0;

		for (uint32_t i = 0; i < 200; i++) {
			if (address >= low[i] && address < high[i]) {
				covered = 1;
				latest = low[i] > latest ? low[i] : latest;
			}
		}
		if (covered)
			ck_assert_uint_eq(low[found], latest);
		else
			ck_assert_uint_eq(found, ALLOT_RANGE_NONE);
	}
	allotp_ranges_release(&ranges);
}
END_TEST

START_TEST(normalizes_paths)
{
	static const char *const paths[][2] = {
		{ "/usr/src/a.c", "/usr/src/a.c" },
		{ "/usr/lib/gcc/../../include/./x//y.h", "/usr/include/x/y.h" },
		{ "./a.c", "a.c" },
		{ "././src/../a.c", "a.c" },
		{ "../src/a.c", "../src/a.c" },
		{ "a/../../b/../../c.c", "../../c.c" },
		{ "/../a.c", "/a.c" },
		{ "/", "/" },
		{ "..", ".." },
		{ "a..b/..c/.d/...", "a..b/..c/.d/..." },
		{ "dir/", "dir" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char path[64];

		strcpy(path, paths[i][0]);
		allotp_path_normalize(path);
		ck_assert_str_eq(path, paths[i][1]);
	}
}
END_TEST

START_TEST(demangles)
{
	static const char *const names[][2] = {
		{ "main", "main" },
		{ "_Z3addii", "add(int, int)" },
		{ "_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)" },
		{ "_ZN3FooC4Ev", "Foo::Foo()" },
		{ "_Znwm", "operator new(unsigned long)" },
		/* Rust, legacy: without the hash */
		{ "_ZN5alloc3vec12Vec$LT$T$GT$4push17h0123456789abcdefE", "alloc::vec::Vec<T>::push" },
		/* Rust, v0 */
		{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
		/* not mangled, whatever it looks like */
		{ "_Zebra", "_Zebra" },
		{ "_R", "_R" },
		{ "_D5counti", "_D5counti" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *readable = allotp_demangle(names[i][0]);

		ck_assert_pstr_eq(readable, names[i][1]);
		free(readable);
	}
}
END_TEST

START_TEST(shares_names)
{
	struct allot_names names = { 0 };
	const char *first, *push;
	char text[32];

	first = allotp_names_plain(&names, "main");
	push = allotp_names_function(&names, "_Z4pushi");
	ck_assert_str_eq(push, "push(int)");
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "function_%d", i);
		ck_assert_str_eq(allotp_names_plain(&names, text), text);
	}
	ck_assert_ptr_eq(allotp_names_plain(&names, "main"), first);
	ck_assert_ptr_eq(allotp_names_function(&names, "main"), first);
	ck_assert_ptr_eq(allotp_names_function(&names, "main@@BASE_1.0"), first);
	ck_assert_ptr_eq(allotp_names_function(&names, "__GI_main"), first);
	ck_assert_str_eq(allotp_names_function(&names, "__GI_"), "__GI_");
	ck_assert_ptr_eq(allotp_names_function(&names, "_Z4pushi"), push);
	ck_assert_ptr_eq(allotp_names_plain(&names, "push(int)"), push);
	ck_assert_ptr_eq(allotp_names_file(&names, "/a/../b.c"), allotp_names_file(&names, "/b.c"));
	allotp_names_release(&names);
}
END_TEST

START_TEST(knows_allocators)
{
	static const char *const libc = "/lib/x86_64-linux-gnu/libc.so.6";
	static const char *const libstdcxx = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6";
	static const char *const program = "/usr/bin/program";
	static const struct {
		const char *module, *function, *file;
		bool allocator;
	} cases[] = {
		{ "/usr/lib/liballot.so.0", NULL, NULL, true },
		{ "/usr/lib/liballot.so", "anything", "hooks.c", true },
		{ libc, "malloc", NULL, true },
		{ libc, "__libc_malloc", "malloc/malloc.c", true },
		{ libc, "__GI___libc_malloc", "malloc/malloc.c", true },
		{ libc, "_int_realloc", "malloc/malloc.c", true },
		{ libc, "__posix_memalign", NULL, true },
		{ libc, "mmap64", NULL, true },
		{ "/lib64/ld-linux-x86-64.so.2", "malloc", NULL, true },
		{ libc, "strdup", NULL, false },
		{ libc, "fopen64", NULL, false },
		{ libc, NULL, NULL, false },
		{ libstdcxx, "operator new(unsigned long)", NULL, true },
		{ libstdcxx, "operator new[](unsigned long, std::align_val_t)", "/src/libsupc++/new_opva.cc", true },
		{ libstdcxx, "std::string::_Rep::_S_create(unsigned long)", NULL, false },
		/* linked in statically */
		{ program, "operator new(unsigned long)", NULL, true },
		{ program, "operator new(unsigned long)", "/build/libsupc++/new_op.cc", true },
		{ program, "__libc_malloc", NULL, true },
		/* the program's own */
		{ program, "operator new(unsigned long)", "/home/me/memory.cc", false },
		{ program, "malloc", "/home/me/malloc.c", false },
		{ program, "xmalloc", NULL, false },
		{ "/usr/lib/libcxx-tools.so", "malloc_report", NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(allotp_is_allocator(cases[i].module, cases[i].function, cases[i].file) ==
				      cases[i].allocator,
			      "%s in %s", cases[i].function, cases[i].module);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbol-parts");
	TCase *tcase = tcase_create("symbol-parts");

	tcase_add_test(tcase, finds_innermost_range);
	tcase_add_test(tcase, finds_overlapping_ranges_as_a_search_of_all_does);
	tcase_add_test(tcase, normalizes_paths);
	tcase_add_test(tcase, demangles);
	tcase_add_test(tcase, shares_names);
	tcase_add_test(tcase, knows_allocators);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
