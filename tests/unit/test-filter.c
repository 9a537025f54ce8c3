/* SPDX-License-Identifier: MIT */
/* Tests lib/filter: what filters match, the snapshot that they leave, and their text. */
#include "filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report-sample.h"
#include "unit.h"

static struct allot_snapshot *snapshot;
static struct allot_view view;

static void use(struct allot_snapshot *made)
{
	allotp_resolver_free(view.resolver);
	allotp_snapshot_free(snapshot);
	snapshot = made;
	view.snapshot = made;
	ck_assert_int_eq(allotp_resolver_new(made, NULL, NULL, &view.resolver), 0);
}

static void setup(void)
{
	use(sample_program());
}

static void teardown(void)
{
	allotp_resolver_free(view.resolver);
	allotp_snapshot_free(snapshot);
	view.resolver = NULL;
	snapshot = NULL;
}

/* Which sites a filter's text keeps, as "012" for all three; all_frames if it ends in '!'. */
static const char *kept(const char *text)
{
	static char result[16];
	struct allot_filter filter;
	struct allot_error error;
	size_t length = strlen(text);
	bool keep[8] = { false };
	char copy[128];

	snprintf(copy, sizeof(copy), "%s", text);
	if (copy[length - 1] == '!')
		copy[length - 1] = '\0';
	ck_assert_msg(allot_filter_parse(copy, &filter, &error) == 0, "%s", error.text);
	filter.all_frames = text[length - 1] == '!';
	ck_assert_int_eq(allotp_filter_sites(&view, &filter, 1, keep), 0);
	allot_filter_release(&filter);
	*result = '\0';
	for (uint32_t i = 0; i < snapshot->site_count; i++)
		if (keep[i])
			snprintf(result + strlen(result), 8, "%u", (unsigned)i);
	return result;
}

/* The most recent frame is that of the inlined xmalloc (util.h:5), load (load.c:7), libplug.so without a name. */
START_TEST(the_most_recent_frame)
{
	ck_assert_str_eq(kept("util.h"), "0");
	ck_assert_str_eq(kept("-util.h"), "12");
	ck_assert_str_eq(kept("*.c"), "1");
	ck_assert_str_eq(kept("load.c:7"), "1");
	ck_assert_str_eq(kept("load.c:8"), "");
	ck_assert_str_eq(kept("*:load"), "1");
	ck_assert_str_eq(kept(":load"), "1");
	ck_assert_str_eq(kept("-*:main"), "012");
	ck_assert_str_eq(kept("function=x*"), "0");
	ck_assert_str_eq(kept("module=*/sample"), "01");
	ck_assert_str_eq(kept("-module=*libplug.so"), "01");
}
END_TEST

START_TEST(any_frame)
{
	ck_assert_str_eq(kept("main.c!"), "012");
	ck_assert_str_eq(kept("main.c:11!"), "1");
	ck_assert_str_eq(kept("-*:parse!"), "12");
	ck_assert_str_eq(kept("parse.c!"), "0");
	ck_assert_str_eq(kept("-*:main!"), "");
	/* malloc is left out, as everywhere */
	ck_assert_str_eq(kept("*:malloc!"), "");
	ck_assert_str_eq(kept("module=*libc*!"), "");
	ck_assert_str_eq(kept("module=*/sample!"), "012");
}
END_TEST

/* A file that is not known has its module's path; a function that is not known matches "*" and nothing with a name. */
START_TEST(what_is_not_known)
{
	ck_assert_str_eq(kept("*libplug*"), "2");
	ck_assert_str_eq(kept("/opt/plug/*:0"), "2");
	ck_assert_str_eq(kept("function=*"), "012");
	ck_assert_str_eq(kept("function=?*"), "01");
	sample_site(snapshot, ALLOT_NODE_NONE, (struct allot_count){ 1, 1 }, (struct allot_count){ 1, 1 });
	ck_assert_str_eq(kept("[[]no stack]"), "3");
	ck_assert_str_eq(kept("[[]no stack]!"), "3");
	ck_assert_str_eq(kept("-*.[ch]"), "23");
	ck_assert_str_eq(kept("module=[[]unknown]"), "3");
}
END_TEST

START_TEST(domains_and_regions)
{
	struct allot_program_region *regions = calloc(4, sizeof(*regions));

	regions[0] = snapshot->regions[0];
	regions[1] = (struct allot_program_region){ .name = strdup("request") };
	regions[2] = (struct allot_program_region){ .name = strdup("parse"), .parent = 1 };
	regions[3] = (struct allot_program_region){ .name = strdup("parse") };
	free(snapshot->regions);
	snapshot->regions = regions;
	snapshot->region_count = 4;
	snapshot->sites[0].region = 2;
	snapshot->sites[1].region = 3;
	snapshot->sites[2].domain = ALLOT_DOMAIN_MMAP;
	ck_assert_str_eq(kept("domain=mmap"), "2");
	ck_assert_str_eq(kept("-domain=1"), "01");
	ck_assert_str_eq(kept("domain=0"), "01");
	ck_assert_str_eq(kept("domain=*"), "");
	ck_assert_str_eq(kept("region=parse"), "01");
	/* also what is in a region inside of it */
	ck_assert_str_eq(kept("region=request"), "0");
	ck_assert_str_eq(kept("-region=request"), "12");
	ck_assert_str_eq(kept("region=pars"), "");
	ck_assert_str_eq(kept("region=arse"), "");
	/* as groups have it */
	ck_assert_str_eq(kept("region=request/parse"), "0");
	ck_assert_str_eq(kept("region=/parse"), "");
	ck_assert_str_eq(kept("region=xrequest/parse"), "");
	ck_assert_str_eq(kept("region=t/parse"), "");
	ck_assert_str_eq(kept("region=request/"), "");
}
END_TEST

