/* SPDX-License-Identifier: MIT */
/*
 * Tests the snapshot library with the cases of CPython's test_tracemalloc that concern snapshots, under their names. Only
 * the public header and the shared library are used. What is Python's alone is left out: .pyc for .py in patterns.
 */
#include <allot/snapshot.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "trace-sample.h"
#include "unit.h"

static allot_snapshot_t *snapshot, *snapshot2;

static void setup(void)
{
	snapshot = trace_sample_new(trace_sample_old);
	snapshot2 = trace_sample_new(trace_sample_young);
}

static void teardown(void)
{
	allot_snapshot_free(snapshot);
	allot_snapshot_free(snapshot2);
}

static void assert_traces(const allot_snapshot_t *of, const char *expected)
{
	char *text = trace_sample_text(of);

	ck_assert_str_eq(text, expected);
	free(text);
}

static allot_snapshot_t *filtered(const allot_snapshot_t *of, const struct allot_filter *filters, size_t count)
{
	allot_snapshot_t *result;

	ck_assert_int_eq(allot_snapshot_filter(of, filters, count, &result, NULL), 0);
	return result;
}

static void assert_filtered(struct allot_filter filter, const char *expected)
{
	allot_snapshot_t *result = filtered(snapshot, &filter, 1);

	assert_traces(result, expected);
	allot_snapshot_free(result);
}

/* "NAME size size_diff count count_diff\n" for each group. */
static char *text_of(const allot_statistics_t *statistics, bool stacks)
{
	struct allot_statistic group;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; allot_statistics_group(statistics, i, &group) == 0; i++) {
		char *key = allot_statistics_key(statistics, i);

		fprintf(out, "%s %" PRIu64 " %+" PRId64 " %" PRIu64 " %+" PRId64 "\n", stacks ? key : group.name,
			group.size, group.size_diff, group.count, group.count_diff);
		free(key);
	}
	fclose(out);
	return text;
}

static void assert_statistics(const allot_snapshot_t *now, const allot_snapshot_t *old,
			      struct allot_statistics_options options, const char *expected)
{
	allot_statistics_t *statistics;
	char *text;

	if (old)
		ck_assert_int_eq(allot_snapshot_compare(now, old, &options, &statistics, NULL), 0);
	else
		ck_assert_int_eq(allot_snapshot_statistics(now, &options, &statistics, NULL), 0);
	text = text_of(statistics, options.group_by == ALLOT_GROUP_STACK);
	ck_assert_str_eq(text, expected);
	free(text);
	allot_statistics_free(statistics);
}

#define ALL                                                                                                            \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"1 2 a.py:5;b.py:4\n"                                                                                          \
	"2 66 b.py:1\n"                                                                                                \
	"3 7 <unknown>:0\n"
#define WITHOUT_B                                                                                                      \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"1 2 a.py:5;b.py:4\n"                                                                                          \
	"3 7 <unknown>:0\n"
#define LINES_OF_A                                                                                                     \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"0 10 a.py:2;b.py:4\n"                                                                                         \
	"1 2 a.py:5;b.py:4\n"

START_TEST(test_snapshot)
{
	char path[] = "test-tracemalloc.XXXXXX";
	int fd = mkstemp(path);
	allot_snapshot_t *loaded;

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(allot_snapshot_dump(snapshot, path, NULL), 0);
	ck_assert_int_eq(allot_snapshot_load(path, &loaded, NULL), 0);
	unlink(path);
	/* and what it was loaded from is still there */
	allot_snapshot_free(snapshot);
	snapshot = loaded;
	assert_traces(snapshot, ALL);
}
END_TEST

START_TEST(test_filter_traces)
{
	const struct allot_filter without_b = { .exclude = true, .file = "b.py" };
	const struct allot_filter lines[] = {
		{ .file = "a.py", .match_line = true, .line = 2 },
		{ .file = "a.py", .match_line = true, .line = 5 },
	};
	allot_snapshot_t *snapshot3 = filtered(snapshot, &without_b, 1);
	allot_snapshot_t *snapshot4 = filtered(snapshot3, lines, 2);
	allot_snapshot_t *snapshot5 = filtered(snapshot, NULL, 0);

	assert_traces(snapshot3, WITHOUT_B);
	/* the original is untouched */
	assert_traces(snapshot, ALL);
	assert_traces(snapshot4, LINES_OF_A);
	/* no filter makes a copy */
	ck_assert_ptr_ne(snapshot5, snapshot);
	ck_assert_ptr_ne(allot_snapshot_site(snapshot5, 0), allot_snapshot_site(snapshot, 0));
	assert_traces(snapshot5, ALL);
	allot_snapshot_free(snapshot3);
	allot_snapshot_free(snapshot5);
	/* what it was made from has gone already */
	assert_traces(snapshot4, LINES_OF_A);
	allot_snapshot_free(snapshot4);
}
END_TEST

