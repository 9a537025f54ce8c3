/* SPDX-License-Identifier: MIT */
/* Tests lib/gate's suppressions: LeakSanitizer's files as they are, what allot adds, and damaged ones. */
#include "gate/suppression.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"
#include "common/error.h"
#include "gate/date.h"
#include "gate/pattern.h"
#include "unit.h"

static const struct {
	const char *pattern, *text;
	bool match;
} patterns[] = {
	{ "foo", "a foo b", true },
	{ "foo", "fo", false },
	{ "^foo", "foobar", true },
	{ "^foo", "a foo", false },
	{ "bar$", "foobar", true },
	{ "bar$", "barfoo", false },
	{ "^foo$", "foo", true },
	{ "^foo$", "foofoo", false },
	{ "oo$", "oo, too", true },
	{ "f*r", "foobar", true },
	{ "f*r*f", "foobar", false },
	{ "^f*r$", "foobar", true },
	{ "^f*a$", "foobar", false },
	{ "^*bar", "foobar", true },
	{ "o*o", "o", false },
	{ "foo*", "foo", true },
	{ "*$", "foo", true },
	{ "ab$cd", "xab", true }, /* what follows '$' does not count */
	{ "ab$cd", "ab$cd", false },
	{ "std::vector<*>::push_back", "std::vector<int, std::allocator<int> >::push_back(int&&)", true },
	{ "", "foo", true },
	{ "", "", false },
	{ "*", "", false },
	{ "foo", NULL, false },
	{ "Foo", "foo", false },
	{ "a.b", "axb", false },
};

START_TEST(matches_as_leaksanitizer)
{
	ck_assert_msg(allotp_pattern_match(patterns[_i].pattern, patterns[_i].text) == patterns[_i].match, "'%s' '%s'",
		      patterns[_i].pattern, patterns[_i].text);
}
END_TEST

static struct allot_suppressions read_text(const char *text)
{
	struct allot_suppressions set = { .today = 20261121 };
	struct allot_error error = { "" };

	ck_assert_msg(allotp_suppressions_parse(&set, "x.supp", text, strlen(text), &error) == 0, "%s", error.text);
	return set;
}

START_TEST(leaksanitizers_file)
{
	struct allot_suppressions set = read_text("# known ones\n"
						  "\n"
						  "leak:libfoo.so\n"
						  "  leak:operator new(unsigned long)  \t\r\n"
						  "\t# another\n"
						  "leak:^bool operator<=(A const&, A const&)$\r\n"
						  "leak:last");

	ck_assert_uint_eq(set.count, 4);
	ck_assert_str_eq(set.list[0].text, "libfoo.so");
	ck_assert_uint_eq(set.list[0].line, 3);
	ck_assert_str_eq(set.list[0].file, "x.supp");
	ck_assert(set.list[0].most_blocks == UINT64_MAX && set.list[0].most_bytes == UINT64_MAX);
	ck_assert(!set.list[0].until && !set.list[0].reason);
	ck_assert_str_eq(set.list[1].text, "operator new(unsigned long)");
	ck_assert_str_eq(set.list[2].text, "^bool operator<=(A const&, A const&)$");
	ck_assert_str_eq(set.list[3].text, "last");
	ck_assert_uint_eq(set.list[3].line, 7);
	allotp_suppressions_release(&set);
}
END_TEST

START_TEST(own_additions)
{
	struct allot_suppressions set =
		read_text("leak:libfoo.so count<=3 bytes<=4K until=2027-01-01 reason=\"waits for \\\"2.0\\\"\"\n"
			  "leak:std::map<int, int> reason=ticket-17\n"
			  "leak:a\tbytes<=\"1 MiB\"\n");

	ck_assert_uint_eq(set.count, 3);
	ck_assert_str_eq(set.list[0].text, "libfoo.so");
	ck_assert_uint_eq(set.list[0].most_blocks, 3);
	ck_assert_uint_eq(set.list[0].most_bytes, 4096);
	ck_assert_uint_eq(set.list[0].until, 20270101);
	ck_assert_str_eq(set.list[0].reason, "waits for \"2.0\"");
	ck_assert_str_eq(set.list[1].text, "std::map<int, int>");
	ck_assert_str_eq(set.list[1].reason, "ticket-17");
	ck_assert_uint_eq(set.list[2].most_bytes, 1048576);
	allotp_suppressions_release(&set);
}
END_TEST

