/* SPDX-License-Identifier: MIT */
/* Tests the formats of lib/report: whole reports, letter by letter. */
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report-sample.h"
#include "unit.h"

static struct allot_snapshot *snapshots[2];
static struct allot_view views[2];
static char *text;

static void teardown(void)
{
	for (int i = 0; i < 2; i++) {
		allotp_resolver_free(views[i].resolver);
		allotp_snapshot_free(snapshots[i]);
	}
	free(text);
}

static void use(int i, struct allot_snapshot *snapshot)
{
	snapshots[i] = snapshot;
	views[i].snapshot = snapshot;
	ck_assert_int_eq(allotp_resolver_new(snapshot, NULL, NULL, &views[i].resolver), 0);
}

/* The report of snapshot 0; as a diff, how it differs from snapshot 1. */
static const char *report(struct allot_report_options options)
{
	size_t size;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(allotp_report_write(out, &views[0], snapshots[1] ? &views[1] : NULL, &options), 0);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

/* The sample program as it was before: parse() held less, load() more, and an old() held 70 bytes. */
static struct allot_snapshot *older_program(void)
{
	struct allot_snapshot *snapshot = sample_program();
	uint32_t node = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x130, "main main.c:13");

	node = sample_frame(snapshot, node, 0x400, "old old.c:3");
	sample_site(snapshot, node, (struct allot_count){ 70, 7 }, (struct allot_count){ 70, 7 });
	snapshot->sites[0].live = (struct allot_count){ 1000, 1 };
	snapshot->live.bytes -= 2000;
	snapshot->live.blocks -= 2;
	return snapshot;
}

#define TRUST "All recorded: 16 events; exit status 0.\n"
#define TOTALS                                                                                                         \
	"Live 4024 B in 4 blocks, peak 5524 B in 10 blocks, ever 5524 B in 10 blocks, temporary 0 B in 0 blocks; "     \
	"6 frees.\n"

START_TEST(text_by_line)
{
	use(0, sample_program());
	ck_assert_str_eq(report((struct allot_report_options){ 0 }),
			 "[ Top 10 ]\n"
			 "util.h:5: size=3000 B, count=3, average=1000 B\n"
			 "    in xmalloc [inlined] (sample)\n"
			 "    called by parse (parse.c:20), main (main.c:10)\n"
			 "load.c:7: size=1024 B, count=1, average=1024 B\n"
			 "    in load (sample)\n"
			 "    called by main (main.c:11)\n"
			 "Total live: size=4024 B, count=4, average=1006 B\n"
			 "\n" TOTALS TRUST "More: --group-by stack for whole stacks, "
			 "--by live|peak|ever|count|temporary.\n");
}
END_TEST

START_TEST(text_of_the_top)
{
	use(0, sample_program());
	ck_assert_str_eq(report((struct allot_report_options){ .top = 1, .measure = ALLOT_MEASURE_EVER }),
			 "[ Top 1 by ever ]\n"
			 "util.h:5: size=4000 B, count=4, average=1000 B\n"
			 "    in xmalloc [inlined] (sample)\n"
			 "    called by parse (parse.c:20), main (main.c:10)\n"
			 "2 other: size=1524 B, count=6, average=254 B\n"
			 "Total ever: size=5524 B, count=10, average=552 B\n"
			 "\n" TOTALS TRUST "/opt/plug/libplug.so: no such file here, so its functions have no names.\n"
			 "More: --group-by stack for whole stacks, --top 3 for all of them, "
			 "--by live|peak|ever|count|temporary.\n");
}
END_TEST