static void assert_text(const char *given, const char *expected)
{
	struct allot_filter filter;
	struct allot_error error;
	char *text;

	ck_assert_msg(allot_filter_parse(given, &filter, &error) == 0, "%s", error.text);
	text = allotp_filter_text(&filter);
	ck_assert_str_eq(text, expected);
	free(text);
	allot_filter_release(&filter);
}

START_TEST(text_both_ways)
{
	struct allot_filter filter = { .exclude = true,
				       .file = "a:b",
				       .function = "12",
				       .match_line = true,
				       .line = 3,
				       .domain = "mmap",
				       .all_frames = true };
	char *text = allotp_filter_text(&filter);

	ck_assert_str_eq(text, "-file=a:b:3 function=12 domain=mmap (all frames)");
	free(text);
	assert_text("*/lib/*", "+*/lib/*");
	assert_text("+a.c:12", "+a.c:12");
	assert_text("-a.c:f", "-a.c:f");
	assert_text("-a.c:std::f*", "-a.c:std::f*");
	assert_text(":12", "+:12");
	assert_text("file=a:b", "+file=a:b");
	assert_text("-:f", "-function=f");
	assert_text("-function=12", "-function=12");
	assert_text("module=m", "+module=m");
	assert_text("region=a b", "+region=a b");
	/* other words before '=' belong to a file's name */
	assert_text("line=3", "+line=3");
}
END_TEST

START_TEST(wrong_text)
{
	static const char *const wrong[] = {
		"", "+", "-", "a.c:", ":", "domain=", "-region=", "file=", "a.c:4294967296"
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct allot_filter filter = { .file = "untouched" };
		struct allot_error error = { "" };

		ck_assert_int_eq(allot_filter_parse(wrong[i], &filter, &error), -EINVAL);
		ck_assert_str_eq(filter.file, "untouched");
		ck_assert_ptr_nonnull(strstr(error.text, "is no filter"));
	}
}
END_TEST

static struct allot_snapshot *apply(const struct allot_filter *filters, size_t count)
{
	struct allot_snapshot *result;

	ck_assert_int_eq(allotp_filter_apply(&view, filters, count, &result), 0);
	return result;
}

static void assert_count(struct allot_count count, uint64_t bytes, uint64_t blocks)
{
	ck_assert_uint_eq(count.bytes, bytes);
	ck_assert_uint_eq(count.blocks, blocks);
}

/* Totals are those of what is left; what there was is kept, also through further filters and a file. */
START_TEST(what_is_left)
{
	const struct allot_filter not_load = { .exclude = true, .function = "load" }, module = { .module = "*plug*" };
	struct allot_snapshot *first = apply(&not_load, 1), *second, *copy;

	ck_assert_uint_eq(first->site_count, 2);
	assert_count(first->live, 3000, 3);
	assert_count(first->ever, 4500, 9);
	ck_assert_uint_eq(first->frees, 6);
	ck_assert_str_eq(first->filters, "-function=load");
	assert_count(first->unfiltered.live, 4024, 4);
	ck_assert_uint_eq(first->trust.events, snapshot->trust.events);
	ck_assert_ptr_null(snapshot->filters);
	ck_assert_uint_eq(snapshot->site_count, 3);
	use(first);
	second = apply(&module, 1);
	ck_assert_str_eq(second->filters, "-function=load; +module=*plug*");
	assert_count(second->live, 0, 0);
	assert_count(second->unfiltered.live, 4024, 4);
	ck_assert_uint_eq(second->unfiltered.frees, 6);
	copy = apply(NULL, 0);
	ck_assert_str_eq(copy->filters, "-function=load");
	ck_assert_uint_eq(copy->site_count, 2);
	allotp_snapshot_free(second);
	allotp_snapshot_free(copy);
}
END_TEST

START_TEST(blocks_follow_their_sites)
{
	const struct allot_filter last = { .exclude = true, .file = "util.h" };
	struct allot_snapshot *result;

	snapshot->blocks = calloc(3, sizeof(*snapshot->blocks));
	snapshot->block_count = 3;
	for (uint32_t i = 0; i < 3; i++)
		snapshot->blocks[i] = (struct allot_block){ .address = 16 * (i + 1), .size = i, .site = 2 - i };
	result = apply(&last, 1);
	ck_assert_uint_eq(result->block_count, 2);
	ck_assert_uint_eq(result->blocks[0].address, 16);
	ck_assert_uint_eq(result->blocks[0].site, 1);
	ck_assert_uint_eq(result->blocks[1].address, 32);
	ck_assert_uint_eq(result->blocks[1].site, 0);
	allotp_snapshot_free(result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_most_recent_frame);
	tcase_add_test(tcase, any_frame);
	tcase_add_test(tcase, what_is_not_known);
	tcase_add_test(tcase, domains_and_regions);
	tcase_add_test(tcase, text_both_ways);
	tcase_add_test(tcase, wrong_text);
	tcase_add_test(tcase, what_is_left);
	tcase_add_test(tcase, blocks_follow_their_sites);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
