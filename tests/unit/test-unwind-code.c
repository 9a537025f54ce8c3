/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind/code.c and lib/common/mapping.c: what lies at an address of this process. */
#include "unwind/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/mapping.h"
#include "unit.h"

enum { PAGE = 4096 };

static uint64_t map(int protection)
{
	void *page = mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(page, MAP_FAILED);
	return (uintptr_t)page;
}

START_TEST(mappings)
{
	uint64_t page = map(PROT_READ | PROT_EXEC);
	struct allot_mapping mapping;
	char path[4096], own[4096];

	ck_assert_int_eq(allotp_mapping_find((uintptr_t)map, &mapping, path, sizeof(path)), 0);
	ck_assert(mapping.executable);
	ck_assert_uint_le(mapping.start, (uintptr_t)map);
	ck_assert_uint_gt(mapping.end, (uintptr_t)map);
	ck_assert_ptr_nonnull(realpath("/proc/self/exe", own));
	ck_assert_uint_eq(mapping.path_size, strlen(own));
	ck_assert_mem_eq(path, own, mapping.path_size);
	/* As much of the path as there is room for. */
	memset(path, '*', 8);
	ck_assert_int_eq(allotp_mapping_find((uintptr_t)map, &mapping, path, 3), 0);
	ck_assert_uint_eq(mapping.path_size, 3);
	ck_assert_int_eq(path[3], '*');
	ck_assert_int_eq(allotp_mapping_find((uintptr_t)&page, &mapping, NULL, 0), 0);
	ck_assert(!mapping.executable);
	ck_assert_int_eq(allotp_mapping_find(page, &mapping, path, sizeof(path)), 0);
	ck_assert(mapping.executable);
	ck_assert_uint_eq(mapping.path_size, 0);
	ck_assert_int_eq(allotp_mapping_find(0, &mapping, path, sizeof(path)), -ENOENT);
	ck_assert_int_eq(allotp_mapping_find(UINT64_MAX, &mapping, path, sizeof(path)), -ENOENT);
	ck_assert_uint_eq(mapping.path_size, 0);
	munmap((void *)(uintptr_t)page, PAGE);
}
END_TEST

START_TEST(code_and_data)
{
	struct allotp_code code = { .next = 0 };
	uint64_t pages[2 * ALLOTP_CODE_RANGES];

	for (size_t i = 0; i < 2 * ALLOTP_CODE_RANGES; i++)
		pages[i] = map(PROT_READ | (i % 2 ? PROT_WRITE : PROT_EXEC));
	for (int again = 0; again < 3; again++)
		for (size_t i = 0; i < 2 * ALLOTP_CODE_RANGES; i++)
			for (uint64_t at = 0; at < PAGE; at += PAGE - 1)
				ck_assert_int_eq(allotp_code_at(&code, pages[i] + at), i % 2 == 0);
	ck_assert_int_eq(allotp_code_at(&code, (uintptr_t)map), 1);
	ck_assert_int_eq(allotp_code_at(&code, (uintptr_t)&code), 0);
	ck_assert_int_eq(allotp_code_at(&code, 16), -EAGAIN);
}
END_TEST

/* What is data today may be code tomorrow. */
START_TEST(data_becomes_code)
{
	struct allotp_code code = { .next = 0 };
	uint64_t page = map(PROT_READ | PROT_WRITE);
	int found = 0;

	ck_assert_int_eq(allotp_code_at(&code, page), 0);
	ck_assert_int_eq(mprotect((void *)(uintptr_t)page, PAGE, PROT_READ | PROT_EXEC), 0);
	for (int i = 0; i < 100000 && !found; i++)
		found = allotp_code_at(&code, page);
	ck_assert_int_eq(found, 1);
}
END_TEST

START_TEST(quiet)
{
	struct allotp_code code = { .next = 0 };

	ck_assert_int_eq(allotp_code_at(&code, (uintptr_t)map), 1);
	ck_assert_int_eq(allotp_code_at(&code, (uintptr_t)&code), 0);
	allotp_mapping_hush();
	ck_assert_int_eq(allotp_code_at(&code, map(PROT_READ | PROT_EXEC)), -EAGAIN);
	for (int i = 0; i < 10000; i++) {
		ck_assert_int_eq(allotp_code_at(&code, (uintptr_t)map), 1);
		ck_assert_int_ne(allotp_code_at(&code, (uintptr_t)&code), 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-code");
	TCase *tests = tcase_create("code");

	tcase_add_test(tests, mappings);
	tcase_add_test(tests, code_and_data);
	tcase_add_test(tests, data_becomes_code);
	tcase_add_test(tests, quiet);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