START_TEST(text_by_stack)
{
	use(0, sample_program());
	ck_assert_str_eq(report((struct allot_report_options){
				 .group_by = ALLOT_GROUP_STACK, .measure = ALLOT_MEASURE_COUNT, .top = 2 }),
			 "[ Top 2 by count ]\n"
			 "libplug.so+0x1234: size=500 B, count=5, average=100 B\n"
			 "  libplug.so+0x1234\n"
			 "  File \"main.c\", line 12, in main\n"
			 "util.h:5: size=4000 B, count=4, average=1000 B\n"
			 "  File \"util.h\", line 5, in xmalloc [inlined]\n"
			 "  File \"parse.c\", line 20, in parse\n"
			 "  File \"main.c\", line 10, in main\n"
			 "1 other: size=1024 B, count=1, average=1024 B\n"
			 "Total ever: size=5524 B, count=10, average=552 B\n"
			 "\n" TOTALS TRUST "/opt/plug/libplug.so: no such file here, so its functions have no names.\n"
			 "More: --top 3 for all of them, --by live|peak|ever|count|temporary.\n");
}
END_TEST

START_TEST(text_by_module)
{
	use(0, sample_program());
	ck_assert_str_eq(report((struct allot_report_options){ .group_by = ALLOT_GROUP_MODULE }),
			 "[ Top 10 ]\n"
			 "/usr/bin/sample: size=4024 B, count=4, average=1006 B\n"
			 "    most at util.h:5 in xmalloc [inlined] (sample)\n"
			 "    called by parse (parse.c:20), main (main.c:10)\n"
			 "Total live: size=4024 B, count=4, average=1006 B\n"
			 "\n" TOTALS TRUST
			 "More: --group-by stack for whole stacks, --by live|peak|ever|count|temporary.\n");
}
END_TEST

/* Of all the stacks of a line the one is shown that holds most, up to where the program begins. */
START_TEST(text_shows_the_largest_stack)
{
	static const char *const callers[] = { "few main.c:1", "many main.c:2", "some main.c:3" };
	static const uint64_t bytes[] = { 10, 1000, 100 };
	struct allot_snapshot *snapshot = sample_new();
	uint32_t start = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x500, "__libc_start_main_impl libc-start.c:360");

	for (uint32_t i = 0; i < 3; i++) {
		uint32_t node = sample_frame(snapshot, start, 0x100 * (i + 1), callers[i]);

		node = sample_frame(snapshot, node, 0x400, "get util.c:5");
		sample_site(snapshot, node, (struct allot_count){ bytes[i], 1 }, (struct allot_count){ bytes[i], 1 });
	}
	use(0, snapshot);
	report((struct allot_report_options){ 0 });
	ck_assert_ptr_nonnull(strstr(text, "util.c:5: size=1110 B, count=3, average=370 B\n"
					   "    in get (sample)\n"
					   "    called by many (main.c:2)\n"
					   "Total"));
}
END_TEST

START_TEST(text_shows_recursion_and_ends)
{
	struct allot_snapshot *snapshot = sample_new();
	uint32_t node = sample_frame(snapshot, ALLOT_NODE_TRUNCATED, 0x100, "callback cb.c:1");

	for (int i = 0; i < 10; i++)
		node = sample_frame(snapshot, node, 0x200, "walk tree.c:5");
	node = sample_frame(snapshot, node, 0x300, "leaf");
	sample_site(snapshot, node, (struct allot_count){ 8, 1 }, (struct allot_count){ 8, 1 });
	snapshot->trust.truncated = 1;
	snapshot->trust.walks = 1;
	snapshot->modules[1].truncated = 1;
	use(0, snapshot);
	ck_assert_str_eq(report((struct allot_report_options){ .group_by = ALLOT_GROUP_STACK, .leaks = true }),
			 "[ Top 10 leaks ]\n"
			 "sample+0x300: size=8 B, count=1, average=8 B\n"
			 "  sample+0x300, in leaf\n"
			 "  File \"tree.c\", line 5, in walk\n"
			 "  File \"tree.c\", line 5, in walk\n"
			 "  File \"tree.c\", line 5, in walk\n"
			 "  [the last frame is repeated 7 more times]\n"
			 "  File \"cb.c\", line 1, in callback\n"
			 "  [the stack ends early: no unwind data here]\n"
			 "Total never freed: size=8 B, count=1, average=8 B\n"
			 "\n"
			 "Live 8 B in 1 block, peak 8 B in 1 block, ever 8 B in 1 block, temporary 0 B in 0 blocks; "
			 "0 frees.\n"
			 "All recorded: 1 event; exit status 0.\n"
			 "1 of 1 stacks (100.0 %) end early for want of unwind data, in sample (1).\n");
}
END_TEST