START_TEST(test_filter_traces_domain)
{
	const char *domains[] = { "1", "mmap" };

	/* a.py without domain 1; a.py of domain 1 */
	for (int i = 0; i < 2; i++) {
		assert_filtered((struct allot_filter){ .exclude = true, .file = "a.py", .domain = domains[i] },
				"0 10 a.py:2;b.py:4\n"
				"0 10 a.py:2;b.py:4\n"
				"0 10 a.py:2;b.py:4\n"
				"2 66 b.py:1\n"
				"3 7 <unknown>:0\n");
		assert_filtered((struct allot_filter){ .file = "a.py", .domain = domains[i] }, "1 2 a.py:5;b.py:4\n");
	}
	/* domain 0 is one as any other */
	assert_filtered((struct allot_filter){ .exclude = true, .file = "a.py", .domain = "0" }, "1 2 a.py:5;b.py:4\n"
												 "2 66 b.py:1\n"
												 "3 7 <unknown>:0\n");
}
END_TEST

START_TEST(test_filter_traces_domain_filter)
{
	assert_filtered((struct allot_filter){ .exclude = true, .domain = "3" }, "0 10 a.py:2;b.py:4\n"
										 "0 10 a.py:2;b.py:4\n"
										 "0 10 a.py:2;b.py:4\n"
										 "1 2 a.py:5;b.py:4\n"
										 "2 66 b.py:1\n");
	assert_filtered((struct allot_filter){ .domain = "3" }, "3 7 <unknown>:0\n");
	assert_filtered((struct allot_filter){ .domain = "5" }, "");
}
END_TEST

START_TEST(test_snapshot_group_by_line)
{
	const struct allot_statistics_options by_line = { .group_by = ALLOT_GROUP_LINE };

	assert_statistics(snapshot, NULL, by_line,
			  "b.py:1 66 +0 1 +0\n"
			  "a.py:2 30 +0 3 +0\n"
			  "<unknown>:0 7 +0 1 +0\n"
			  "a.py:5 2 +0 1 +0\n");
	assert_statistics(snapshot2, NULL, by_line,
			  "a.py:5 5002 +0 2 +0\n"
			  "c.py:578 400 +0 1 +0\n"
			  "a.py:2 30 +0 3 +0\n");
	assert_statistics(snapshot2, snapshot, by_line,
			  "a.py:5 5002 +5000 2 +1\n"
			  "c.py:578 400 +400 1 +1\n"
			  "b.py:1 0 -66 0 -1\n"
			  "<unknown>:0 0 -7 0 -1\n"
			  "a.py:2 30 +0 3 +0\n");
}
END_TEST

START_TEST(test_snapshot_group_by_file)
{
	const struct allot_statistics_options by_file = { .group_by = ALLOT_GROUP_FILE };

	assert_statistics(snapshot, NULL, by_file,
			  "b.py:0 66 +0 1 +0\n"
			  "a.py:0 32 +0 4 +0\n"
			  "<unknown>:0 7 +0 1 +0\n");
	assert_statistics(snapshot2, NULL, by_file,
			  "a.py:0 5032 +0 5 +0\n"
			  "c.py:0 400 +0 1 +0\n");
	assert_statistics(snapshot2, snapshot, by_file,
			  "a.py:0 5032 +5000 5 +1\n"
			  "c.py:0 400 +400 1 +1\n"
			  "b.py:0 0 -66 0 -1\n"
			  "<unknown>:0 0 -7 0 -1\n");
}
END_TEST

