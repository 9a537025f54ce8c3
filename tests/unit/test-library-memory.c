/* SPDX-License-Identifier: MIT */
/* Tests that the snapshot library gets by with any allocation failing, jansson's too: an error, nothing leaked or half done. */
#include <allot/snapshot.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"
#include "library/handle.h"
#include "report-sample.h"
#include "unit.h"

static allot_snapshot_t *snapshot, *older;
static allot_statistics_t *statistics;
static char *json;
static size_t json_size;
static char path[] = "test-library-memory.XXXXXX";
static FILE *nowhere;

/* Returns what the library does; *out must be as it was unless that is 0. */
typedef int work_fn(struct allot_error *error);

/* A fresh one, whose names are not known yet. */
static allot_snapshot_t *fresh(void)
{
	allot_snapshot_t *made = NULL;

	failing_hold(true);
	ck_assert_int_eq(allotp_handle_new(sample_program(), &made), 0);
	failing_hold(false);
	return made;
}

static int finish(int result, allot_snapshot_t *out)
{
	if (result == 0)
		allot_snapshot_free(out);
	else
		ck_assert_ptr_eq(out, snapshot);
	return result;
}

static int work_load(struct allot_error *error)
{
	allot_snapshot_t *out = snapshot;
	int result = allot_snapshot_load(path, &out, error);

	return finish(result, out);
}

static int work_load_json(struct allot_error *error)
{
	allot_snapshot_t *out = snapshot;
	int result;

	/* jansson's scanner has an assertion that fails when its memory does */
	json_set_alloc_funcs(__real_malloc, free);
	result = allot_snapshot_load_memory(json, json_size, "x", &out, error);
	json_set_alloc_funcs(__wrap_malloc, free);
	return finish(result, out);
}

static int work_dump(struct allot_error *error)
{
	return allot_snapshot_dump(snapshot, "/dev/null", error);
}

static int work_dump_json(struct allot_error *error)
{
	allot_snapshot_t *of = fresh();
	int result = allot_snapshot_dump_json(of, nowhere, error);

	allot_snapshot_free(of);
	return result;
}

static int work_resolve(struct allot_error *error)
{
	allot_snapshot_t *of = fresh();
	int result = allot_snapshot_resolve(of, error);

	allot_snapshot_free(of);
	return result;
}

static int work_filter(struct allot_error *error)
{
	const struct allot_filter filters[] = { { .function = "main", .all_frames = true },
						{ .exclude = true, .file = "load.c" } };
	allot_snapshot_t *of = fresh(), *out = snapshot;
	int result = allot_snapshot_filter(of, filters, 2, &out, error);

	allot_snapshot_free(of);
	return finish(result, out);
}

static int work_filter_parse(struct allot_error *error)
{
	struct allot_filter filter = { .file = "untouched" };
	int result = allot_filter_parse("-a.c:f", &filter, error);

	if (result == 0)
		allot_filter_release(&filter);
	else
		ck_assert_str_eq(filter.file, "untouched");
	return result;
}

static int work_statistics(struct allot_error *error)
{
	const struct allot_statistics_options options = { .cumulative = true };
	allot_statistics_t *out = statistics;
	int result = allot_snapshot_statistics(snapshot, &options, &out, error);

	if (result == 0)
		allot_statistics_free(out);
	else
		ck_assert_ptr_eq(out, statistics);
	return result;
}

static int work_compare(struct allot_error *error)
{
	const struct allot_statistics_options options = { .group_by = ALLOT_GROUP_STACK };
	allot_statistics_t *out = statistics;
	int result = allot_snapshot_compare(snapshot, older, &options, &out, error);

	if (result == 0)
		allot_statistics_free(out);
	else
		ck_assert_ptr_eq(out, statistics);
	return result;
}

static int work_traceback(struct allot_error *error)
{
	allot_snapshot_t *of = fresh();
	allot_traceback_t *out = NULL;
	int result = allot_snapshot_traceback(of, 0, &out, error);

	allot_traceback_free(out);
	allot_snapshot_free(of);
	return result;
}

/* Those that give text say by NULL that there was no memory. */
static int work_texts(struct allot_error *error)
{
	allot_traceback_t *traceback = NULL;
	char *key = NULL, *line = NULL, *stack = NULL, *trust = NULL;
	int result = allot_statistics_traceback(statistics, 0, &traceback, error);

	if (result == 0) {
		key = allot_statistics_key(statistics, 0);
		line = allot_statistics_format(statistics, 0);
		stack = allot_traceback_format(traceback, ALLOT_ALL_FRAMES, true);
		trust = allot_snapshot_trust_text(snapshot);
		if (!key || !line || !stack || !trust) {
			strcpy(error->text, "NULL");
			result = -ENOMEM;
		}
	}
	free(key);
	free(line);
	free(stack);
	free(trust);
	allot_traceback_free(traceback);
	return result;
}

static int report(enum allot_format format, struct allot_error *error)
{
	const struct allot_report_options options = { .format = format };
	allot_snapshot_t *of = fresh();
	int result = allot_snapshot_report(of, older, &options, nowhere, error);

	allot_snapshot_free(of);
	return result;
}

static int work_text(struct allot_error *error)
{
	return report(ALLOT_FORMAT_TEXT, error);
}

static int work_json(struct allot_error *error)
{
	return report(ALLOT_FORMAT_JSON, error);
}

static int work_markdown(struct allot_error *error)
{
	return report(ALLOT_FORMAT_MARKDOWN, error);
}

static int work_csv(struct allot_error *error)
{
	return report(ALLOT_FORMAT_CSV, error);
}

static work_fn *const works[] = {
	work_load,   work_load_json,    work_dump,       work_dump_json, work_resolve,
	work_filter, work_filter_parse, work_statistics, work_compare,   work_traceback,
	work_texts,  work_text,         work_json,       work_markdown,  work_csv,
};

START_TEST(every_failing_allocation_is_told)
{
	for (unsigned long n = 0;; n++) {
		struct allot_error error = { "" };
		int result;

		failing_begin(n);
		result = works[_i](&error);
		if (!failing_end()) {
			ck_assert_int_eq(result, 0);
			ck_assert_uint_gt(n, 0); /* or nothing was tested */
			return;
		}
		/* a string that cannot be had is tried again, as if it were no UTF-8 */
		if (result == 0)
			continue;
		ck_assert_msg(result == -ENOMEM, "work %d, allocation %lu: %d", _i, n, result);
		ck_assert_uint_gt(strlen(error.text), 0);
	}
}
END_TEST

static void set_up(void)
{
	const struct allot_statistics_options options = { .group_by = ALLOT_GROUP_STACK };
	FILE *out;

	nowhere = fopen("/dev/null", "w");
	json_set_alloc_funcs(__wrap_malloc, free);
	snapshot = fresh();
	older = fresh();
	close(mkstemp(path));
	ck_assert_int_eq(allot_snapshot_dump(snapshot, path, NULL), 0);
	out = __real_open_memstream(&json, &json_size);
	ck_assert_int_eq(allot_snapshot_dump_json(snapshot, out, NULL), 0);
	fclose(out);
	ck_assert_int_eq(allot_snapshot_compare(snapshot, older, &options, &statistics, NULL), 0);
}

static void tear_down(void)
{
	unlink(path);
	free(json);
	allot_statistics_free(statistics);
	allot_snapshot_free(snapshot);
	allot_snapshot_free(older);
	fclose(nowhere);
}

int main(void)
{
	Suite *suite = suite_create("library-memory");
	TCase *tcase = tcase_create("memory");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, every_failing_allocation_is_told, 0, sizeof(works) / sizeof(works[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