START_TEST(text_of_nothing)
{
	use(0, sample_new());
	ck_assert_str_eq(report((struct allot_report_options){ 0 }),
			 "[ Top 10 by peak ]\n"
			 "Total at peak: size=0 B, count=0\n"
			 "\n"
			 "Live 0 B in 0 blocks, peak 0 B in 0 blocks, ever 0 B in 0 blocks, temporary 0 B in 0 "
			 "blocks; 0 frees.\n"
			 "All recorded: 0 events; exit status 0.\n");
}
END_TEST

START_TEST(text_falls_back_to_the_peak)
{
	struct allot_snapshot *snapshot = sample_new();
	uint32_t node = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x100, "main main.c:1");

	sample_site(snapshot, node, (struct allot_count){ 0, 0 }, (struct allot_count){ 64, 2 });
	use(0, snapshot);
	ck_assert_str_eq(report((struct allot_report_options){ 0 }),
			 "[ Top 10 by peak ]\n"
			 "main.c:1: size=64 B, count=2, average=32 B\n"
			 "    in main (sample)\n"
			 "Total at peak: size=64 B, count=2, average=32 B\n"
			 "\n"
			 "Live 0 B in 0 blocks, peak 64 B in 2 blocks, ever 64 B in 2 blocks, temporary 0 B in 0 "
			 "blocks; 2 frees.\n"
			 "Nothing was live any more, so this is what was live at the peak.\n"
			 "All recorded: 4 events; exit status 0.\n"
			 "More: --group-by stack for whole stacks, --by live|peak|ever|count|temporary.\n");
}
END_TEST

START_TEST(text_tells_what_not_to_trust)
{
	struct allot_snapshot *snapshot = sample_program();
	struct allot_trust *trust = &snapshot->trust;
	uint32_t node = sample_node(snapshot, ALLOT_NODE_ROOT, 0, 0xdead000);

	sample_site(snapshot, node, (struct allot_count){ 976, 1 }, (struct allot_count){ 976, 1 });
	trust->exit = ALLOT_EXIT_SIGNALED;
	trust->exit_value = 9;
	trust->lost[ALLOT_LOST_STORE_FULL] = 12;
	trust->lost[ALLOT_LOST_THREADS] = 1;
	trust->stopped = true;
	trust->walks = 1000;
	trust->truncated = 15;
	trust->limited = 2;
	snapshot->depth_limit = 64;
	snapshot->modules[0].truncated = 4;
	snapshot->modules[1].truncated = 1;
	snapshot->modules[2].truncated = 4;
	snapshot->modules[3].truncated = 6;
	trust->verified = 100;
	trust->differing = 3;
	trust->mismatched = 2;
	trust->untraced_children = 1;
	free(snapshot->note);
	snapshot->note = strdup("address space limited to 1 GiB");
	use(0, snapshot);
	report((struct allot_report_options){ .top = 1 });
	ck_assert_ptr_nonnull(strstr(text, "\n\n"));
	ck_assert_str_eq(
		strstr(text, "\n\n") + 2,
		"Live 5000 B in 5 blocks, peak 6500 B in 11 blocks, ever 6500 B in 11 blocks, temporary 0 B in 0 "
		"blocks; 6 frees.\n"
		"Incomplete: 17 events; killed by signal 9 (Killed).\n"
		"12 events lost, so the numbers are not exact: the store could not grow.\n"
		"1 event lost, so the numbers are not exact: more threads at once than the store has rings.\n"
		"Recording stopped before the program ended: later allocations and frees are missing.\n"
		"2 of 1000 stacks reach the depth limit of 64 frames.\n"
		"15 of 1000 stacks (1.5 %) end early for want of unwind data, in libplug.so (6), code of no file "
		"(4), libc.so.6 (4).\n"
		"976 B (19.5 %) of the live bytes come from functions without a name.\n"
		"3 of 100 verified stacks differ from the reference unwinder's.\n"
		"2 blocks were freed by the wrong function (new[] by delete, malloc by delete, ...).\n"
		"1 child process was not followed (`allot run --follow`).\n"
		"address space limited to 1 GiB\n"
		"More: --group-by stack for whole stacks, --top 3 for all of them, "
		"--by live|peak|ever|count|temporary.\n");
}
END_TEST

