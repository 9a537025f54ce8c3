/* SPDX-License-Identifier: MIT */
/* Tests where separate debug files are looked for. */
#include "symbol/debug-file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static const uint8_t build_id[3] = { 0xab, 0xcd, 0xef };
static char root[64];
static char program[256], debug_path[256];

/* Makes a file and the directories that it lies in. */
static void make(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT, 0666);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void set_up(void)
{
	strcpy(root, "/tmp/allot-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	make("usr/bin/program");
	snprintf(program, sizeof(program), "%s/usr/bin/program", root);
	snprintf(debug_path, sizeof(debug_path), "-:.debug:+%s/debug", root);
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}

static bool is_likely(const char *debuglink)
{
	return allotp_debug_file_is_likely(debug_path, program, debuglink, build_id, sizeof(build_id));
}

START_TEST(is_not_likely_where_there_is_none)
{
	make("usr/bin/other.debug");
	make("debug/.build-id/ab/cdee.debug");
	make("usr/linked");
	ck_assert(!is_likely("linked"));
	ck_assert(!is_likely(NULL));
	ck_assert(!allotp_debug_file_is_likely(debug_path, program, NULL, NULL, 0));
}
END_TEST

START_TEST(is_likely_in_each_place)
{
	const char *places[] = { "usr/bin/linked", "usr/bin/.debug/linked", "debug/linked", "debug/bin/linked",
				 "debug/usr/bin/linked" };

	make(places[_i]);
	ck_assert(is_likely("linked"));
	ck_assert(!is_likely("another"));
	ck_assert(!is_likely(NULL));
}
END_TEST

START_TEST(is_likely_by_the_name_of_the_program)
{
	make("usr/bin/program.debug");
	ck_assert(is_likely(NULL));
	ck_assert(!is_likely("linked"));
}
END_TEST

START_TEST(is_likely_beside_what_a_link_points_to)
{
	char there[256];

	make("opt/program");
	make("opt/linked");
	snprintf(there, sizeof(there), "%s/opt/program", root);
	ck_assert_int_eq(unlink(program), 0);
	ck_assert_int_eq(symlink(there, program), 0);
	ck_assert(is_likely("linked"));
}
END_TEST

START_TEST(is_found_by_build_id)
{
	char *path, expected[256];

	ck_assert_ptr_null(allotp_debug_file_by_build_id(debug_path, build_id, sizeof(build_id)));
	make("debug/.build-id/ab/cdef.debug");
	snprintf(expected, sizeof(expected), "%s/debug/.build-id/ab/cdef.debug", root);
	path = allotp_debug_file_by_build_id(debug_path, build_id, sizeof(build_id));
	ck_assert_pstr_eq(path, expected);
	free(path);
	ck_assert(is_likely(NULL));
	ck_assert_ptr_null(allotp_debug_file_by_build_id(debug_path, build_id, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbol-debug-file");
	TCase *tcase = tcase_create("symbol-debug-file");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, is_not_likely_where_there_is_none);
	tcase_add_loop_test(tcase, is_likely_in_each_place, 0, 5);
	tcase_add_test(tcase, is_likely_by_the_name_of_the_program);
	tcase_add_test(tcase, is_likely_beside_what_a_link_points_to);
	tcase_add_test(tcase, is_found_by_build_id);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
