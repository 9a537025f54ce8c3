/* SPDX-License-Identifier: MIT */
/* Why a block is still there: who is meant by a question, and what is answered. */
#include "leaks/why.h"

#include <errno.h>
#include <stdlib.h>

#include "leaks/leaks.h"
#include "report-sample.h"
#include "unit.h"

static struct allot_snapshot *snapshot;
static struct allot_view view;
static struct allot_why why;
static struct allot_error error;
static uint32_t list_make, list_again, text_copy, main_frame;
static struct allot_leak_group groups[16];
static struct allot_leaked lost[4];
static struct allot_link links[64];

static void group(uint32_t stack, uint32_t leak_class, uint64_t bytes, uint64_t blocks)
{
	sample_site(snapshot, stack, (struct allot_count){ bytes, blocks }, (struct allot_count){ bytes, blocks });
	groups[snapshot->leak_group_count++] =
		(struct allot_leak_group){ snapshot->site_count - 1, leak_class, { bytes, blocks } };
}

static void block(uint64_t address, uint64_t size, uint64_t offset, uint32_t stack, uint32_t leak_class)
{
	links[snapshot->link_count++] = (struct allot_link){ .kind = ALLOT_LINK_BLOCK,
							     .address = address,
							     .size = size,
							     .offset = offset,
							     .stack = stack,
							     .leak_class = leak_class };
}

static void root(struct allot_link link)
{
	links[snapshot->link_count++] = link;
}

static void set_up(void)
{
	snapshot = sample_new();
	snapshot->pid = 77;
	main_frame = sample_frame(snapshot, ALLOT_NODE_ROOT, 0x1000, "main /src/main.c:3");
	list_make = sample_frame(snapshot, main_frame, 0x1010, "list::make(int) /src/list.cc:12");
	list_again = sample_frame(snapshot, sample_frame(snapshot, main_frame, 0x1020, "again /src/main.c:9"), 0x1010,
				  "list::make(int) /src/list.cc:12");
	text_copy = sample_frame(snapshot, main_frame, 0x1030, "copy /src/text.c:5");
	snapshot->leak_groups = groups;
	snapshot->lost = lost;
	snapshot->links = links;
	group(list_make, ALLOT_LEAK_REACHABLE, 96, 2);
	group(list_again, ALLOT_LEAK_REACHABLE, 480, 10);
	group(text_copy, ALLOT_LEAK_REACHABLE, 7, 1);
	group(text_copy, ALLOT_LEAK_INDIRECT, 20, 2);
	block(0x5000, 48, 0, list_make, ALLOT_LEAK_REACHABLE);
	root((struct allot_link){ .kind = ALLOT_LINK_STACK, .address = 0x7ff0, .thread = 77 });
	block(0x6000, 48, 0, list_again, ALLOT_LEAK_REACHABLE);
	block(0x5000, 48, 16, list_make, ALLOT_LEAK_REACHABLE);
	root((struct allot_link){ .kind = ALLOT_LINK_STACK, .address = 0x7ff0, .thread = 77 });
	block(0x7000, 7, 0, text_copy, ALLOT_LEAK_REACHABLE);
	links[snapshot->link_count++] = (struct allot_link){ .kind = ALLOT_LINK_LEFT_OUT, .size = 1000 };
	block(0x6000, 48, 8, list_again, ALLOT_LEAK_REACHABLE);
	links[snapshot->link_count - 1].inside = 4;
	root((struct allot_link){ .kind = ALLOT_LINK_REGISTER, .thread = 78 });
	lost[0] = (struct allot_leaked){
		.address = 0x8000, .size = 10, .site = 3, .leak_class = ALLOT_LEAK_INDIRECT, .leader = 1
	};
	lost[1] = (struct allot_leaked){
		.address = 0x9000, .size = 48, .site = 0, .leak_class = ALLOT_LEAK_DEFINITE, .leader = 1
	};
	snapshot->lost_count = 2;
	ck_assert_int_eq(allotp_resolver_new(snapshot, NULL, NULL, &view.resolver), 0);
	view.snapshot = snapshot;
}

static void tear_down(void)
{
	allotp_why_release(&why);
	allotp_resolver_free(view.resolver);
	snapshot->leak_groups = NULL;
	snapshot->lost = NULL;
	snapshot->links = NULL;
	allotp_snapshot_free(snapshot);
}

/* What is answered, without the line that repeats the question. */
static void answers(const char *question, uint32_t top, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(allotp_why_find(&view, question, false, &why, &error), 0);
	ck_assert_int_eq(allotp_why_write_text(out, &view, &why, top), 0);
	fclose(out);
	ck_assert_ptr_nonnull(strchr(text, '\n'));
	ck_assert_str_eq(strchr(text, '\n') + 1, expected);
	free(text);
	allotp_why_release(&why);
}

#define MAKE                                                                                                           \
	"still reachable: list::make(int) (list.cc:12) < main (main.c:3), one of 2 blocks, 96 B:\n"                    \
	"    the stack of the main thread, at 0x7ff0\n"                                                                \
	"    -> 48 B at 0x5000, list::make(int) (list.cc:12) < main (main.c:3)\n"
