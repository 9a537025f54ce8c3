/* SPDX-License-Identifier: MIT */
/*
 * Tests the walk on a C library without _dl_find_object: lib/unwind/object.c is compiled into this with that name changed
 * to one that does not exist, and must go by the table it is given.
 */
#include "unwind-hook.h"
#include "unwind/object.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>

#include "unit.h"

enum { OBJECTS_MAX = 64 };

static struct allotp_object objects[OBJECTS_MAX];
static unsigned object_count, asked;

static int note(struct dl_phdr_info *info, size_t size, void *unused)
{
	struct allotp_object *object = &objects[object_count];

	(void)size;
	(void)unused;
	*object = (struct allotp_object){ .start = UINT64_MAX };
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_GNU_EH_FRAME)
			object->eh_frame_hdr = start;
		if (header->p_type != PT_LOAD)
			continue;
		if (start < object->start)
			object->start = start & ~UINT64_C(4095);
		if (start + header->p_memsz > object->end)
			object->end = start + header->p_memsz;
	}
	return ++object_count == OBJECTS_MAX;
}

static int find(uint64_t address, struct allotp_object *out)
{
	asked++;
	for (unsigned i = 0; i < object_count; i++)
		if (address >= objects[i].start && address < objects[i].end) {
			*out = objects[i];
			return 0;
		}
	return -ENOENT;
}

static struct hook hook;

START_TEST(walks_by_the_callers_table)
{
	ck_assert(hook_setup());
	dl_iterate_phdr(note, NULL);
	allotp_object_set_finder(find);
	hook_make(&hook, 1024);
	hook_check(&hook);
	ck_assert_uint_ne(asked, 0);
	ck_assert_msg(hook.differing == 0, "%s", hook.difference);
}
END_TEST

START_TEST(stops_without_a_table)
{
	ck_assert(hook_setup());
	hook_make(&hook, 1024);
	hook_walk(&hook);
	ck_assert_uint_eq(hook.last.status, ALLOT_WALK_TRUNCATED);
}
END_TEST

int main(void)
{
	Suite *suite;
	TCase *tests = tcase_create("finder");

	if (hook_skips())
		return EXIT_SUCCESS;
	suite = suite_create("unwind-finder");
	tcase_add_test(tests, walks_by_the_callers_table);
	tcase_add_test(tests, stops_without_a_table);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