START_TEST(text_shows_source)
{
	char path[] = "/tmp/allot-source-XXXXXX", frame[64];
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct allot_snapshot *snapshot = sample_new();
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	dprintf(fd, "int main(void)\n{\n\treturn\tuse(malloc(8));  \n\n}\n");
	snprintf(frame, sizeof(frame), "main %s:3", path);
	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x100, frame), (struct allot_count){ 8, 1 },
		    (struct allot_count){ 8, 1 });
	/* a blank line shows nothing */
	snprintf(frame, sizeof(frame), "main %s:4", path);
	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x200, frame), (struct allot_count){ 4, 1 },
		    (struct allot_count){ 4, 1 });
	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x300, "main /dev/zero:1"),
		    (struct allot_count){ 2, 1 }, (struct allot_count){ 2, 1 });
	snapshot->start_time_ns = UINT64_C(1001000000000);
	use(0, snapshot);
	ck_assert_int_eq(futimens(fd, times), 0);
	report((struct allot_report_options){ 0 });
	ck_assert_ptr_nonnull(strstr(text, ":3: size=8 B, count=1, average=8 B\n    in main (sample)\n"
					   "    return use(malloc(8));\n/tmp/"));
	ck_assert_ptr_nonnull(strstr(text, ":4: size=4 B, count=1, average=4 B\n    in main (sample)\n/dev/zero:1: "
					   "size=2 B, count=1, average=2 B\n    in main (sample)\nTotal"));
	times[1].tv_sec = 1002;
	ck_assert_int_eq(futimens(fd, times), 0);
	report((struct allot_report_options){ 0 });
	ck_assert_ptr_nonnull(strstr(text, "\n    return use(malloc(8));  [the file is newer than the run]\n"));
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(text_fits_a_terminal)
{
	static const char name[] = "std::vector<item, std::allocator<item> >::push_back(item const&) /usr/vector.h:9;"
				   "fill(std::vector<item, std::allocator<item> >&) a.cpp:3";
	struct allot_snapshot *snapshot = sample_new();
	uint32_t node = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x100, "main a.cpp:9");

	sample_site(snapshot, sample_frame(snapshot, node, 0x200, name), (struct allot_count){ 8, 1 },
		    (struct allot_count){ 8, 1 });
	use(0, snapshot);
	report((struct allot_report_options){ .width = 80 });
	ck_assert_ptr_nonnull(strstr(text, "\n    in std::vector<...>::push_back(item const&) [inlined] (sample)\n"
					   "    called by fill(std::vector<...>&) (a.cpp:3), main (a.cpp:9)\n"));
	report((struct allot_report_options){ 0 });
	ck_assert_ptr_nonnull(
		strstr(text, "\n    in std::vector<item, std::allocator<item> >::push_back(item const&) [inlined] "
			     "(sample)\n    called by fill(std::vector<item, std::allocator<item> >&) (a.cpp:3), "
			     "main (a.cpp:9)\n"));
}
END_TEST