START_TEST(test_snapshot_group_by_traceback)
{
	const struct allot_statistics_options by_stack = { .group_by = ALLOT_GROUP_STACK };
	const struct allot_statistics_options cumulative = { .group_by = ALLOT_GROUP_STACK, .cumulative = true };
	allot_statistics_t *untouched = (allot_statistics_t *)&by_stack, *out = untouched;
	struct allot_error error = { "" };

	assert_statistics(snapshot, NULL, by_stack,
			  "b.py:1 66 +0 1 +0\n"
			  "a.py:2;b.py:4 30 +0 3 +0\n"
			  "<unknown>:0 7 +0 1 +0\n"
			  "a.py:5;b.py:4 2 +0 1 +0\n");
	assert_statistics(snapshot2, NULL, by_stack,
			  "a.py:5;b.py:4 5002 +0 2 +0\n"
			  "c.py:578 400 +0 1 +0\n"
			  "a.py:2;b.py:4 30 +0 3 +0\n");
	assert_statistics(snapshot2, snapshot, by_stack,
			  "a.py:5;b.py:4 5002 +5000 2 +1\n"
			  "c.py:578 400 +400 1 +1\n"
			  "b.py:1 0 -66 0 -1\n"
			  "<unknown>:0 0 -7 0 -1\n"
			  "a.py:2;b.py:4 30 +0 3 +0\n");
	ck_assert_int_eq(allot_snapshot_statistics(snapshot, &cumulative, &out, &error), -EINVAL);
	ck_assert_ptr_eq(out, untouched);
	ck_assert_str_eq(error.text, "cumulative does not go with groups by stack, which count each block once");
}
END_TEST

START_TEST(test_snapshot_group_by_cumulative)
{
	assert_statistics(snapshot, NULL,
			  (struct allot_statistics_options){ .group_by = ALLOT_GROUP_FILE, .cumulative = true },
			  "b.py:0 98 +0 5 +0\n"
			  "a.py:0 32 +0 4 +0\n"
			  "<unknown>:0 7 +0 1 +0\n");
	assert_statistics(snapshot, NULL,
			  (struct allot_statistics_options){ .group_by = ALLOT_GROUP_LINE, .cumulative = true },
			  "b.py:1 66 +0 1 +0\n"
			  "b.py:4 32 +0 4 +0\n"
			  "a.py:2 30 +0 3 +0\n"
			  "<unknown>:0 7 +0 1 +0\n"
			  "a.py:5 2 +0 1 +0\n");
}
END_TEST

/* A function that calls itself counts a block once for each of its frames. */
START_TEST(cumulative_recursion)
{
	static const struct trace_sample traces[] = { { 0, 5, "r.c:1;r.c:1;r.c:1;m.c:9" }, { 0, 0, NULL } };
	allot_snapshot_t *recursive = trace_sample_new(traces);

	assert_statistics(recursive, NULL,
			  (struct allot_statistics_options){ .group_by = ALLOT_GROUP_LINE, .cumulative = true },
			  "r.c:1 15 +0 3 +0\n"
			  "m.c:9 5 +0 1 +0\n");
	allot_snapshot_free(recursive);
}
END_TEST

/* Equal sums come out in descending order, lines as numbers, stacks from their oldest frame on. */
START_TEST(ties_descend)
{
	static const struct trace_sample lines[] = {
		{ 0, 8, "a.c:2" }, { 0, 8, "a.c:10" }, { 0, 8, "b.c:1" }, { 0, 0, NULL }
	};
	static const struct trace_sample stacks[] = { { 0, 8, "z.c:9;a.c:1" },       { 0, 8, "a.c:1" },
						      { 0, 8, "a.c:1;b.c:1" },       { 0, 8, "y.c:1;a.c:1" },
						      { 0, 8, "z.c:9;z.c:9;a.c:1" }, { 0, 0, NULL } };
	allot_snapshot_t *of_lines = trace_sample_new(lines), *of_stacks = trace_sample_new(stacks);

	assert_statistics(of_lines, NULL, (struct allot_statistics_options){ .group_by = ALLOT_GROUP_LINE },
			  "b.c:1 8 +0 1 +0\n"
			  "a.c:10 8 +0 1 +0\n"
			  "a.c:2 8 +0 1 +0\n");
	assert_statistics(of_stacks, NULL, (struct allot_statistics_options){ .group_by = ALLOT_GROUP_STACK },
			  "a.c:1;b.c:1 8 +0 1 +0\n"
			  "z.c:9;z.c:9;a.c:1 8 +0 1 +0\n"
			  "z.c:9;a.c:1 8 +0 1 +0\n"
			  "y.c:1;a.c:1 8 +0 1 +0\n"
			  "a.c:1 8 +0 1 +0\n");
	allot_snapshot_free(of_lines);
	allot_snapshot_free(of_stacks);
}
END_TEST

