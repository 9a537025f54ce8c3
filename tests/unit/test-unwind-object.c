/* SPDX-License-Identifier: MIT */
/* Tests lib/unwind/object.c. Linked to fixed addresses, as few programs are, but compilers and interpreters among them. */
#include "unwind/object.h"

#include <dlfcn.h>

#include "unit.h"

static void segment_is_known(uint64_t address)
{
	struct allotp_object object;

	ck_assert_int_eq(allotp_object_find(address, &object), 0);
	ck_assert_uint_ne(object.eh_frame_hdr, 0);
	/* Else each look at it would ask the kernel whether it can be read. */
	ck_assert_uint_le(object.low, object.eh_frame_hdr);
	ck_assert_uint_gt(object.high, object.eh_frame_hdr);
	ck_assert(allotp_object_readable(&object, object.low, object.high - object.low));
	ck_assert(!allotp_object_readable(&object, object.end - 1, 2));
}

START_TEST(program)
{
	segment_is_known((uintptr_t)segment_is_known);
}
END_TEST

START_TEST(library)
{
	segment_is_known((uintptr_t)dlsym(RTLD_DEFAULT, "qsort"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unwind-object");
	TCase *tests = tcase_create("object");

	tcase_add_test(tests, program);
	tcase_add_test(tests, library);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