static const struct {
	const char *text, *error;
} damaged[] = {
	{ "leak:a\n\nrace:b\n", "x.supp:3:1: a suppression begins with 'leak:', a comment with '#'" },
	{ "  leak\n", "x.supp:1:3: a suppression begins with 'leak:', a comment with '#'" },
	{ "leak:a count<=x\n", "x.supp:1:15: 'x' is not a number of blocks" },
	{ "leak:a count<=-1\n", "x.supp:1:15: '-1' is not a number of blocks" },
	{ "leak:a count<=99999999999999999999\n", "x.supp:1:15: '99999999999999999999' is not a number of blocks" },
	{ "leak:a count=3\n", "x.supp:1:13: count wants count<= and a number of blocks" },
	{ "leak:a until<=2027-01-01\n", "x.supp:1:13: until wants until= and a day such as 2027-01-31" },
	{ "leak:a cuont<=3\n", "x.supp:1:8: 'cuont' is none of count<=, bytes<=, until=, reason=" },
	{ "leak:a bytes<=4Q\n", "x.supp:1:15: '4Q' is not a size such as 4096 or 4K" },
	{ "leak:a bytes<=\n", "x.supp:1:15: '' is not a size such as 4096 or 4K" },
	{ "leak:a until=2027-02-29\n", "x.supp:1:14: '2027-02-29' is not a day such as 2027-01-31" },
	{ "leak:a until=27-2-9\n", "x.supp:1:14: '27-2-9' is not a day such as 2027-01-31" },
	{ "leak:a reason=\"open\n", "x.supp:1:15: the text in quotes has no end" },
	{ "leak:a reason=\"x\"count<=3\n", "x.supp:1:18: a blank is missing here" },
	{ "leak:a count<=3 count<=4\n", "x.supp:1:17: count is given twice" },
	{ "leak:a count<=3 and more\n", "x.supp:1:17: 'and' is none of count<=, bytes<=, until=, reason=" },
};

START_TEST(damage_has_a_position)
{
	struct allot_suppressions set = read_text("leak:before count<=1\n");
	struct allot_error error = { "" };
	const char *text = damaged[_i].text;

	ck_assert_int_eq(allotp_suppressions_parse(&set, "x.supp", text, strlen(text), &error), -EINVAL);
	ck_assert_str_eq(error.text, damaged[_i].error);
	ck_assert_uint_eq(set.count, 1);
	ck_assert_str_eq(set.list[0].text, "before");
	allotp_suppressions_release(&set);
}
END_TEST

START_TEST(a_byte_of_value_0)
{
	struct allot_suppressions set = { .today = 20261121 };
	struct allot_error error = { "" };
	static const char text[] = "leak:a\nleak:b\0c\n";

	ck_assert_int_eq(allotp_suppressions_parse(&set, "x.supp", text, sizeof(text) - 1, &error), -EINVAL);
	ck_assert_str_eq(error.text, "x.supp:2:7: a byte of value 0: this is no suppression file");
	ck_assert_uint_eq(set.count, 0);
	allotp_suppressions_release(&set);
}
END_TEST

START_TEST(a_missing_file)
{
	struct allot_suppressions set = { .today = 20261121 };
	struct allot_error error = { "" };

	ck_assert_int_eq(allotp_suppressions_read(&set, "/nowhere/x.supp", &error), -ENOENT);
	ck_assert_str_eq(error.text, "/nowhere/x.supp: cannot open: No such file or directory");
	ck_assert_int_eq(allotp_suppressions_read(&set, "/", &error), -EISDIR);
	ck_assert_str_eq(error.text, "/: cannot read: Is a directory");
}
END_TEST

static const struct allot_trace_frame *const frames[] = {
	&(struct allot_trace_frame){ "/lib/libc.so.6", "__strdup", "string/strdup.c", 42, "libc", "strdup" },
	&(struct allot_trace_frame){ "/usr/bin/words", "add_word(int)", "/src/words.c", 16, "words", "add_word" },
	&(struct allot_trace_frame){ "/usr/bin/words", NULL, NULL, 0, "words", NULL },
	&(struct allot_trace_frame){ "/usr/bin/words", "main", "/src/main.c", 10, "words", "main" },
};
static const struct allot_trace stack = { (const struct allot_trace_frame **)frames, 4, 4 }, no_stack;

static const struct {
	const char *text;
	bool match;
} chains[] = {
	{ "leak:^add_word$", true },
	{ "leak:^add_word(int)$", true },
	{ "leak:^__strdup", true },
	{ "leak:main.c", true },
	{ "leak:libc.so", true },
	{ "leak:/usr/bin/words", true },
	{ "leak:remove_word", false },
	{ "leak:^strdup$ < ^main$", true },
	{ "leak:^strdup$ < ^add_word$ < words < ^main$", true },
	{ "leak:^main$ < ^strdup$", false },
	{ "leak:^main$ < ^main$", false },
	{ "leak:words < words < words", true },
	{ "leak:words < words < words < words", false },
};

START_TEST(matches_stacks)
{
	struct allot_suppressions set = read_text(chains[_i].text);

	ck_assert(allotp_suppression_match(&set.list[0], &stack) == chains[_i].match);
	ck_assert(!allotp_suppression_match(&set.list[0], &no_stack));
	allotp_suppressions_release(&set);
}
END_TEST

/* The states after one meeting with the stack of so many blocks and bytes; h, u, e, x as in the enum. */
static const char *states_after(struct allot_suppressions *set, uint64_t blocks, uint64_t bytes, uint32_t *number)
{
	static char states[8];

	*number = allotp_suppressions_meet(set, &stack, (struct allot_count){ bytes, blocks });
	for (uint32_t i = 0; i < set->count; i++)
		states[i] = "huex"[allotp_suppression_state(set, &set->list[i])];
	states[set->count] = '\0';
	return states;
}