START_TEST(text_of_a_diff)
{
	use(0, sample_program());
	use(1, older_program());
	ck_assert_str_eq(
		report((struct allot_report_options){ 0 }),
		"[ Top 10 differences ]\n"
		"util.h:5: size=3000 B (+2000 B), count=3 (+2), average=1000 B\n"
		"    in xmalloc [inlined] (sample)\n"
		"    called by parse (parse.c:20), main (main.c:10)\n"
		"old.c:3: size=0 B (-70 B), count=0 (-7)\n"
		"    in old (sample)\n"
		"    called by main (main.c:13)\n"
		"1 unchanged\n"
		"Total live: size=4024 B (+1930 B), count=4 (-5), average=1006 B\n"
		"\n"
		"Live 4024 B (+1930 B) in 4 blocks (-5), peak 5524 B (-70 B) in 10 blocks (-7), ever 5524 B (-70 B) in "
		"10 blocks (-7), temporary 0 B (+0 B) in 0 blocks (+0); 6 frees.\n"
		"Old: All recorded: 23 events; exit status 0.\n"
		"New: All recorded: 16 events; exit status 0.\n"
		"More: --group-by stack for whole stacks, --by live|peak|ever|count|temporary.\n");
}
END_TEST

#define NO_COUNT "{\"bytes\":0,\"blocks\":0}"
#define FRAME(function, file, line, address, inlined)                                                                  \
	"{\"function\":\"" function "\",\"file\":\"" file "\",\"line\":" line                                          \
	",\"module\":\"/usr/bin/sample\",\"build_id\":\"0101010101010101010101010101010101010101\",\"address\":"       \
	"\"" address "\",\"inlined\":" inlined "}"
#define XMALLOC FRAME("xmalloc", "util.h", "5", "0x200", "true")
#define PARSE FRAME("parse", "parse.c", "20", "0x200", "false")
#define MAIN(line, address) FRAME("main", "main.c", line, address, "false")

START_TEST(json)
{
	use(0, sample_program());
	ck_assert_str_eq(
		report((struct allot_report_options){ .format = ALLOT_FORMAT_JSON }),
		"{\"allot\":1,\"trust\":{\"events\":16,\"lost\":0,\"truncated\":0,\"unsymbolized_bytes\":0,"
		"\"clean_exit\":true},\"totals\":{\"live\":{\"bytes\":4024,\"blocks\":4},\"peak\":{\"bytes\":5524,"
		"\"blocks\":10},\"ever\":{\"bytes\":5524,\"blocks\":10},\"frees\":6,\"temporary\":" NO_COUNT
		"},\"groups\":[\n"
		"{\"key\":\"util.h:5\",\"live\":{\"bytes\":3000,\"blocks\":3},\"peak\":{\"bytes\":4000,\"blocks\":4},"
		"\"ever\":{\"bytes\":4000,\"blocks\":4},\"temporary\":" NO_COUNT ",\"frames\":[" XMALLOC "," PARSE
		"," MAIN("10", "0x100") "]},\n"
					"{\"key\":\"load.c:7\",\"live\":{\"bytes\":1024,\"blocks\":1},\"peak\":{"
					"\"bytes\":1024,\"blocks\":1},"
					"\"ever\":{\"bytes\":1024,\"blocks\":1},\"temporary\":" NO_COUNT
					",\"frames\":[" FRAME("load", "load.c", "7", "0x300", "false") "," MAIN(
						"11",
						"0x110") "]},\n"
							 "{\"key\":\"libplug.so+0x1234\",\"live\":" NO_COUNT
							 ",\"peak\":{\"bytes\":500,\"blocks\":5},"
							 "\"ever\":{\"bytes\":500,\"blocks\":5},\"temporary\":" NO_COUNT
							 ",\"frames\":[{\"function\":null,\"file\":null,\"line\":null,"
							 "\"module\":\"/opt/plug/libplug.so\","
							 "\"build_id\":\"0303030303030303030303030303030303030303\","
							 "\"address\":\"0x1234\",\"inlined\":"
							 "false}," MAIN("12", "0x120") "]}\n"
										       "]}\n");
}
END_TEST

