/* SPDX-License-Identifier: MIT */
/* Tests lib/library: handles, what can be seen of a snapshot, JSON both ways and damaged, many threads at once. */
#include <allot/snapshot.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "library/handle.h"
#include "report-sample.h"
#include "unit.h"

static allot_snapshot_t *snapshot;

static void add_regions(struct allot_snapshot *to)
{
	struct allot_program_region *regions = calloc(3, sizeof(*regions));

	regions[0] = to->regions[0];
	regions[1] =
		(struct allot_program_region){ .name = strdup("request"), .live = { 3000, 3 }, .ever = { 4000, 4 } };
	regions[2] = (struct allot_program_region){ .name = strdup("parse"), .parent = 1, .live = { 3000, 3 } };
	free(to->regions);
	to->regions = regions;
	to->region_count = 3;
	to->sites[0].region = 2;
	to->sites[1].region = 1;
}

/* One with something of everything. */
static struct allot_snapshot *make(void)
{
	struct allot_snapshot *made = sample_program();

	add_regions(made);
	made->domains = realloc(made->domains, 3 * sizeof(*made->domains));
	made->domains[made->domain_count++] = strdup("arena \"7\"");
	made->sites[2].domain = 2;
	made->sites[0].mismatched = 1;
	made->sites[0].temporary = (struct allot_count){ 7, 1 };
	made->temporary = made->sites[0].temporary;
	made->marks = calloc(1, sizeof(*made->marks));
	made->marks[made->mark_count++] = (struct allot_mark){ 5, 100, strdup("loaded") };
	made->series = calloc(2, sizeof(*made->series));
	made->series[made->sample_count++] = (struct allot_sample){ 1, 2, 3, 4, 5 };
	made->series[made->sample_count++] = (struct allot_sample){ 2, 3, 4, 5, 6 };
	made->trust.lost[ALLOT_LOST_NESTED] = 2;
	made->trust.truncated = 1;
	made->trust.exit = ALLOT_EXIT_SIGNALED;
	made->trust.exit_value = 9;
	made->depth_limit = 64;
	made->peak_time_ns = 77;
	made->overhead_bytes = 4096;
	/* a signal handler's frames: the interrupted one is at its address itself */
	sample_site(made, sample_node(made, ALLOT_NODE_TRUNCATED, 1, 0x555), (struct allot_count){ 1, 1 },
		    (struct allot_count){ 1, 1 });
	made->nodes[made->node_count - 1].flags = ALLOT_NODE_SIGNAL;
	return made;
}

static void setup(void)
{
	ck_assert_int_eq(allotp_handle_new(make(), &snapshot), 0);
}

static void teardown(void)
{
	allot_snapshot_free(snapshot);
}

