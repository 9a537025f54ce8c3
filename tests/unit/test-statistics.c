/* SPDX-License-Identifier: MIT */
/* Tests lib/report/statistics.c and compare.c: sums and orders, as CPython's statistics and compare_to. */
#include "report/statistics.h"

#include <errno.h>
#include <stdio.h>

#include "report-sample.h"
#include "unit.h"

static struct allot_snapshot *snapshot;
static struct allot_view view;
static struct allot_keys *keys;
static struct allot_statistics *statistics;

static void use(struct allot_snapshot *made)
{
	snapshot = made;
	view.snapshot = made;
	ck_assert_int_eq(allotp_resolver_new(made, NULL, NULL, &view.resolver), 0);
}

static void setup(void)
{
	ck_assert_int_eq(allotp_keys_new(&keys), 0);
}

static void drop(void)
{
	allotp_statistics_free(statistics);
	statistics = NULL;
	allotp_resolver_free(view.resolver);
	allotp_snapshot_free(snapshot);
	view = (struct allot_view){ 0 };
	snapshot = NULL;
}

static void teardown(void)
{
	drop();
	allotp_keys_free(keys);
}

static void group(struct allot_statistics_options options)
{
	allotp_statistics_free(statistics);
	ck_assert_int_eq(allotp_statistics_new(&view, keys, &options, &statistics), 0);
}

static void assert_key(const struct allot_statistics *of, uint32_t i, const char *expected)
{
	char *text;

	ck_assert_uint_lt(i, of->count);
	text = allotp_keys_text(keys, of->groups[i].key);
	ck_assert_str_eq(text, expected);
	free(text);
}

static void assert_group(uint32_t i, const char *expected, uint64_t bytes, uint64_t blocks)
{
	struct allot_count count;

	assert_key(statistics, i, expected);
	count = allotp_group_count(&statistics->groups[i], statistics->measure);
	ck_assert_uint_eq(count.bytes, bytes);
	ck_assert_uint_eq(count.blocks, blocks);
}

/* A site of one frame. */
static struct allot_site *line(uint64_t offset, const char *frame, uint64_t bytes, uint64_t blocks)
{
	uint32_t node = sample_frame(snapshot, ALLOT_NODE_ROOT, offset, frame);

	return sample_site(snapshot, node, (struct allot_count){ bytes, blocks },
			   (struct allot_count){ bytes, blocks });
}

START_TEST(groups_by_line)
{
	use(sample_program());
	group((struct allot_statistics_options){ 0 });
	ck_assert_int_eq(statistics->measure, ALLOT_MEASURE_LIVE);
	ck_assert_uint_eq(statistics->count, 3);
	assert_group(0, "util.h:5", 3000, 3);
	assert_group(1, "load.c:7", 1024, 1);
	assert_group(2, "libplug.so+0x1234", 0, 0);
	ck_assert_uint_eq(statistics->groups[2].ever.bytes, 500);
	ck_assert_uint_eq(statistics->total.bytes, 4024);
}
END_TEST

START_TEST(groups_by_function_file_module_domain)
{
	use(sample_program());
	snapshot->sites[1].domain = ALLOT_DOMAIN_MMAP;
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_FUNCTION });
	assert_group(0, "xmalloc (util.h)", 3000, 3);
	assert_group(1, "load (load.c)", 1024, 1);
	assert_group(2, "libplug.so+0x1234", 0, 0);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_FILE });
	assert_group(0, "util.h:0", 3000, 3);
	assert_group(1, "load.c:0", 1024, 1);
	assert_group(2, "libplug.so:0", 0, 0);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_MODULE });
	assert_group(0, "/usr/bin/sample", 4024, 4);
	assert_group(1, "/opt/plug/libplug.so", 0, 0);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_DOMAIN });
	assert_group(0, "malloc", 3000, 3);
	assert_group(1, "mmap", 1024, 1);
	ck_assert_uint_eq(statistics->count, 2);
}
END_TEST

