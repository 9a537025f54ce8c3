/* SPDX-License-Identifier: MIT */
/* Tests reading from and writing to what may be in a file's place, and that a failed write leaves no trace. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "snapshot-sample.h"
#include "snapshot/snapshot.h"
#include "unit.h"

static char folder[] = "/tmp/allot-test-XXXXXX";
static char path[64], other[64];
static struct allot_snapshot *snapshot;
static struct allot_error error;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.snap", folder);
	snprintf(other, sizeof(other), "%s/b.snap", folder);
	snapshot = sample_snapshot(31, 20);
}

static void tear_down(void)
{
	allotp_snapshot_free(snapshot);
	unlink(path);
	unlink(other);
	rmdir(folder);
	memcpy(strchr(folder, '\0') - 6, "XXXXXX", 6);
}

static int files_in_folder(void)
{
	DIR *directory = opendir(folder);
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2; /* . and .. */
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void assert_holds(const char *name, const char *text)
{
	char buffer[64] = "";
	FILE *file = fopen(name, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(buffer, sizeof(buffer), file));
	fclose(file);
	ck_assert_str_eq(buffer, text);
}

static void assert_reads_back(const char *name)
{
	struct allot_snapshot *back;

	ck_assert_msg(allotp_snapshot_read(name, &back, &error) == 0, "%s", error.text);
	ck_assert_pstr_eq(sample_difference(snapshot, back), NULL);
	allotp_snapshot_free(back);
}

static void assert_write_fails(const char *name, int code)
{
	char text[600];

	ck_assert_int_eq(allotp_snapshot_write(snapshot, name, &error), code);
	snprintf(text, sizeof(text), "%s: cannot write: %s", name, strerror(-code));
	ck_assert_str_eq(error.text, text);
}

START_TEST(file_has_the_mode_of_the_umask)
{
	struct stat status;

	umask(027);
	ck_assert_int_eq(allotp_snapshot_write(snapshot, path, &error), 0);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0640);
}
END_TEST

START_TEST(older_file_is_replaced)
{
	put(path, "old");
	ck_assert_int_eq(allotp_snapshot_write(snapshot, path, &error), 0);
	assert_reads_back(path);
	ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(file_behind_a_link_is_replaced)
{
	struct stat status;

	put(other, "old");
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_int_eq(allotp_snapshot_write(snapshot, path, &error), 0);
	assert_reads_back(other);
	ck_assert_int_eq(lstat(path, &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
}
END_TEST

START_TEST(name_without_folder_is_written_here)
{
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(allotp_snapshot_write(snapshot, "a.snap", &error), 0);
	assert_reads_back(path);
}
END_TEST

START_TEST(missing_folder_is_an_error)
{
	assert_write_fails("/nonexistent/a.snap", -ENOENT);
}
END_TEST

START_TEST(folder_is_no_file)
{
	struct allot_snapshot *back;

	assert_write_fails(folder, -EISDIR);
	ck_assert_int_eq(allotp_snapshot_read(folder, &back, &error), -EISDIR);
}
END_TEST

START_TEST(forbidden_folder_is_an_error)
{
	put(path, "old");
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	/* root may write anywhere; this is a process of its own */
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	else
		ck_assert_int_eq(chmod(folder, 0555), 0);
	assert_write_fails(path, -EACCES);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	assert_holds(path, "old");
	ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(full_device_is_an_error)
{
	assert_write_fails("/dev/full", -ENOSPC);
}
END_TEST

START_TEST(device_is_written_not_replaced)
{
	struct stat status;

	ck_assert_int_eq(allotp_snapshot_write(snapshot, "/dev/null", &error), 0);
	ck_assert_int_eq(stat("/dev/null", &status), 0);
	ck_assert(S_ISCHR(status.st_mode));
}
END_TEST

/* As on a full disk: a part is written, then no more. */
START_TEST(size_limit_leaves_the_older_file)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	put(path, "old");
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 100;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(allotp_snapshot_write(snapshot, path, &error), -EFBIG);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_holds(path, "old");
	ck_assert_int_eq(files_in_folder(), 1);
}
END_TEST

static void *write_to_pipe(void *result)
{
	*(int *)result = allotp_snapshot_write(snapshot, path, NULL);
	return NULL;
}

START_TEST(pipe_carries_a_snapshot)
{
	pthread_t writer;
	int result = 1;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_to_pipe, &result), 0);
	assert_reads_back(path);
	pthread_join(writer, NULL);
	ck_assert_int_eq(result, 0);
}
END_TEST

START_TEST(missing_file_is_an_error)
{
	struct allot_snapshot *back;
	char text[600];

	ck_assert_int_eq(allotp_snapshot_read(path, &back, &error), -ENOENT);
	snprintf(text, sizeof(text), "%s: cannot open: %s", path, strerror(ENOENT));
	ck_assert_str_eq(error.text, text);
}
END_TEST

START_TEST(endless_file_is_no_snapshot)
{
	struct allot_snapshot *back;

	ck_assert_int_eq(allotp_snapshot_read("/dev/zero", &back, &error), -EBADMSG);
	ck_assert_str_eq(error.text, "/dev/zero: not an allot snapshot");
}
END_TEST

START_TEST(empty_file_is_no_snapshot)
{
	struct allot_snapshot *back;

	ck_assert_int_eq(allotp_snapshot_read("/dev/null", &back, &error), -EBADMSG);
	ck_assert_str_eq(error.text, "/dev/null: not an allot snapshot: it is empty");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot-files");
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, file_has_the_mode_of_the_umask);
	tcase_add_test(tcase, older_file_is_replaced);
	tcase_add_test(tcase, file_behind_a_link_is_replaced);
	tcase_add_test(tcase, name_without_folder_is_written_here);
	tcase_add_test(tcase, missing_folder_is_an_error);
	tcase_add_test(tcase, folder_is_no_file);
	tcase_add_test(tcase, forbidden_folder_is_an_error);
	tcase_add_test(tcase, full_device_is_an_error);
	tcase_add_test(tcase, device_is_written_not_replaced);
	tcase_add_test(tcase, size_limit_leaves_the_older_file);
	tcase_add_test(tcase, pipe_carries_a_snapshot);
	tcase_add_test(tcase, missing_file_is_an_error);
	tcase_add_test(tcase, endless_file_is_no_snapshot);
	tcase_add_test(tcase, empty_file_is_no_snapshot);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