START_TEST(the_first_that_matches_counts)
{
	struct allot_suppressions set = read_text("leak:nothing\nleak:add_word\nleak:main\n");
	uint32_t number;

	ck_assert_str_eq(states_after(&set, 2, 20, &number), "uhu");
	ck_assert_uint_eq(number, 2);
	ck_assert(allotp_suppressions_hold(&set, number));
	ck_assert(!allotp_suppressions_hold(&set, 0));
	ck_assert_uint_eq(set.list[1].stacks, 1);
	ck_assert_uint_eq(set.list[1].met.blocks, 2);
	ck_assert_uint_eq(set.list[1].met.bytes, 20);
	allotp_suppressions_release(&set);
}
END_TEST

START_TEST(an_expired_one_suppresses_nothing)
{
	struct allot_suppressions set = read_text("leak:add_word until=2026-11-20\nleak:main until=2026-11-21\n");
	uint32_t number;

	ck_assert_str_eq(states_after(&set, 2, 20, &number), "eh");
	ck_assert_uint_eq(number, 2);
	ck_assert_uint_eq(set.list[0].met.blocks, 2);
	set.today = 20261122;
	ck_assert_str_eq(states_after(&set, 2, 20, &number), "ee");
	ck_assert_uint_eq(number, 0);
	allotp_suppressions_release(&set);
}
END_TEST

START_TEST(a_limit_is_for_all_that_is_met)
{
	struct allot_suppressions set = read_text("leak:add_word count<=3 bytes<=100\n");
	uint32_t number;

	ck_assert_str_eq(states_after(&set, 2, 20, &number), "h");
	ck_assert_str_eq(states_after(&set, 1, 80, &number), "h");
	ck_assert_str_eq(states_after(&set, 1, 0, &number), "x");
	ck_assert_uint_eq(number, 1);
	ck_assert(!allotp_suppressions_hold(&set, number));
	allotp_suppressions_release(&set);

	set = read_text("leak:add_word bytes<=100\n");
	ck_assert_str_eq(states_after(&set, 50, 100, &number), "h");
	ck_assert_str_eq(states_after(&set, 1, 1, &number), "x");
	allotp_suppressions_release(&set);
}
END_TEST

static const struct {
	const char *text;
	uint64_t bytes;
	bool good;
} sizes[] = {
	{ "0", 0, true },
	{ "4096", 4096, true },
	{ "4K", 4096, true },
	{ "64 KiB", 65536, true },
	{ "1kB", 1000, true },
	{ "1.5 MiB", 1572864, true },
	{ "0.5", 0, true },
	{ "1.999999T", 2199022156040, true },
	{ "16777215T", 18446742974197923840u, true },
	{ "16777216T", 0, false },
	{ "1.9999999K", 0, false },
	{ "1.K", 0, false },
	{ "-1", 0, false },
	{ " 1", 0, false },
	{ "", 0, false },
	{ "K", 0, false },
	{ "4 KB/s", 0, false },
};

START_TEST(reads_sizes)
{
	uint64_t bytes = 77;

	ck_assert_int_eq(allotp_bytes_parse(sizes[_i].text, &bytes), sizes[_i].good ? 0 : -EINVAL);
	ck_assert_uint_eq(bytes, sizes[_i].good ? sizes[_i].bytes : 77);
}
END_TEST

START_TEST(reads_dates)
{
	uint32_t date = 0;

	ck_assert_int_eq(allotp_date_parse("2028-02-29", &date), 0);
	ck_assert_uint_eq(date, 20280229);
	ck_assert_str_eq(allotp_date_text(date).text, "2028-02-29");
	ck_assert_int_eq(allotp_date_parse("2100-02-29", &date), -EINVAL);
	ck_assert_int_eq(allotp_date_parse("2000-02-29", &date), 0);
	ck_assert_int_eq(allotp_date_parse("2027-00-10", &date), -EINVAL);
	ck_assert_int_eq(allotp_date_parse("2027-13-10", &date), -EINVAL);
	ck_assert_int_eq(allotp_date_parse("2027-04-31", &date), -EINVAL);
	ck_assert_int_eq(allotp_date_parse("2027-04-0x", &date), -EINVAL);
	ck_assert_uint_gt(allotp_date_today(), 20250101);
}
END_TEST

#define LOOP(test, array) tcase_add_loop_test(tcase, test, 0, sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("suppression");
	TCase *tcase = tcase_create("suppression");

	LOOP(matches_as_leaksanitizer, patterns);
	tcase_add_test(tcase, leaksanitizers_file);
	tcase_add_test(tcase, own_additions);
	LOOP(damage_has_a_position, damaged);
	tcase_add_test(tcase, a_byte_of_value_0);
	tcase_add_test(tcase, a_missing_file);
	LOOP(matches_stacks, chains);
	tcase_add_test(tcase, the_first_that_matches_counts);
	tcase_add_test(tcase, an_expired_one_suppresses_nothing);
	tcase_add_test(tcase, a_limit_is_for_all_that_is_met);
	LOOP(reads_sizes, sizes);
	tcase_add_test(tcase, reads_dates);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