static void assert_format(const allot_snapshot_t *now, const allot_snapshot_t *old, size_t number, const char *expected)
{
	const struct allot_statistics_options by_line = { .group_by = ALLOT_GROUP_LINE };
	allot_statistics_t *statistics;
	char *text;

	if (old)
		ck_assert_int_eq(allot_snapshot_compare(now, old, &by_line, &statistics, NULL), 0);
	else
		ck_assert_int_eq(allot_snapshot_statistics(now, &by_line, &statistics, NULL), 0);
	text = allot_statistics_format(statistics, number);
	ck_assert_str_eq(text, expected);
	free(text);
	ck_assert_ptr_null(allot_statistics_format(statistics, allot_statistics_count(statistics)));
	allot_statistics_free(statistics);
}

START_TEST(test_statistic_format)
{
	assert_format(snapshot, NULL, 0, "b.py:1: size=66 B, count=1, average=66 B");
}
END_TEST

START_TEST(test_statistic_diff_format)
{
	assert_format(snapshot2, snapshot, 0, "a.py:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B");
	/* no average of nothing */
	assert_format(snapshot2, snapshot, 2, "b.py:1: size=0 B (-66 B), count=0 (-1)");
}
END_TEST

static void write_source(const char *name, int lines)
{
	FILE *file = fopen(name, "w");

	for (int i = 1; i <= lines; i++)
		fprintf(file, "  <%s, %d>\n", name, i);
	fclose(file);
}

static void assert_traceback(int32_t limit, bool most_recent_first, const char *expected)
{
	allot_traceback_t *traceback;
	char *text;

	ck_assert_int_eq(allot_snapshot_traceback(snapshot, 0, &traceback, NULL), 0);
	text = allot_traceback_format(traceback, limit, most_recent_first);
	ck_assert_str_eq(text, expected);
	free(text);
	allot_traceback_free(traceback);
}

START_TEST(test_format_traceback)
{
	char folder[] = "test-tracemalloc.XXXXXX";
	static const char a[] = "  File \"a.py\", line 2\n"
				"    <a.py, 2>\n";
	static const char b[] = "  File \"b.py\", line 4\n"
				"    <b.py, 4>\n";
	static const char a_b[] = "  File \"a.py\", line 2\n"
				  "    <a.py, 2>\n"
				  "  File \"b.py\", line 4\n"
				  "    <b.py, 4>\n";
	static const char b_a[] = "  File \"b.py\", line 4\n"
				  "    <b.py, 4>\n"
				  "  File \"a.py\", line 2\n"
				  "    <a.py, 2>\n";

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	write_source("a.py", 2);
	write_source("b.py", 4);
	assert_traceback(ALLOT_ALL_FRAMES, false, b_a);
	assert_traceback(1, false, a);
	assert_traceback(-1, false, b);
	assert_traceback(ALLOT_ALL_FRAMES, true, a_b);
	assert_traceback(1, true, a);
	assert_traceback(-1, true, b);
	assert_traceback(2, false, b_a);
	assert_traceback(3, true, a_b);
	assert_traceback(0, false, "");
	assert_traceback(-2, false, "");
	assert_traceback(INT32_MIN, false, "");
	/* no line where there is no source */
	unlink("b.py");
	assert_traceback(-1, false, "  File \"b.py\", line 4\n");
	unlink("a.py");
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* Does a filter keep a trace of these frames? */
static bool keeps(struct allot_filter filter, const char *stack)
{
	const struct trace_sample traces[] = { { 0, 1, stack }, { 0, 0, NULL } };
	allot_snapshot_t *of = trace_sample_new(traces), *result = filtered(of, &filter, 1);
	bool kept = allot_snapshot_site_count(result) == 1;

	allot_snapshot_free(result);
	allot_snapshot_free(of);
	return kept;
}

START_TEST(test_filter_match_trace)
{
	static const struct {
		bool inclusive;
		const char *file;
		bool all_frames;
		bool keeps[4];
	} cases[] = {
		{ true, "b.py", true, { true, true, false, false } },
		{ true, "b.py", false, { false, true, false, false } },
		{ false, "b.py", true, { false, false, true, true } },
		{ false, "b.py", false, { true, false, true, true } },
		{ true, "<unknown>", false, { false, false, false, true } },
		{ false, "<unknown>", false, { true, true, true, false } },
		{ true, "<unknown>", true, { false, false, true, true } },
		{ false, "<unknown>", true, { true, true, false, false } },
	};
	static const char *const stacks[] = { "a.py:2;b.py:3", "b.py:4;b.py:5", "c.py:5;<unknown>:0", "<unknown>:0" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct allot_filter filter = { .exclude = !cases[i].inclusive,
						     .file = cases[i].file,
						     .all_frames = cases[i].all_frames };

		for (size_t j = 0; j < 4; j++)
			ck_assert_msg(keeps(filter, stacks[j]) == cases[i].keeps[j], "case %zu, %s", i, stacks[j]);
	}
}
END_TEST

START_TEST(test_filter_match)
{
	static const char *const frames[] = { "abc:0", "abc:5", "abc:10", "12356:0", "12356:5", "12356:10" };
	static const struct {
		bool match_line;
		uint32_t line;
		bool matches[6];
	} cases[] = {
		{ false, 0, { true, true, true } },
		{ true, 5, { false, true, false } },
		/* 0 is a line as any other */
		{ true, 0, { true, false, false } },
	};

	for (size_t i = 0; i < 3; i++) {
		struct allot_filter filter = { .file = "abc",
					       .match_line = cases[i].match_line,
					       .line = cases[i].line };

		for (size_t j = 0; j < 6; j++) {
			filter.exclude = false;
			ck_assert_msg(keeps(filter, frames[j]) == cases[i].matches[j], "case %zu, %s", i, frames[j]);
			filter.exclude = true;
			ck_assert_msg(keeps(filter, frames[j]) != cases[i].matches[j], "case %zu, %s", i, frames[j]);
		}
	}
}
END_TEST

START_TEST(test_filter_match_filename)
{
	static const char *const frames[] = { "abc:0", "12356:0", "<unknown>:0" };

	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(keeps((struct allot_filter){ .file = "abc" }, frames[i]), i == 0);
		ck_assert_int_eq(keeps((struct allot_filter){ .exclude = true, .file = "abc" }, frames[i]), i != 0);
	}
}
END_TEST