START_TEST(looking_into_it)
{
	struct allot_snapshot_totals totals, whole = { .frees = 99 };
	struct allot_process process;

	allot_snapshot_process(snapshot, &process);
	ck_assert_uint_eq(process.pid, 42);
	ck_assert_str_eq(process.program, "/usr/bin/sample");
	ck_assert_str_eq(process.command, "sample --all");
	ck_assert_str_eq(process.note, "");
	ck_assert_uint_eq(process.peak_time_ns, 77);
	ck_assert_uint_eq(process.depth_limit, 64);
	allot_snapshot_totals(snapshot, &totals);
	ck_assert_uint_eq(totals.live.bytes, 4025);
	ck_assert_uint_eq(totals.ever.blocks, 11);
	ck_assert_uint_eq(totals.frees, 6);
	ck_assert_ptr_null(allot_snapshot_filters(snapshot, &whole));
	ck_assert_uint_eq(whole.frees, 99);
	ck_assert_uint_eq(allot_snapshot_trust(snapshot)->lost[ALLOT_LOST_NESTED], 2);
	ck_assert_uint_eq(allot_snapshot_module_count(snapshot), 4);
	ck_assert_str_eq(allot_snapshot_module(snapshot, 0)->path, "");
	ck_assert_str_eq(allot_snapshot_module(snapshot, 3)->path, "/opt/plug/libplug.so");
	ck_assert_ptr_null(allot_snapshot_module(snapshot, 4));
	ck_assert_uint_eq(allot_snapshot_domain_count(snapshot), 3);
	ck_assert_str_eq(allot_snapshot_domain(snapshot, 2), "arena \"7\"");
	ck_assert_ptr_null(allot_snapshot_domain(snapshot, 3));
	ck_assert_uint_eq(allot_snapshot_region_count(snapshot), 3);
	ck_assert_str_eq(allot_snapshot_region(snapshot, 2)->name, "parse");
	ck_assert_ptr_null(allot_snapshot_region(snapshot, 3));
	ck_assert_uint_eq(allot_snapshot_mark_count(snapshot), 1);
	ck_assert_str_eq(allot_snapshot_mark(snapshot, 0)->name, "loaded");
	ck_assert_ptr_null(allot_snapshot_mark(snapshot, 1));
	ck_assert_uint_eq(allot_snapshot_sample_count(snapshot), 2);
	ck_assert_uint_eq(allot_snapshot_sample(snapshot, 1)->ever_blocks, 6);
	ck_assert_ptr_null(allot_snapshot_sample(snapshot, 2));
	ck_assert_uint_eq(allot_snapshot_site_count(snapshot), 4);
	ck_assert_uint_eq(allot_snapshot_site(snapshot, 0)->region, 2);
	ck_assert_ptr_null(allot_snapshot_site(snapshot, 4));
}
END_TEST

START_TEST(what_to_know_first)
{
	char *text = allot_snapshot_trust_text(snapshot);
	uint64_t bytes = 0;

	ck_assert_ptr_nonnull(strstr(text, "Incomplete: 17 events; killed by signal 9 (Killed).\n"
					   "2 events lost, so the numbers are not exact: signal handlers nested"));
	free(text);
	/* of what the interrupted frame has allocated */
	ck_assert_int_eq(allot_snapshot_unsymbolized(snapshot, &bytes, NULL), 0);
	ck_assert_uint_eq(bytes, 1);
}
END_TEST

START_TEST(a_stack)
{
	allot_traceback_t *traceback, *out = (allot_traceback_t *)&traceback;
	const struct allot_traceback_frame *frame;
	struct allot_error error;
	char *text;

	ck_assert_int_eq(allot_snapshot_traceback(snapshot, 4, &out, &error), -ERANGE);
	ck_assert_ptr_eq(out, (allot_traceback_t *)&traceback);
	ck_assert_int_eq(allot_snapshot_traceback(snapshot, 0, &traceback, NULL), 0);
	ck_assert_uint_eq(allot_traceback_count(traceback), 3);
	ck_assert_int_eq(allot_traceback_end(traceback), ALLOT_STACK_WHOLE);
	frame = allot_traceback_frame(traceback, 0);
	ck_assert_str_eq(frame->function, "xmalloc");
	ck_assert_str_eq(frame->file, "util.h");
	ck_assert_uint_eq(frame->line, 5);
	ck_assert(frame->inlined);
	ck_assert_uint_eq(frame->address, 0x200);
	ck_assert_str_eq(frame->module->path, "/usr/bin/sample");
	ck_assert(!allot_traceback_frame(traceback, 1)->inlined);
	ck_assert_ptr_null(allot_traceback_frame(traceback, 3));
	/* stays whole when the snapshot has gone */
	allot_snapshot_free(snapshot);
	text = allot_traceback_format(traceback, ALLOT_ALL_FRAMES, true);
	ck_assert_str_eq(text, "  File \"util.h\", line 5, in xmalloc [inlined]\n"
			       "  File \"parse.c\", line 20, in parse\n"
			       "  File \"main.c\", line 10, in main\n");
	free(text);
	allot_traceback_free(traceback);
	setup();
	ck_assert_int_eq(allot_snapshot_traceback(snapshot, 3, &traceback, NULL), 0);
	ck_assert_int_eq(allot_traceback_end(traceback), ALLOT_STACK_TRUNCATED);
	text = allot_traceback_format(traceback, ALLOT_ALL_FRAMES, false);
	ck_assert_str_eq(text, "  sample+0x555\n");
	free(text);
	allot_traceback_free(traceback);
}
END_TEST