START_TEST(json_of_a_diff)
{
	json_t *root, *groups;
	json_int_t bytes, blocks;

	use(0, sample_program());
	use(1, older_program());
	root = json_loads(report((struct allot_report_options){ .format = ALLOT_FORMAT_JSON }), 0, NULL);
	ck_assert_ptr_nonnull(root);
	groups = json_object_get(root, "groups");
	ck_assert_uint_eq(json_array_size(groups), 4);
	ck_assert_int_eq(
		json_unpack(json_array_get(groups, 0), "{s:{s:I,s:I}}", "diff", "bytes", &bytes, "blocks", &blocks), 0);
	ck_assert_int_eq(bytes, 2000);
	ck_assert_int_eq(blocks, 2);
	ck_assert_int_eq(
		json_unpack(json_array_get(groups, 1), "{s:{s:I,s:I}}", "diff", "bytes", &bytes, "blocks", &blocks), 0);
	ck_assert_int_eq(bytes, -70);
	ck_assert_int_eq(blocks, -7);
	/* a group that has gone shows the stack it had */
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(groups, 1), "frames")), 2);
	ck_assert_int_eq(json_unpack(root, "{s:{s:{s:{s:I}}}}", "old", "totals", "live", "bytes", &bytes), 0);
	ck_assert_int_eq(bytes, 2094);
	json_decref(root);
}
END_TEST

START_TEST(json_of_names_that_are_no_utf8)
{
	struct allot_snapshot *snapshot = sample_new();
	json_t *root;
	const char *function, *key;

	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x100, "f\xff\xc3\xa4\xe2\x82 a\xed\xa0\x80.c:1"),
		    (struct allot_count){ 8, 1 }, (struct allot_count){ 8, 1 });
	use(0, snapshot);
	root = json_loads(report((struct allot_report_options){ .format = ALLOT_FORMAT_JSON }), 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_int_eq(
		json_unpack(root, "{s:[{s:s,s:[{s:s}]}]}", "groups", "key", &key, "frames", "function", &function), 0);
	ck_assert_str_eq(function, "f\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd");
	ck_assert_str_eq(key, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.c:1");
	json_decref(root);
}
END_TEST

START_TEST(json_of_numbers_too_large)
{
	struct allot_snapshot *snapshot = sample_new();
	json_t *root;
	json_int_t events;

	snapshot->trust.events = UINT64_MAX;
	use(0, snapshot);
	root = json_loads(report((struct allot_report_options){ .format = ALLOT_FORMAT_JSON }), 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_int_eq(json_unpack(root, "{s:{s:I}}", "trust", "events", &events), 0);
	ck_assert_int_eq(events, INT64_MAX);
	json_decref(root);
}
END_TEST

START_TEST(csv)
{
	struct allot_snapshot *snapshot = sample_program();

	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x500, "f<int, \"x\">() odd,name.c:1"),
		    (struct allot_count){ 2, 1 }, (struct allot_count){ 2, 1 });
	use(0, snapshot);
	ck_assert_str_eq(report((struct allot_report_options){ .format = ALLOT_FORMAT_CSV }),
			 "key,function,module,live_bytes,live_blocks,peak_bytes,peak_blocks,ever_bytes,ever_blocks,"
			 "temporary_bytes,temporary_blocks\r\n"
			 "util.h:5,xmalloc,/usr/bin/sample,3000,3,4000,4,4000,4,0,0\r\n"
			 "load.c:7,load,/usr/bin/sample,1024,1,1024,1,1024,1,0,0\r\n"
			 "\"odd,name.c:1\",\"f<int, \"\"x\"\">()\",/usr/bin/sample,2,1,2,1,2,1,0,0\r\n"
			 "libplug.so+0x1234,,/opt/plug/libplug.so,0,0,500,5,500,5,0,0\r\n");
}
END_TEST

START_TEST(csv_of_a_diff)
{
	use(0, sample_program());
	use(1, older_program());
	ck_assert_str_eq(report((struct allot_report_options){ .format = ALLOT_FORMAT_CSV, .top = 3 }),
			 "key,function,module,live_bytes,live_blocks,peak_bytes,peak_blocks,ever_bytes,ever_blocks,"
			 "temporary_bytes,temporary_blocks,diff_bytes,diff_blocks\r\n"
			 "util.h:5,xmalloc,/usr/bin/sample,3000,3,4000,4,4000,4,0,0,2000,2\r\n"
			 "old.c:3,old,/usr/bin/sample,0,0,0,0,0,0,0,0,-70,-7\r\n"
			 "load.c:7,load,/usr/bin/sample,1024,1,1024,1,1024,1,0,0,0,0\r\n");
}
END_TEST