#define AGAIN                                                                                                          \
	"still reachable: list::make(int) (list.cc:12) < again (main.c:9), one of 10 blocks, 480 B:\n"                 \
	"    the stack of the main thread, at 0x7ff0\n"                                                                \
	"    -> 48 B at 0x5000, list::make(int) (list.cc:12) < main (main.c:3); offset 16\n"                           \
	"    -> 48 B at 0x6000, list::make(int) (list.cc:12) < again (main.c:9)\n"

START_TEST(a_call_site_is_what_the_report_says_of_it)
{
	answers("list.cc:12", 0, AGAIN MAKE);
	answers("/src/list.cc:12", 0, AGAIN MAKE);
	answers("src/list.cc:12", 0, AGAIN MAKE);
	answers("list::make", 0, AGAIN MAKE);
	answers("make", 0, AGAIN MAKE);
	answers("list::make(int)", 0, AGAIN MAKE);
	answers("list.cc:12", 1, AGAIN "1 other: --top N shows more.\n");
}
END_TEST

START_TEST(a_caller_will_do_where_no_call_site_is_meant)
{
	answers("again", 0, AGAIN);
	answers("main.c:9", 0, AGAIN);
}
END_TEST

START_TEST(what_is_left_out_and_what_points_inside_is_said)
{
	answers("0x7006", 0,
		"still reachable: copy (text.c:5) < main (main.c:3), 1 block, 7 B:\n"
		"    a register of thread 78\n"
		"    -> 48 B at 0x6000, list::make(int) (list.cc:12) < again (main.c:9), pointed to at its offset 4; offset 8\n"
		"    -> ... 1000 more blocks\n"
		"    -> 7 B at 0x7000, copy (text.c:5) < main (main.c:3)\n");
}
END_TEST

START_TEST(a_block_on_the_way_has_a_chain)
{
	answers("0x602f", 0, AGAIN);
}
END_TEST

START_TEST(what_is_lost_is_said_so)
{
	answers("copy", 0,
		"still reachable: copy (text.c:5) < main (main.c:3), 1 block, 7 B:\n"
		"    a register of thread 78\n"
		"    -> 48 B at 0x6000, list::make(int) (list.cc:12) < again (main.c:9), pointed to at its offset 4; offset 8\n"
		"    -> ... 1000 more blocks\n"
		"    -> 7 B at 0x7000, copy (text.c:5) < main (main.c:3)\n"
		"indirectly lost: copy (text.c:5) < main (main.c:3), 2 blocks, 20 B:\n"
		"    only blocks lead there that are lost themselves\n");
	answers("0x8003", 0,
		"indirectly lost: 10 B at 0x8000, copy (text.c:5) < main (main.c:3), one of 2 blocks, 20 B:\n"
		"    only a block leads to it that is lost itself: 48 B at 0x9000, list::make(int) (list.cc:12)\n");
}
END_TEST

START_TEST(a_known_block_without_a_chain_has_an_example)
{
	struct allot_block blocks[] = { { 0xa000, 48, 0 }, { 0xb000, 48, 1 } };

	snapshot->blocks = blocks;
	snapshot->block_count = 2;
	answers("0xb008", 0,
		"still reachable: list::make(int) (list.cc:12) < again (main.c:9), one of 10 blocks, 480 B, of which another:\n"
		"    the stack of the main thread, at 0x7ff0\n"
		"    -> 48 B at 0x5000, list::make(int) (list.cc:12) < main (main.c:3); offset 16\n"
		"    -> 48 B at 0x6000, list::make(int) (list.cc:12) < again (main.c:9)\n");
	snapshot->blocks = NULL;
	snapshot->block_count = 0;
}
END_TEST

START_TEST(what_nobody_knows_is_an_error)
{
	static const char *const questions[] = { "ist.cc:12", "list.cc:13",  "list.cc:", "ake", "list", "0x4fff",
						 "0x5030",    "0x123456789", "0x",       "",    ":12",  "list.cc" };

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		error.text[0] = '\0';
		ck_assert_int_eq(allotp_why_find(&view, questions[i], i & 1, &why, &error), -ENOENT);
		ck_assert_uint_eq(why.count, 0);
		ck_assert_int_eq(strncmp(error.text, "--why ", 6), 0);
		ck_assert_ptr_null(strchr(error.text, '\n'));
	}
}
END_TEST

START_TEST(addresses_are_hexadecimal)
{
	uint64_t address;

	ck_assert(allotp_why_address("0x5aF", &address));
	ck_assert_uint_eq(address, 0x5af);
	ck_assert(!allotp_why_address("0x", &address));
	ck_assert(!allotp_why_address("0x5g", &address));
	ck_assert(!allotp_why_address("5af", &address));
	ck_assert(!allotp_why_address("0x10000000000000000", &address));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("why");
	TCase *tests = tcase_create("why");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_call_site_is_what_the_report_says_of_it);
	tcase_add_test(tests, a_caller_will_do_where_no_call_site_is_meant);
	tcase_add_test(tests, what_is_left_out_and_what_points_inside_is_said);
	tcase_add_test(tests, a_block_on_the_way_has_a_chain);
	tcase_add_test(tests, what_is_lost_is_said_so);
	tcase_add_test(tests, a_known_block_without_a_chain_has_an_example);
	tcase_add_test(tests, what_nobody_knows_is_an_error);
	tcase_add_test(tests, addresses_are_hexadecimal);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