/* All that a snapshot's reports say, by every key and measure. */
static char *all_reports(const allot_snapshot_t *of, const allot_snapshot_t *older)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int g = 0; g < ALLOT_GROUPS; g++) {
		for (int m = 0; m < ALLOT_MEASURES; m++) {
			struct allot_report_options options = { .group_by = (enum allot_group_by)g,
								.measure = (enum allot_measure)m,
								.format = ALLOT_FORMAT_JSON };

			if (g == ALLOT_GROUP_TYPE && (m > ALLOT_MEASURE_LIVE || !allot_snapshot_has_objects(of)))
				continue;
			ck_assert_int_eq(allot_snapshot_report(of, older, &options, out, NULL), 0);
		}
	}
	fclose(out);
	return text;
}

static char *json_of(const allot_snapshot_t *of)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(allot_snapshot_dump_json(of, out, NULL), 0);
	fclose(out);
	return text;
}

static allot_snapshot_t *loaded(const char *text)
{
	allot_snapshot_t *result = NULL;
	struct allot_error error = { "" };

	ck_assert_msg(allot_snapshot_load_memory(text, strlen(text), "x.json", &result, &error) == 0, "%s", error.text);
	return result;
}

static void assert_same_reports(const allot_snapshot_t *a, const allot_snapshot_t *b)
{
	char *of_a = all_reports(a, NULL), *of_b = all_reports(b, NULL);

	ck_assert_str_eq(of_a, of_b);
	free(of_a);
	free(of_b);
}

START_TEST(json_and_back)
{
	char *text = json_of(snapshot), *again;
	allot_snapshot_t *read = loaded(text);

	assert_same_reports(snapshot, read);
	again = json_of(read);
	ck_assert_str_eq(again, text);
	ck_assert_uint_eq(allot_snapshot_trust(read)->lost[ALLOT_LOST_NESTED], 2);
	ck_assert_int_eq(allot_snapshot_trust(read)->exit, ALLOT_EXIT_SIGNALED);
	ck_assert_str_eq(allot_snapshot_mark(read, 0)->name, "loaded");
	ck_assert_uint_eq(allot_snapshot_sample(read, 1)->ever_bytes, 5);
	ck_assert_uint_eq(allot_snapshot_region(read, 2)->parent, 1);
	free(again);
	free(text);
	allot_snapshot_free(read);
}
END_TEST

START_TEST(json_of_samples)
{
	struct allot_snapshot *made = make();
	allot_snapshot_t *sampled, *read;
	char *text;

	made->sampling_bytes = 512;
	made->sites[0].variance.live = (struct allot_variance){ 1234.5, 0.0625 };
	ck_assert_int_eq(allotp_handle_new(made, &sampled), 0);
	text = json_of(sampled);
	read = loaded(text);
	assert_same_reports(sampled, read);
	ck_assert_double_eq(allot_snapshot_site(read, 0)->variance.live.bytes, 1234.5);
	free(text);
	allot_snapshot_free(read);
	allot_snapshot_free(sampled);
}
END_TEST