START_TEST(markdown)
{
	struct allot_snapshot *snapshot = sample_program();

	sample_site(snapshot, sample_frame(snapshot, ALLOT_NODE_ROOT, 0x500, "a|b<int>() `x`.c:1"),
		    (struct allot_count){ 2, 1 }, (struct allot_count){ 2, 1 });
	use(0, snapshot);
	ck_assert_str_eq(report((struct allot_report_options){ .format = ALLOT_FORMAT_MARKDOWN }),
			 "### allot: Top 10\n"
			 "\n"
			 "| Size | Count | Average | Where | Function |\n"
			 "| ---: | ---: | ---: | --- | --- |\n"
			 "| 3000 B | 3 | 1000 B | <code>util.h:5</code> | <code>xmalloc</code> |\n"
			 "| 1024 B | 1 | 1024 B | <code>load.c:7</code> | <code>load</code> |\n"
			 "| 2 B | 1 | 2 B | <code>&#96;x&#96;.c:1</code> | <code>a&#124;b&#60;int&#62;()</code> |\n"
			 "| 4026 B | 5 | 805 B | **Total live** | |\n"
			 "\n"
			 "- All recorded: 17 events; exit status 0.\n");
}
END_TEST

START_TEST(markdown_of_a_diff)
{
	use(0, sample_program());
	use(1, older_program());
	ck_assert_str_eq(
		report((struct allot_report_options){ .format = ALLOT_FORMAT_MARKDOWN, .group_by = ALLOT_GROUP_STACK }),
		"### allot: Top 10 differences\n"
		"\n"
		"| Size | Change | Count | Change | Average | Where | Function |\n"
		"| ---: | ---: | ---: | ---: | ---: | --- | --- |\n"
		"| 3000 B | +2000 B | 3 | +2 | 1000 B | "
		"<code>util.h:5</code><br><code>parse.c:20</code><br><code>main.c:10</code> | <code>xmalloc</code> |\n"
		"| 0 B | -70 B | 0 | -7 |  | <code>old.c:3</code><br><code>main.c:13</code> | <code>old</code> |\n"
		"| 4024 B | +1930 B | 4 | -5 | 1006 B | **Total live** | |\n"
		"\n"
		"- Old: All recorded: 23 events; exit status 0.\n"
		"- New: All recorded: 16 events; exit status 0.\n");
}
END_TEST

START_TEST(refuses_cumulative_stacks)
{
	struct allot_report_options options = { .group_by = ALLOT_GROUP_STACK, .cumulative = true };

	use(0, sample_program());
	ck_assert_int_eq(allotp_report_write(stdout, &views[0], NULL, &options), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, text_by_line);
	tcase_add_test(tcase, text_of_the_top);
	tcase_add_test(tcase, text_by_stack);
	tcase_add_test(tcase, text_by_module);
	tcase_add_test(tcase, text_shows_the_largest_stack);
	tcase_add_test(tcase, text_shows_recursion_and_ends);
	tcase_add_test(tcase, text_of_nothing);
	tcase_add_test(tcase, text_falls_back_to_the_peak);
	tcase_add_test(tcase, text_tells_what_not_to_trust);
	tcase_add_test(tcase, text_shows_source);
	tcase_add_test(tcase, text_fits_a_terminal);
	tcase_add_test(tcase, text_of_a_diff);
	tcase_add_test(tcase, json);
	tcase_add_test(tcase, json_of_a_diff);
	tcase_add_test(tcase, json_of_names_that_are_no_utf8);
	tcase_add_test(tcase, json_of_numbers_too_large);
	tcase_add_test(tcase, csv);
	tcase_add_test(tcase, csv_of_a_diff);
	tcase_add_test(tcase, markdown);
	tcase_add_test(tcase, markdown_of_a_diff);
	tcase_add_test(tcase, refuses_cumulative_stacks);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