START_TEST(groups_by_stack)
{
	uint32_t again;

	snapshot = sample_program();
	/* the same lines at other addresses are the same stack */
	again = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x118, "main main.c:11");
	again = sample_frame(snapshot, again, 0x308, "load load.c:7");
	sample_site(snapshot, again, (struct allot_count){ 24, 2 }, (struct allot_count){ 24, 2 });
	use(snapshot);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_STACK });
	ck_assert_uint_eq(statistics->count, 3);
	assert_group(0, "util.h:5;parse.c:20;main.c:10", 3000, 3);
	assert_group(1, "load.c:7;main.c:11", 1048, 3);
	assert_group(2, "libplug.so+0x1234;main.c:12", 0, 0);
	ck_assert_uint_eq(statistics->groups[1].sites, 2);
}
END_TEST

START_TEST(ties_come_in_reverse_order_of_their_lines)
{
	snapshot = sample_new();
	line(0x100, "f a.c:2", 100, 1);
	line(0x200, "f b.c:1", 100, 1);
	line(0x300, "f a.c:10", 100, 1);
	line(0x400, "f c.c:1", 100, 2);
	line(0x500, "f d.c:1", 99, 9);
	use(snapshot);
	group((struct allot_statistics_options){ 0 });
	assert_group(0, "c.c:1", 100, 2);
	assert_group(1, "b.c:1", 100, 1);
	assert_group(2, "a.c:10", 100, 1);
	assert_group(3, "a.c:2", 100, 1);
	assert_group(4, "d.c:1", 99, 9);
}
END_TEST

START_TEST(ranks_by_each_measure)
{
	struct allot_site *site;

	snapshot = sample_new();
	site = line(0x100, "f a.c:1", 10, 1);
	site->peak = (struct allot_count){ 30, 1 };
	site->ever = (struct allot_count){ 50, 9 };
	site->temporary = (struct allot_count){ 1, 1 };
	site = line(0x200, "f b.c:1", 20, 1);
	site->peak = (struct allot_count){ 20, 1 };
	site->ever = (struct allot_count){ 60, 3 };
	site->temporary = (struct allot_count){ 2, 1 };
	use(snapshot);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_LIVE });
	assert_group(0, "b.c:1", 20, 1);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_PEAK });
	assert_group(0, "a.c:1", 30, 1);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_EVER });
	assert_group(0, "b.c:1", 60, 3);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_COUNT });
	assert_group(0, "a.c:1", 50, 9);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_TEMPORARY });
	assert_group(0, "b.c:1", 2, 1);
}
END_TEST

START_TEST(falls_back_to_the_peak_when_nothing_is_live)
{
	snapshot = sample_new();
	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x100, "f a.c:1"), (struct allot_count){ 0, 0 },
		    (struct allot_count){ 64, 2 });
	use(snapshot);
	group((struct allot_statistics_options){ 0 });
	ck_assert_int_eq(statistics->measure, ALLOT_MEASURE_PEAK);
	assert_group(0, "a.c:1", 64, 2);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_LIVE });
	ck_assert_int_eq(statistics->measure, ALLOT_MEASURE_LIVE);
	ck_assert_uint_eq(statistics->count, 1);
	group((struct allot_statistics_options){ .measure = ALLOT_MEASURE_LIVE, .skip_empty = true });
	ck_assert_uint_eq(statistics->count, 0);
}
END_TEST

START_TEST(cumulative_counts_every_frame)
{
	use(sample_program());
	group((struct allot_statistics_options){ .cumulative = true, .measure = ALLOT_MEASURE_EVER });
	ck_assert_uint_eq(statistics->count, 7);
	assert_group(0, "util.h:5", 4000, 4);
	assert_group(1, "parse.c:20", 4000, 4);
	assert_group(2, "main.c:10", 4000, 4);
	assert_group(3, "main.c:11", 1024, 1);
	assert_group(4, "load.c:7", 1024, 1);
	assert_group(5, "main.c:12", 500, 5);
	assert_group(6, "libplug.so+0x1234", 500, 5);
	group((struct allot_statistics_options){
		.cumulative = true, .measure = ALLOT_MEASURE_EVER, .group_by = ALLOT_GROUP_FUNCTION });
	assert_group(0, "main (main.c)", 5524, 10);
}
END_TEST