START_TEST(json_of_what_filters_left)
{
	const struct allot_filter filter = { .region = "request" };
	struct allot_snapshot_totals whole;
	allot_snapshot_t *filtered, *read;
	char *text;

	ck_assert_int_eq(allot_snapshot_filter(snapshot, &filter, 1, &filtered, NULL), 0);
	text = json_of(filtered);
	/* the frames of what was dropped are no longer needed */
	ck_assert_ptr_null(strstr(text, "0x400120"));
	read = loaded(text);
	assert_same_reports(filtered, read);
	ck_assert_str_eq(allot_snapshot_filters(read, &whole), "+region=request");
	ck_assert_uint_eq(whole.live.bytes, 4025);
	free(text);
	allot_snapshot_free(read);
	allot_snapshot_free(filtered);
}
END_TEST

/* Names that are no UTF-8, or end lines, do not spoil the file; numbers stop at what JSON readers take. */
START_TEST(json_of_odd_things)
{
	struct allot_snapshot *made = make();
	allot_snapshot_t *odd, *read;
	struct allot_process process;
	char *text;

	free(made->note);
	made->note = strdup("a\xff\"b\\\n");
	made->pid = UINT64_MAX;
	ck_assert_int_eq(allotp_handle_new(made, &odd), 0);
	text = json_of(odd);
	read = loaded(text);
	allot_snapshot_process(read, &process);
	ck_assert_str_eq(process.note, "a\xef\xbf\xbd\"b\\\n");
	ck_assert_uint_eq(process.pid, INT64_MAX);
	free(text);
	allot_snapshot_free(read);
	allot_snapshot_free(odd);
}
END_TEST

START_TEST(json_made_by_hand)
{
	allot_snapshot_t *read = loaded(" \n{\"allot-snapshot\":1,\"nodes\":[{\"calls\":[{\"function\":\"main\"}]}],"
					"\"sites\":[{\"stack\":0,\"live\":{\"bytes\":5,\"blocks\":1},"
					"\"ever\":{\"bytes\":9,\"blocks\":3}}, {}],\"new\":{}}");
	struct allot_snapshot_totals totals;

	allot_snapshot_totals(read, &totals);
	/* without totals they are the sites' */
	ck_assert_uint_eq(totals.live.bytes, 5);
	ck_assert_uint_eq(totals.frees, 2);
	ck_assert_str_eq(allot_snapshot_domain(read, ALLOT_DOMAIN_MMAP), "mmap");
	allot_snapshot_free(read);
}
END_TEST

