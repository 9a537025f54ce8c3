/* SPDX-License-Identifier: MIT */
/* Tests lib/symbol/program.c: commands are found, and first lines read, as execvp does it. */
#include "symbol/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char directory[] = "/tmp/allot-test-XXXXXX";

static void make_directory(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void remove_directory(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void make_file(const char *path, const char *content, size_t size, mode_t mode)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(content, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void assert_found(const char *name, const char *expected)
{
	char *path;

	ck_assert_int_eq(allotp_program_find(name, &path), 0);
	ck_assert_str_eq(path, expected);
	free(path);
}

START_TEST(finds_programs_in_path)
{
	char *path;

	ck_assert_int_eq(mkdir("a", 0755) | mkdir("b", 0755) | mkdir("a/dir", 0755), 0);
	make_file("a/text", "", 0, 0644);
	make_file("b/text", "", 0, 0755);
	make_file("b/only", "", 0, 0755);
	make_file("a/denied", "", 0, 0644);
	make_file("here", "", 0, 0755);
	setenv("PATH", "nowhere:a:b", 1);
	assert_found("text", "b/text");
	assert_found("only", "b/only");
	/* With a slash, PATH does not matter, and neither does the mode yet. */
	assert_found("a/text", "a/text");
	ck_assert_int_eq(allotp_program_find("denied", &path), -EACCES);
	ck_assert_int_eq(allotp_program_find("dir", &path), -ENOENT);
	ck_assert_int_eq(allotp_program_find("here", &path), -ENOENT);
	ck_assert_int_eq(allotp_program_find("", &path), -ENOENT);
	ck_assert_int_eq(allotp_program_find("./gone", &path), -ENOENT);
	ck_assert_int_eq(allotp_program_find("here/gone", &path), -ENOTDIR);
	setenv("PATH", "a:", 1);
	assert_found("here", "./here");
	unsetenv("PATH");
	assert_found("sh", "/bin/sh");
	ck_assert_int_eq(allotp_program_check("b/text"), 0);
	ck_assert_int_eq(allotp_program_check("a/text"), -EACCES);
	ck_assert_int_eq(allotp_program_check("a"), -EISDIR);
	ck_assert_int_eq(allotp_program_check("gone"), -ENOENT);
}
END_TEST

static void assert_kind(const char *content, size_t size, enum allot_program_kind kind)
{
	struct allot_program program;

	make_file("file", content, size, 0755);
	ck_assert_int_eq(allotp_program_read("file", &program), 0);
	ck_assert_int_eq(program.kind, kind);
}

static void assert_script(const char *content, const char *interpreter, const char *argument)
{
	struct allot_program program;

	make_file("file", content, strlen(content), 0755);
	ck_assert_int_eq(allotp_program_read("file", &program), 0);
	ck_assert_int_eq(program.kind, ALLOT_PROGRAM_SCRIPT);
	ck_assert_str_eq(program.interpreter, interpreter);
	ck_assert_str_eq(program.argument, argument);
}

START_TEST(reads_first_lines)
{
	char long_line[512] = "#!/";
	struct allot_program program;

	ck_assert_int_eq(allotp_program_read("gone", &program), -ENOENT);
	assert_kind("\177ELF", 4, ALLOT_PROGRAM_ELF);
	assert_kind("", 0, ALLOT_PROGRAM_TEXT);
	assert_kind("echo hello\n\0", 12, ALLOT_PROGRAM_TEXT);
	assert_kind("MZ\0\0\n", 5, ALLOT_PROGRAM_OTHER);
	assert_script("#!/bin/sh", "/bin/sh", "");
	assert_script("#!/bin/sh\necho -n\n", "/bin/sh", "");
	assert_script("#! \t/usr/bin/perl  -w -T \t\nprint 1;\n", "/usr/bin/perl", "-w -T");
	assert_script("#!\n", "", "");
	/* The kernel looks no further than 256 bytes. */
	memset(long_line + 3, 'x', sizeof(long_line) - 4);
	make_file("file", long_line, strlen(long_line), 0755);
	ck_assert_int_eq(allotp_program_read("file", &program), 0);
	ck_assert_uint_eq(strlen(program.interpreter), 254);
}
END_TEST

START_TEST(follows_env)
{
	static const char *const arguments[][2] = {
		{ "python3", "python3" },
		{ "", "" },
		{ "python3 -u", "python3 -u" }, /* one argument, which env does not find either */
		{ "-i", "" },
		{ "A=b", "" },
		{ "-S python3 -u", "python3" },
		{ "-Spython3", "python3" },
		{ "-S -i A=b  perl -w", "perl" },
		{ "--split-string=awk -f", "awk" },
		{ "-S A=b", "" },
	};

	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		struct allot_program program = { .kind = ALLOT_PROGRAM_SCRIPT };
		char command[32];

		strcpy(program.argument, arguments[i][0]);
		allotp_program_env_command(&program, command, sizeof(command));
		ck_assert_str_eq(command, arguments[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("program");
	TCase *tcase = tcase_create("program");

	tcase_add_checked_fixture(tcase, make_directory, remove_directory);
	tcase_add_test(tcase, finds_programs_in_path);
	tcase_add_test(tcase, reads_first_lines);
	tcase_add_test(tcase, follows_env);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