/* As in CPython, where a recursive function counts a block once for each of its frames. */
START_TEST(cumulative_counts_recursion_each_time)
{
	uint32_t node = ALLOT_NODE_ROOT;

	snapshot = sample_new();
	node = sample_frame(snapshot, node, 0x100, "main main.c:1");
	for (int i = 0; i < 3; i++)
		node = sample_frame(snapshot, node, 0x200, "walk tree.c:5");
	sample_site(snapshot, node, (struct allot_count){ 10, 1 }, (struct allot_count){ 10, 1 });
	sample_site(snapshot, snapshot->nodes[node].parent, (struct allot_count){ 100, 1 },
		    (struct allot_count){ 100, 1 });
	use(snapshot);
	group((struct allot_statistics_options){ .cumulative = true });
	ck_assert_uint_eq(statistics->count, 2);
	assert_group(0, "tree.c:5", 230, 5);
	assert_group(1, "main.c:1", 110, 2);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_LINE });
	assert_group(0, "tree.c:5", 110, 2);
}
END_TEST

START_TEST(cumulative_needs_frames)
{
	struct allot_statistics *none = NULL;
	struct allot_statistics_options options = { .cumulative = true, .group_by = ALLOT_GROUP_STACK };

	use(sample_program());
	ck_assert_int_eq(allotp_statistics_new(&view, keys, &options, &none), -EINVAL);
	options.group_by = ALLOT_GROUP_DOMAIN;
	ck_assert_int_eq(allotp_statistics_new(&view, keys, &options, &none), -EINVAL);
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(stacks_without_frames_or_ends)
{
	uint32_t libc, node;

	snapshot = sample_new();
	libc = sample_module(snapshot, "/lib/libc.so.6", 0x7f0000000000);
	sample_symbol(snapshot, libc, 0x900, "malloc");
	sample_site(snapshot, ALLOT_NODE_NONE, (struct allot_count){ 9, 1 }, (struct allot_count){ 9, 1 });
	node = sample_frame(snapshot, ALLOT_NODE_TRUNCATED, 0x100, "f a.c:1");
	sample_site(snapshot, node, (struct allot_count){ 8, 1 }, (struct allot_count){ 8, 1 });
	node = sample_frame(snapshot, ALLOT_NODE_LIMIT, 0x100, "f a.c:1");
	sample_site(snapshot, node, (struct allot_count){ 7, 1 }, (struct allot_count){ 7, 1 });
	node = sample_node(snapshot, ALLOT_NODE_TRUNCATED, libc, 0x900);
	sample_site(snapshot, node, (struct allot_count){ 6, 1 }, (struct allot_count){ 6, 1 });
	node = sample_node(snapshot, ALLOT_NODE_ROOT, 0, 0xdead000);
	sample_site(snapshot, node, (struct allot_count){ 5, 1 }, (struct allot_count){ 5, 1 });
	use(snapshot);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_STACK });
	ck_assert_uint_eq(statistics->count, 5);
	assert_group(0, "[no stack]", 9, 1);
	assert_group(1, "a.c:1;[truncated]", 8, 1);
	assert_group(2, "a.c:1;[depth limit]", 7, 1);
	assert_group(3, "libc.so.6+0x900;[truncated]", 6, 1);
	assert_group(4, "0xdead000", 5, 1);
	group((struct allot_statistics_options){ .cumulative = true });
	ck_assert_uint_eq(statistics->count, 4);
	assert_group(0, "a.c:1", 15, 2);
	assert_group(1, "[no stack]", 9, 1);
	group((struct allot_statistics_options){ .group_by = ALLOT_GROUP_MODULE });
	assert_group(0, "/usr/bin/sample", 15, 2);
	assert_group(1, "[no stack]", 9, 1);
	assert_group(2, "/lib/libc.so.6", 6, 1);
	assert_group(3, "[unknown]", 5, 1);
}
END_TEST

/* Makes statistics of two rows of sizes, line i + 1 of x.c each (0: not there), and compares them. */
static struct allot_statistics *compare(const uint64_t *before, const uint64_t *after, uint32_t count,
					enum allot_measure measure)
{
	struct allot_statistics_options options = { .measure = measure };
	struct allot_statistics *old = NULL, *both = NULL;
	const uint64_t *rows[] = { before, after };

