/* SPDX-License-Identifier: MIT */
/* Tests cli/options.c and cli/suggest.c: how words become options and operands, and what is said of wrong ones. */
#include "options.h"

#include <errno.h>
#include <string.h>

#include "suggest.h"
#include "unit.h"

static const struct allot_option options[] = {
	{ "top", 'n', "N", "" },
	{ "by", 'b', "MEASURE", "" },
	{ "cumulative", 'c', NULL, "" },
	{ "quiet", 0, NULL, "" },
	{ 0 },
};

static const struct allot_command command = {
	.name = "report", .operands = "SNAP", .options = options, .min_operands = 1, .max_operands = 2
};
static const struct allot_command run = { .name = "run",
					  .operands = "-- PROG [ARG...]",
					  .options = options,
					  .min_operands = 1,
					  .max_operands = -1,
					  .stop_at_operand = true };

static struct allot_arguments arguments;
static struct allot_error error;
static char buffer[256], *words[16];
static bool help;

static void setup(void)
{
	arguments = (struct allot_arguments){ 0 };
	help = false;
	strcpy(error.text, "");
}

static void teardown(void)
{
	allotp_options_release(&arguments);
}

/* Parses a line of words; '|' stands between them. */
static int parse(const struct allot_command *of, const char *line)
{
	char *rest = buffer;
	int count = 0;

	strcpy(buffer, line);
	while (rest && *buffer)
		words[count++] = strsep(&rest, "|");
	words[count] = NULL;
	return allotp_options_parse(of, count, words, &arguments, &help, &error);
}

static void assert_fails(const char *line, const char *message)
{
	ck_assert_int_eq(parse(&command, line), -EINVAL);
	ck_assert_str_eq(error.text, message);
	ck_assert_ptr_null(arguments.values);
}

static const char *const spellings[] = {
	"--top=12|--cumulative|a", "--top|12|a|-c", "-n12|-c|a", "-n|12|-c|a", "-cn12|a", "-cn|12|a",
	"--top=1|a|--top=12|-c",   "-n12|-c|--|a",
};

START_TEST(takes_all_spellings)
{
	ck_assert_int_eq(parse(&command, spellings[_i]), 0);
	ck_assert_str_eq(allotp_option_value(&command, &arguments, "top"), "12");
	ck_assert_ptr_nonnull(allotp_option_value(&command, &arguments, "cumulative"));
	ck_assert_ptr_null(allotp_option_value(&command, &arguments, "by"));
	ck_assert_ptr_null(allotp_option_value(&command, &arguments, "unheard-of"));
	ck_assert_int_eq(arguments.operand_count, 1);
	ck_assert_str_eq(arguments.operands[0], "a");
}
END_TEST

/* An option may be given again and again: the last value counts, or all of them, in their order. */
START_TEST(keeps_all_values)
{
	int place = 0;

	ck_assert_int_eq(parse(&command, "--top=1|--by|x|-cn2|a|-n|3"), 0);
	ck_assert_str_eq(allotp_option_value(&command, &arguments, "top"), "3");
	ck_assert_str_eq(allotp_option_next(&command, &arguments, "top", &place), "1");
	ck_assert_str_eq(allotp_option_next(&command, &arguments, "top", &place), "2");
	ck_assert_str_eq(allotp_option_next(&command, &arguments, "top", &place), "3");
	ck_assert_ptr_null(allotp_option_next(&command, &arguments, "top", &place));
	place = 0;
	ck_assert_str_eq(allotp_option_next(&command, &arguments, "by", &place), "x");
	ck_assert_ptr_null(allotp_option_next(&command, &arguments, "by", &place));
	place = 0;
	ck_assert_ptr_null(allotp_option_next(&command, &arguments, "cumulative", &place));
	place = 0;
	ck_assert_ptr_null(allotp_option_next(&command, &arguments, "unheard-of", &place));
}
END_TEST

START_TEST(takes_odd_operands)
{
	ck_assert_int_eq(parse(&command, "-|--|--top"), 0);
	ck_assert_int_eq(arguments.operand_count, 2);
	ck_assert_str_eq(arguments.operands[0], "-");
	ck_assert_str_eq(arguments.operands[1], "--top");
}
END_TEST

START_TEST(leaves_a_programs_options_alone)
{
	ck_assert_int_eq(parse(&run, "-n3|prog|-n|--|--top=5"), 0);
	ck_assert_str_eq(allotp_option_value(&run, &arguments, "top"), "3");
	ck_assert_int_eq(arguments.operand_count, 4);
	ck_assert_str_eq(arguments.operands[0], "prog");
	ck_assert_str_eq(arguments.operands[1], "-n");
	ck_assert_str_eq(arguments.operands[2], "--");
	ck_assert_str_eq(arguments.operands[3], "--top=5");
	ck_assert_ptr_null(arguments.operands[4]);
	allotp_options_release(&arguments);
	ck_assert_int_eq(parse(&run, "-n|3|--|prog|-c"), 0);
	ck_assert_int_eq(arguments.operand_count, 2);
	ck_assert_str_eq(arguments.operands[0], "prog");
	ck_assert_str_eq(arguments.operands[1], "-c");
	ck_assert_ptr_null(arguments.operands[2]);
}
END_TEST

