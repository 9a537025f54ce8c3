/* SPDX-License-Identifier: MIT */
/*
 * Tests of the memory that serves allocations before the real allocator is known. It is never given back, so each test
 * takes what the ones before have left, and the last ones use it up.
 */
#include <stdint.h>
#include <string.h>

#include "preload/bootstrap.h"
#include "unit.h"

static void assert_zeroed(const unsigned char *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ck_assert_uint_eq(block[i], 0);
}

START_TEST(blocks_are_ours_zeroed_and_apart)
{
	unsigned char *a = allotp_bootstrap_alloc(16, 10), *b = allotp_bootstrap_alloc(16, 1),
		      *c = allotp_bootstrap_alloc(16, 40);

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_nonnull(c);
	assert_zeroed(a, 10);
	assert_zeroed(c, 40);
	memset(a, 1, 10);
	memset(b, 2, 1);
	memset(c, 3, 40);
	/* What is written into one leaves the others and their sizes alone. */
	ck_assert_uint_eq(a[9], 1);
	ck_assert_uint_eq(b[0], 2);
	ck_assert_uint_eq(allotp_bootstrap_size(a), 10);
	ck_assert_uint_eq(allotp_bootstrap_size(b), 1);
	ck_assert_uint_eq(allotp_bootstrap_size(c), 40);
	ck_assert(allotp_bootstrap_owns(a) && allotp_bootstrap_owns(b) && allotp_bootstrap_owns(c + 39));
}
END_TEST

START_TEST(others_are_not_ours)
{
	int local;
	void *other = malloc(10);
	const unsigned char *ours = allotp_bootstrap_alloc(16, 10);

	ck_assert(!allotp_bootstrap_owns(NULL));
	ck_assert(!allotp_bootstrap_owns(&local));
	ck_assert(!allotp_bootstrap_owns(other));
	ck_assert(!allotp_bootstrap_owns(ours - ALLOT_BOOTSTRAP_SIZE));
	ck_assert(!allotp_bootstrap_owns(ours + ALLOT_BOOTSTRAP_SIZE));
	ck_assert(!allotp_bootstrap_owns((void *)UINTPTR_MAX));
	free(other);
}
END_TEST

START_TEST(alignment_is_kept)
{
	for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
		void *block = allotp_bootstrap_alloc(alignment, 3);

		ck_assert_ptr_nonnull(block);
		ck_assert_uint_eq((uintptr_t)block % alignment, 0);
		/* malloc promises 16. */
		ck_assert_uint_eq((uintptr_t)block % 16, 0);
		ck_assert_uint_eq(allotp_bootstrap_size(block), 3);
	}
}
END_TEST

START_TEST(impossible_wishes_are_refused)
{
	size_t count = allotp_bootstrap_count();

	ck_assert_ptr_null(allotp_bootstrap_alloc(24, 10));
	ck_assert_ptr_null(allotp_bootstrap_alloc((size_t)1 << 63, 10));
	ck_assert_ptr_null(allotp_bootstrap_alloc(SIZE_MAX, 10));
	ck_assert_ptr_null(allotp_bootstrap_alloc(16, ALLOT_BOOTSTRAP_SIZE + 1));
	ck_assert_ptr_null(allotp_bootstrap_alloc(16, SIZE_MAX));
	ck_assert_ptr_null(allotp_bootstrap_alloc(16, SIZE_MAX - 15));
	ck_assert_ptr_null(allotp_bootstrap_calloc(SIZE_MAX, 2));
	ck_assert_ptr_null(allotp_bootstrap_calloc(SIZE_MAX / 2 + 1, 2));
	ck_assert_ptr_null(allotp_bootstrap_calloc((size_t)1 << 32, (size_t)1 << 32));
	ck_assert_uint_ge(allotp_bootstrap_count(), count + 6);
	/* And nothing was used up. */
	ck_assert_ptr_nonnull(allotp_bootstrap_alloc(16, ALLOT_BOOTSTRAP_SIZE / 4));
}
END_TEST

START_TEST(calloc_multiplies)
{
	unsigned char *block = allotp_bootstrap_calloc(7, 11);

	ck_assert_ptr_nonnull(block);
	ck_assert_uint_eq(allotp_bootstrap_size(block), 77);
	assert_zeroed(block, 77);
	ck_assert_ptr_nonnull(allotp_bootstrap_calloc(0, 100));
	ck_assert_ptr_nonnull(allotp_bootstrap_calloc(SIZE_MAX, 0));
}
END_TEST

START_TEST(calls_are_counted)
{
	size_t count = allotp_bootstrap_count();

	allotp_bootstrap_alloc(16, 1);
	allotp_bootstrap_calloc(1, 1);
	ck_assert_uint_eq(allotp_bootstrap_count(), count + 2);
}
END_TEST

START_TEST(it_ends_where_it_ends)
{
	const unsigned char *block, *last = NULL;
	size_t blocks = 0;

	/* Blocks of no size have an address of their own, too. */
	while ((block = allotp_bootstrap_alloc(16, 0))) {
		ck_assert(allotp_bootstrap_owns(block));
		ck_assert(block > last);
		ck_assert_uint_eq(allotp_bootstrap_size(block), 0);
		last = block;
		blocks++;
	}
	ck_assert_uint_gt(blocks, 0);
	ck_assert_uint_le(blocks, ALLOT_BOOTSTRAP_SIZE / 16);
	ck_assert(!allotp_bootstrap_owns(last + 16));
	ck_assert_ptr_null(allotp_bootstrap_alloc(16, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bootstrap");
	TCase *tcase = tcase_create("bootstrap");

	tcase_add_test(tcase, blocks_are_ours_zeroed_and_apart);
	tcase_add_test(tcase, others_are_not_ours);
	tcase_add_test(tcase, alignment_is_kept);
	tcase_add_test(tcase, impossible_wishes_are_refused);
	tcase_add_test(tcase, calloc_multiplies);
	tcase_add_test(tcase, calls_are_counted);
	tcase_add_test(tcase, it_ends_where_it_ends);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