	for (int r = 0; r < 2; r++) {
		drop();
		snapshot = sample_new();
		/* other addresses in each run: what is compared is text */
		snapshot->modules[1].bias += (uint64_t)r * 0x10000;
		for (uint32_t i = 0; i < count; i++) {
			char frame[32];

			snprintf(frame, sizeof(frame), "f x.c:%u", i + 1);
			if (rows[r][i])
				line(0x100 * (i + 1), frame, rows[r][i], 1 + rows[r][i] % 3);
		}
		use(snapshot);
		group(options);
		if (r == 0) {
			old = statistics;
			statistics = NULL;
		}
	}
	ck_assert_int_eq(allotp_statistics_compare(old, statistics, &both), 0);
	allotp_statistics_free(old);
	return both;
}

START_TEST(compares_the_union_by_change)
{
	static const uint64_t before[] = { 300, 300, 90, 0, 30 }, after[] = { 300, 360, 0, 60, 0 };
	struct allot_statistics *both = compare(before, after, 5, ALLOT_MEASURE_LIVE);

	ck_assert_uint_eq(both->count, 5);
	assert_key(both, 0, "x.c:3"); /* -90, gone */
	ck_assert(both->groups[0].gone);
	ck_assert_uint_eq(both->groups[0].live.bytes, 0);
	ck_assert_uint_eq(both->groups[0].before.bytes, 90);
	assert_key(both, 1, "x.c:2"); /* +60, larger than the next */
	ck_assert_uint_eq(both->groups[1].live.bytes, 360);
	ck_assert_uint_eq(both->groups[1].before.bytes, 300);
	assert_key(both, 2, "x.c:4"); /* +60, new */
	ck_assert_uint_eq(both->groups[2].before.bytes, 0);
	assert_key(both, 3, "x.c:5"); /* -30, gone */
	assert_key(both, 4, "x.c:1"); /* unchanged, and kept */
	ck_assert_uint_eq(both->groups[4].before.bytes, 300);
	ck_assert_uint_eq(both->total.bytes, 720);
	ck_assert_uint_eq(both->total_before.bytes, 720);
	allotp_statistics_free(both);
}
END_TEST

START_TEST(compares_counts_after_sizes)
{
	/* blocks are 1 + bytes % 3: same change of bytes, different change of blocks */
	static const uint64_t before[] = { 10, 10, 10, 10 }, after[] = { 13, 13, 7, 7 };
	struct allot_statistics *both = compare(before, after, 4, ALLOT_MEASURE_LIVE);

	assert_key(both, 0, "x.c:2");
	assert_key(both, 1, "x.c:1");
	assert_key(both, 2, "x.c:4");
	assert_key(both, 3, "x.c:3");
	allotp_statistics_free(both);
	both = compare((const uint64_t[]){ 3, 3 }, (const uint64_t[]){ 2, 300 }, 2, ALLOT_MEASURE_COUNT);
	assert_key(both, 0, "x.c:1"); /* 3 blocks for 1; the other has 1 block still */
	assert_key(both, 1, "x.c:2");
	allotp_statistics_free(both);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("statistics");
	TCase *tcase = tcase_create("statistics");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, groups_by_line);
	tcase_add_test(tcase, groups_by_function_file_module_domain);
	tcase_add_test(tcase, groups_by_stack);
	tcase_add_test(tcase, ties_come_in_reverse_order_of_their_lines);
	tcase_add_test(tcase, ranks_by_each_measure);
	tcase_add_test(tcase, falls_back_to_the_peak_when_nothing_is_live);
	tcase_add_test(tcase, cumulative_counts_every_frame);
	tcase_add_test(tcase, cumulative_counts_recursion_each_time);
	tcase_add_test(tcase, cumulative_needs_frames);
	tcase_add_test(tcase, stacks_without_frames_or_ends);
	tcase_add_test(tcase, compares_the_union_by_change);
	tcase_add_test(tcase, compares_counts_after_sizes);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