START_TEST(help_needs_no_operand)
{
	ck_assert_int_eq(parse(&command, "--help"), 0);
	ck_assert(help);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	assert_fails("--topp=3|a", "unknown option '--topp'; did you mean '--top'?");
	assert_fails("--cumluative|a", "unknown option '--cumluative'; did you mean '--cumulative'?");
	assert_fails("--unheard-of|a", "unknown option '--unheard-of'; see 'allot report --help'");
	assert_fails("-x|a", "unknown option '-x'; see 'allot report --help'");
	assert_fails("a|--top", "--top needs a value: --top N");
	assert_fails("a|-n", "--top needs a value: --top N");
	assert_fails("--quiet=1|a", "--quiet takes no value");
	assert_fails("-c", "missing operand; usage: allot report SNAP");
	assert_fails("a|b|c", "unexpected operand 'c'; usage: allot report SNAP");
}
END_TEST

static const struct {
	const char *line, *message;
	uint64_t value;
} numbers[] = {
	{ "a", NULL, 7 },
	{ "-n1|a", NULL, 1 },
	{ "-n1000|a", NULL, 1000 },
	{ "-n0|a", "--top: '0' is not a number from 1 to 1000", 7 },
	{ "-n1001|a", "--top: '1001' is not a number from 1 to 1000", 7 },
	{ "-nx|a", "--top: 'x' is not a number from 1 to 1000", 7 },
	{ "-n5x|a", "--top: '5x' is not a number from 1 to 1000", 7 },
	{ "--top=|a", "--top: '' is not a number from 1 to 1000", 7 },
	{ "--top=-1|a", "--top: '-1' is not a number from 1 to 1000", 7 },
	{ "--top=+1|a", "--top: '+1' is not a number from 1 to 1000", 7 },
	{ "--top= 1|a", "--top: ' 1' is not a number from 1 to 1000", 7 },
	{ "--top=18446744073709551617|a", "--top: '18446744073709551617' is not a number from 1 to 1000", 7 },
};

START_TEST(reads_numbers)
{
	uint64_t value = 7;

	ck_assert_int_eq(parse(&command, numbers[_i].line), 0);
	ck_assert_int_eq(allotp_option_number(&command, &arguments, "top", 1, 1000, &value, &error),
			 numbers[_i].message ? -EINVAL : 0);
	ck_assert_str_eq(error.text, numbers[_i].message ? numbers[_i].message : "");
	ck_assert_uint_eq(value, numbers[_i].value);
}
END_TEST

START_TEST(reads_choices)
{
	static const char *const measures[] = { "live", "peak" };
	int choice = 0;

	ck_assert_int_eq(parse(&command, "--by=peak|a"), 0);
	ck_assert_int_eq(allotp_option_choice(&command, &arguments, "by", measures, 2, &choice, &error), 0);
	ck_assert_int_eq(choice, 1);
	allotp_options_release(&arguments);
	ck_assert_int_eq(parse(&command, "--by=pea|a"), 0);
	ck_assert_int_eq(allotp_option_choice(&command, &arguments, "by", measures, 2, &choice, &error), -EINVAL);
	ck_assert_str_eq(error.text, "--by: 'pea' is none of live, peak");
	ck_assert_int_eq(choice, 1);
}
END_TEST

START_TEST(suggests_the_nearest)
{
	struct allot_suggestion suggestion = { 0 };

	allotp_suggest(&suggestion, "reprot", "run");
	allotp_suggest(&suggestion, "reprot", "report");
	allotp_suggest(&suggestion, "reprot", "leaks");
	ck_assert_str_eq(suggestion.best, "report");
	suggestion = (struct allot_suggestion){ 0 };
	allotp_suggest(&suggestion, "xy", "by");
	ck_assert_str_eq(suggestion.best, "by");
	suggestion = (struct allot_suggestion){ 0 };
	allotp_suggest(&suggestion, "ab", "by");
	allotp_suggest(&suggestion, "a-word-that-is-longer-than-all-that-is-known", "report");
	allotp_suggest(&suggestion, "", "by");
	ck_assert_ptr_null(suggestion.best);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, takes_all_spellings, 0, sizeof(spellings) / sizeof(spellings[0]));
	tcase_add_test(tcase, keeps_all_values);
	tcase_add_test(tcase, takes_odd_operands);
	tcase_add_test(tcase, leaves_a_programs_options_alone);
	tcase_add_test(tcase, help_needs_no_operand);
	tcase_add_test(tcase, says_what_is_wrong);
	tcase_add_loop_test(tcase, reads_numbers, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tcase, reads_choices);
	tcase_add_test(tcase, suggests_the_nearest);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