START_TEST(test_filter_match_filename_joker)
{
	static const struct {
		const char *name, *pattern;
		bool matches;
	} cases[] = {
		{ "abc", "", false },
		{ "", "abc", false },
		{ "", "", true },
		{ "", "*", true },
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "abc", "def", false },
		{ "abc", "a*", true },
		{ "abc", "abc*", true },
		{ "abc", "b*", false },
		{ "abc", "abcd*", false },
		{ "abc", "a*c", true },
		{ "abcdcx", "a*cx", true },
		{ "abb", "a*c", false },
		{ "abcdce", "a*cx", false },
		{ "abcde", "a*c*e", true },
		{ "abcbdefeg", "a*bd*eg", true },
		{ "abcdd", "a*c*e", false },
		{ "abcbdefef", "a*bd*eg", false },
		{ "aBC", "ABc", false },
		{ "aBcDe", "Ab*dE", false },
		{ "a/b", "a\\b", false },
		{ "a\\b", "a/b", false },
		{ "a/b\\c", "a\\b/c", false },
		{ "a/b/c", "a\\b\\c", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(allot_glob_match(cases[i].pattern, cases[i].name) == cases[i].matches, "%s, %s",
			      cases[i].name, cases[i].pattern);
}
END_TEST

/* CPython's _format_size, at the borders of its rules. */
START_TEST(sizes)
{
	static const struct {
		double bytes;
		bool sign;
		const char *text;
	} cases[] = {
		{ 0, false, "0 B" },
		{ 10239, false, "10239 B" },
		{ 10240, false, "10.0 KiB" },
		{ 102399, false, "100.0 KiB" },
		{ 102400, false, "100 KiB" },
		{ 10485759, false, "10240 KiB" },
		{ 10485760, false, "10.0 MiB" },
		{ 1099511627776, false, "1024 GiB" },
		{ 0, true, "+0 B" },
		{ 66, true, "+66 B" },
		{ -66, true, "-66 B" },
		{ -102400, true, "-100 KiB" },
	};
	char text[ALLOT_SIZE_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(allot_format_size(text, cases[i].bytes, cases[i].sign), cases[i].text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		test_snapshot,
		test_filter_traces,
		test_filter_traces_domain,
		test_filter_traces_domain_filter,
		test_snapshot_group_by_line,
		test_snapshot_group_by_file,
		test_snapshot_group_by_traceback,
		test_snapshot_group_by_cumulative,
		cumulative_recursion,
		ties_descend,
		test_statistic_format,
		test_statistic_diff_format,
		test_format_traceback,
		test_filter_match_trace,
		test_filter_match,
		test_filter_match_filename,
		test_filter_match_filename_joker,
		sizes,
	};
	Suite *suite = suite_create("tracemalloc");
	TCase *tcase = tcase_create("snapshot");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