static const struct {
	const char *text, *error;
	int code;
} damaged[] = {
	{ "{", "x.json: line 1, column 1: string or '}' expected near end of file", -EBADMSG },
	{ "{}", "x.json: JSON, but not an allot snapshot", -EBADMSG },
	{ "{\"allot\":1,\"groups\":[]}", "x.json: JSON, but not an allot snapshot; it is a report", -EBADMSG },
	{ "{\"allot-snapshot\":\"1\"}", "x.json: JSON, but not an allot snapshot", -EBADMSG },
	{ "{\"allot-snapshot\":2}", "x.json: made by a newer allot (JSON version 2)", -ENOTSUP },
	{ "{\"allot-snapshot\":1,\"sites\":{}}", "x.json: sites: not an array", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[5]}", "x.json: sites[0]: not an object", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[{\"stack\":0}]}",
	  "x.json: sites[0].stack: not the number of a node before, nor \"root\", \"truncated\", \"limit\", \"none\"",
	  -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{},{\"caller\":1}]}",
	  "x.json: nodes[1].caller: not the number of a node before, nor \"root\", \"truncated\", \"limit\", \"none\"",
	  -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{\"module\":0}]}",
	  "x.json: nodes[0].module: not the number of something before", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{\"address\":\"12\"}]}",
	  "x.json: nodes[0].address: not \"0x\" and a number of 64 bits", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{\"address\":\"0x10000000000000000\"}]}",
	  "x.json: nodes[0].address: not \"0x\" and a number of 64 bits", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{\"calls\":[]}]}", "x.json: nodes[0].calls: not an array of calls",
	  -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{\"calls\":[7]}]}", "x.json: nodes[0]: not an object", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"nodes\":[{\"address\":\"0x1\",\"calls\":[{\"function\":\"f\"}]},"
	  "{\"address\":\"0x1\",\"calls\":[{\"function\":\"g\"}]}]}",
	  "x.json: nodes: different calls at the same address", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[{\"live\":{\"bytes\":-1}}]}",
	  "x.json: sites[0].live.bytes: not a whole number, or out of range", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[{\"live\":3}]}", "x.json: sites[0].live: not {\"bytes\": N, \"blocks\": N}",
	  -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[{\"domain\":2}]}", "x.json: sites[0].domain: there is no such domain",
	  -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[{\"region\":0}]}",
	  "x.json: sites[0].region: not the number of something before", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"sites\":[{\"variance\":{\"live\":{\"bytes\":-1,\"blocks\":0}}}]}",
	  "x.json: sites[0].live: not a variance", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"regions\":[{}]}", "x.json: regions[0].name: missing", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"regions\":[{\"name\":\"r\",\"parent\":0}]}",
	  "x.json: regions[0].parent: not the number of something before", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"modules\":[{\"path\":null}]}", "x.json: modules[0].path: missing", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"modules\":[{\"path\":\"a\",\"build_id\":\"0\"}]}",
	  "x.json: modules[0].build_id: not the hexadecimal digits of at most 32 bytes", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"modules\":[{\"path\":\"a\",\"start\":\"0x2\",\"end\":\"0x1\"}]}",
	  "x.json: modules: a range ends before it starts", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"domains\":[\"malloc\"]}", "x.json: domains: malloc or mmap is missing", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"domains\":[null]}", "x.json: domains[0]: not a string", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"marks\":[{}]}", "x.json: marks[0].name: missing", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"process\":{\"note\":null}}",
	  "x.json: process: program, command and note are strings", -EBADMSG },
	{ "{\"allot-snapshot\":1,\"trust\":{\"exit\":\"bang\"}}", "x.json: trust.exit: not a known kind of end",
	  -EBADMSG },
	{ "{\"allot-snapshot\":1,\"trust\":{\"stopped\":1}}", "x.json: trust.stopped: neither true nor false",
	  -EBADMSG },
};

START_TEST(damaged_json)
{
	allot_snapshot_t *out = snapshot;
	struct allot_error error = { "" };

	ck_assert_int_eq(allot_snapshot_load_memory(damaged[_i].text, strlen(damaged[_i].text), "x.json", &out, &error),
			 damaged[_i].code);
	ck_assert_str_eq(error.text, damaged[_i].error);
	ck_assert_ptr_eq(out, snapshot);
}
END_TEST

/* What a file is shows in its first bytes; of a file that is nothing of it the snapshot's reader says so. */
START_TEST(kinds_of_files)
{
	char path[] = "test-library.XXXXXX", *text = json_of(snapshot);
	int fd = mkstemp(path);
	struct allot_error error;
	allot_snapshot_t *read;
	FILE *file = fdopen(fd, "w");

	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(allot_snapshot_load(path, &read, &error), 0);
	assert_same_reports(snapshot, read);
	ck_assert_int_eq(allot_snapshot_dump(read, path, NULL), 0);
	allot_snapshot_free(read);
	ck_assert_int_eq(allot_snapshot_load(path, &read, &error), 0);
	assert_same_reports(snapshot, read);
	allot_snapshot_free(read);
	unlink(path);
	ck_assert_int_eq(allot_snapshot_load(path, &read, &error), -ENOENT);
	ck_assert_int_eq(allot_snapshot_load_memory("no", 2, "memory", &read, &error), -EBADMSG);
	ck_assert_str_eq(error.text, "memory: not an allot snapshot");
	ck_assert_int_eq(allot_snapshot_load_memory("", 0, "memory", &read, &error), -EBADMSG);
	free(text);
}
END_TEST

START_TEST(group_by_region)
{
	struct allot_statistics_options options = { .group_by = ALLOT_GROUP_REGION };
	static const char *const names[] = { "request/parse", "request", "[no region]" };
	static const char *const cumulative[] = { "request", "request/parse", "[no region]" };
	static const uint64_t sizes[] = { 3000, 1024, 1 }, cumulative_sizes[] = { 4024, 3000, 1 };

	for (int i = 0; i < 2; i++) {
		struct allot_statistic group;
		allot_statistics_t *statistics;

		options.cumulative = i;
		ck_assert_int_eq(allot_snapshot_statistics(snapshot, &options, &statistics, NULL), 0);
		ck_assert_uint_eq(allot_statistics_count(statistics), 3);
		for (size_t j = 0; j < 3; j++) {
			ck_assert_int_eq(allot_statistics_group(statistics, j, &group), 0);
			ck_assert_str_eq(group.name, (i ? cumulative : names)[j]);
			ck_assert_uint_eq(group.size, (i ? cumulative_sizes : sizes)[j]);
		}
		allot_statistics_free(statistics);
	}
}
END_TEST

START_TEST(measures_and_totals)
{
	struct allot_statistics_options options = { .group_by = ALLOT_GROUP_MODULE };
	struct allot_statistic statistic;
	allot_statistics_t *statistics;

	ck_assert_int_eq(allot_snapshot_statistics(snapshot, &options, &statistics, NULL), 0);
	ck_assert_int_eq(allot_statistics_measure(statistics), ALLOT_MEASURE_LIVE);
	ck_assert_int_eq(allot_statistics_group(statistics, 0, &statistic), 0);
	ck_assert_str_eq(statistic.name, "/usr/bin/sample");
	ck_assert_uint_eq(statistic.size, 4025);
	ck_assert_uint_eq(statistic.count, 5);
	ck_assert_uint_eq(statistic.ever.bytes, 5025);
	ck_assert_uint_eq(statistic.sites, 3);
	ck_assert_int_eq(allot_statistics_group(statistics, 2, &statistic), -ERANGE);
	allot_statistics_total(statistics, &statistic);
	ck_assert_ptr_null(statistic.name);
	ck_assert_uint_eq(statistic.ever.bytes, 5525);
	allot_statistics_free(statistics);
	options.measure = ALLOT_MEASURE_COUNT;
	ck_assert_int_eq(allot_snapshot_statistics(snapshot, &options, &statistics, NULL), 0);
	ck_assert_int_eq(allot_statistics_group(statistics, 0, &statistic), 0);
	ck_assert_uint_eq(statistic.count, 6);
	ck_assert_int_eq(allot_statistics_group(statistics, 1, &statistic), 0);
	ck_assert_uint_eq(statistic.count, 5);
	allot_statistics_free(statistics);
	options.measure = ALLOT_MEASURES;
	ck_assert_int_eq(allot_snapshot_statistics(snapshot, &options, &statistics, NULL), -EINVAL);
}
END_TEST

START_TEST(a_comparison_outlives_its_snapshots)
{
	const struct allot_statistics_options options = { .group_by = ALLOT_GROUP_FUNCTION };
	const struct allot_filter not_load = { .exclude = true, .function = "load" };
	allot_traceback_t *traceback;
	allot_statistics_t *statistics;
	struct allot_statistic group;
	allot_snapshot_t *newer;
	char *key;

	ck_assert_int_eq(allot_snapshot_filter(snapshot, &not_load, 1, &newer, NULL), 0);
	ck_assert_int_eq(allot_snapshot_compare(newer, snapshot, &options, &statistics, NULL), 0);
	allot_snapshot_free(newer);
	allot_snapshot_free(snapshot);
	ck_assert_int_eq(allot_statistics_group(statistics, 0, &group), 0);
	ck_assert_str_eq(group.name, "load (load.c)");
	ck_assert(group.gone);
	ck_assert_int_eq(group.size_diff, -1024);
	key = allot_statistics_key(statistics, 0);
	ck_assert_str_eq(key, "load (load.c)");
	free(key);
	/* of the older snapshot, as the newer has no such group */
	ck_assert_int_eq(allot_statistics_traceback(statistics, 0, &traceback, NULL), 0);
	ck_assert_uint_eq(allot_traceback_count(traceback), 2);
	ck_assert_int_eq(allot_statistics_traceback(statistics, 99, &traceback, NULL), -ERANGE);
	allot_statistics_free(statistics);
	ck_assert_str_eq(allot_traceback_frame(traceback, 1)->function, "main");
	allot_traceback_free(traceback);
	setup();
}
END_TEST

START_TEST(wrong_report_options)
{
	static const struct allot_report_options wrong[] = {
		{ .group_by = ALLOT_GROUPS },
		{ .measure = ALLOT_MEASURES },
		{ .format = ALLOT_FORMATS },
		{ .group_by = ALLOT_GROUP_DOMAIN, .cumulative = true },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct allot_error error = { "" };

		ck_assert_int_eq(allot_snapshot_report(snapshot, NULL, &wrong[i], stdout, &error), -EINVAL);
		ck_assert_uint_gt(strlen(error.text), 0);
	}
}
END_TEST

enum { THREADS = 4, ROUNDS = 20 };

static void *use_together(void *expected)
{
	for (int i = 0; i < ROUNDS; i++) {
		const struct allot_filter filter = { .exclude = true, .function = "nobody" };
		allot_snapshot_t *filtered;
		char *text;

		if (allot_snapshot_filter(snapshot, &filter, i % 2, &filtered, NULL))
			return expected;
		text = all_reports(i % 2 ? snapshot : filtered, NULL);
		if (strcmp(text, expected))
			return text;
		free(text);
		allot_snapshot_free(filtered);
	}
	return NULL;
}

START_TEST(many_threads_at_once)
{
	allot_snapshot_t *other;
	pthread_t threads[THREADS];
	char *expected;

	ck_assert_int_eq(allotp_handle_new(make(), &other), 0);
	expected = all_reports(other, NULL);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_together, expected), 0);
	for (int i = 0; i < THREADS; i++) {
		void *different;

		ck_assert_int_eq(pthread_join(threads[i], &different), 0);
		ck_assert_ptr_null(different);
	}
	free(expected);
	allot_snapshot_free(other);
}
END_TEST

static int progress_calls;

static void count_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
	(void)context;
	ck_assert_uint_le(done, total);
	ck_assert_ptr_nonnull(what);
	progress_calls++;
}

START_TEST(progress)
{
	const struct allot_report_options options = { 0 };
	FILE *out = fopen("/dev/null", "w");

	allot_snapshot_set_progress(snapshot, count_progress, NULL);
	ck_assert_int_eq(allot_snapshot_report(snapshot, NULL, &options, out, NULL), 0);
	ck_assert_int_gt(progress_calls, 0);
	progress_calls = 0;
	allot_snapshot_set_progress(snapshot, NULL, NULL);
	ck_assert_int_eq(allot_snapshot_report(snapshot, NULL, &options, out, NULL), 0);
	ck_assert_int_eq(progress_calls, 0);
	fclose(out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		looking_into_it,      what_to_know_first,   a_stack,
		json_and_back,        json_of_samples,      json_of_what_filters_left,
		json_of_odd_things,   json_made_by_hand,    kinds_of_files,
		group_by_region,      measures_and_totals,  a_comparison_outlives_its_snapshots,
		wrong_report_options, many_threads_at_once, progress,
	};
	Suite *suite = suite_create("library");
	TCase *tcase = tcase_create("library");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_loop_test(tcase, damaged_json, 0, sizeof(damaged) / sizeof(damaged[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
