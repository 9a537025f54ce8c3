/* SPDX-License-Identifier: MIT */
/* Tests lib/gate's budgets: their limits, and where damage is said to be. */
#include "gate/budget.h"

#include <allot/snapshot.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gate/position.h"
#include "unit.h"

static struct allot_budget read_text(const char *text)
{
	struct allot_error error = { "" };
	struct allot_budget budget;

	ck_assert_msg(allotp_budget_parse(&budget, "b.json", text, strlen(text), &error) == 0, "%s", error.text);
	return budget;
}

/* "live bytes 100, live blocks +5%+3 …" of a rule; text, line and all. */
static const char *limits_of(const struct allot_rule *rule)
{
	static char text[512];

	*text = '\0';
	for (uint32_t i = 0; i < rule->limit_count; i++) {
		const struct allot_limit *limit = &rule->limits[i];
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s %s ", i ? ", " : "",
			 allotp_quantity_name(limit->quantity), limit->blocks ? "blocks" : "bytes");
		used = strlen(text);
		if (limit->relative)
			snprintf(text + used, sizeof(text) - used, "%+g%%%+lld", limit->percent,
				 (long long)limit->most);
		else
			snprintf(text + used, sizeof(text) - used, "%lld", (long long)limit->most);
	}
	return text;
}

START_TEST(every_part)
{
	struct allot_budget budget = read_text(
		"{\n"
		"  \"$schema\": \"https://example.org/x\", \"version\": 1,\n"
		"  \"program\": { \"peak\": \"64 KiB\", \"live\": \"+5%\", \"leaks\": 0, \"count\": 100 },\n"
		"  \"domains\": { \"mmap\": { \"live\": 4096 } },\n"
		"  \"regions\": { \"parse\": { \"peak\": [\"+5% +1 KiB\", \"1 MiB\"] }, \"a/b\": {} },\n"
		"  \"modules\": { \"libfoo\": { \"ever\": { \"bytes\": \"1 MiB\", \"blocks\": \"110%\" } } },\n"
		"  \"sites\": [ { \"name\": \"the parser\", \"filters\": [\"+*/parse.c\", \"-*:main\"], \"all_frames\": true,\n"
		"               \"temporary\": \"12.5%\" },\n"
		"             { \"filters\": [\"*\"], \"count\": \"+10\" } ],\n"
		"  \"growth\": { \"live\": { \"bytes\": \"+5% +256 B\", \"blocks\": \"+0\" }, \"count\": \"+10%\" },\n"
		"  \"truncated\": \"2.5%\"\n"
		"}\n");
	const struct allot_rule *rule = budget.rules;

	ck_assert_str_eq(budget.file, "b.json");
	ck_assert_uint_eq(budget.count, 8);
	ck_assert(budget.truncated_percent == 2.5 && budget.truncated_given);
	ck_assert_uint_eq(budget.truncated_line, 11);
	ck_assert_int_eq(rule->scope, ALLOT_SCOPE_PROGRAM);
	ck_assert_str_eq(limits_of(rule), "peak bytes 65536, live bytes +5%+0, leaks blocks 0, count blocks 100");
	ck_assert_str_eq(rule->limits[0].text, "64 KiB");
	ck_assert_str_eq(rule->limits[2].text, "0");
	ck_assert_uint_eq(rule->limits[2].line, 3);
	rule++;
	ck_assert_int_eq(rule->scope, ALLOT_SCOPE_DOMAIN);
	ck_assert_str_eq(rule->name, "mmap");
	ck_assert_str_eq(limits_of(rule), "live bytes 4096");
	ck_assert_str_eq(rule->limits[0].text, "4096 B");
	rule++;
	ck_assert_int_eq(rule->scope, ALLOT_SCOPE_REGION);
	ck_assert_str_eq(rule->name, "parse");
	ck_assert_str_eq(limits_of(rule), "peak bytes +5%+1024, peak bytes 1048576");
	rule++;
	ck_assert_str_eq(rule->name, "a/b");
	ck_assert_uint_eq(rule->limit_count, 0);
	rule++;
	ck_assert_int_eq(rule->scope, ALLOT_SCOPE_MODULE);
	ck_assert_str_eq(limits_of(rule), "ever bytes 1048576, ever blocks +10%+0");
	rule++;
	ck_assert_int_eq(rule->scope, ALLOT_SCOPE_SITES);
	ck_assert_str_eq(rule->name, "the parser");
	ck_assert_uint_eq(rule->filter_count, 2);
	ck_assert(rule->filters[0].all_frames && rule->filters[1].all_frames && rule->filters[1].exclude);
	ck_assert_str_eq(limits_of(rule), "temporary bytes -87.5%+0");
	rule++;
	ck_assert_str_eq(rule->name, "");
	ck_assert(!rule->filters[0].all_frames);
	ck_assert_str_eq(limits_of(rule), "count blocks +0%+10");
	rule++;
	ck_assert_int_eq(rule->scope, ALLOT_SCOPE_GROWTH);
	ck_assert_str_eq(limits_of(rule), "live bytes +5%+256, live blocks +0%+0, count blocks +10%+0");
	ck_assert(allotp_budget_has(&budget, ALLOT_SCOPE_GROWTH));
	ck_assert(allotp_budget_limits(&budget, ALLOT_QUANTITY_LEAKS));
	allotp_budget_release(&budget);
}
END_TEST

START_TEST(an_empty_one)
{
	struct allot_budget budget = read_text("{}");

	ck_assert_uint_eq(budget.count, 0);
	ck_assert(budget.truncated_percent == 1 && !budget.truncated_given);
	ck_assert(!allotp_budget_has(&budget, ALLOT_SCOPE_GROWTH));
	ck_assert(!allotp_budget_limits(&budget, ALLOT_QUANTITY_LEAKS));
	allotp_budget_release(&budget);
}
END_TEST

static const struct {
	const char *text, *error;
} damaged[] = {
	{ "", "b.json:1:0: not JSON: '[' or '{' expected near end of file" },
	{ "{\n  \"program\": }\n", "b.json:2:14: not JSON: unexpected token near '}'" },
	{ "{\"program\": {\"live\": 1, \"live\": 2}}", "b.json:1:30: not JSON: duplicate object key near '\"live\"'" },
	{ "[]", "b.json:1:1: an array where an object is wanted" },
	{ "{\n  \"programs\": {}\n}", "b.json:2:3: unknown key 'programs'; a budget has version, program, domains, "
				      "regions, modules, sites, growth, truncated" },
	{ "{ \"program\": 3 }", "b.json:1:14: a number where an object is wanted" },
	{ "{ \"program\": { \"lives\": 3 } }",
	  "b.json:1:16: unknown key 'lives'; limits are on live, peak, ever, count, temporary, leaks" },
	{ "{ \"program\": { \"live\": -1 } }", "b.json:1:24: a limit below zero" },
	{ "{ \"program\": { \"live\": 1.5 } }",
	  "b.json:1:24: a fraction where a limit is wanted, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"program\": { \"live\": null } }",
	  "b.json:1:24: null where a limit is wanted, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"program\": {\n\t\"live\": \"64 Kb/s\" } }",
	  "b.json:2:10: '64 Kb/s' is no limit of bytes, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"program\": { \"live\": \"-5%\" } }",
	  "b.json:1:24: '-5%' is no limit of bytes, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"program\": { \"count\": \"64 KiB\" } }",
	  "b.json:1:25: '64 KiB' is no limit of blocks, such as 100 or \"+5%\"" },
	{ "{ \"program\": { \"count\": { \"blocks\": 1 } } }",
	  "b.json:1:25: an object where a limit is wanted, such as 100 or \"+5%\"" },
	{ "{ \"program\": { \"live\": { \"byte\": 1 } } }",
	  "b.json:1:26: unknown key 'byte'; a limit has bytes, blocks" },
	{ "{ \"program\": { \"live\": { \"bytes\": { \"bytes\": 1 } } } }",
	  "b.json:1:35: an object where a limit is wanted, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"program\": { \"live\": [1, [2]] } }",
	  "b.json:1:28: an array where a limit is wanted, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"program\": { \"live\": [1, \"x\"] } }",
	  "b.json:1:28: 'x' is no limit of bytes, such as 4096, \"64 KiB\" or \"+5%\"" },
	{ "{ \"modules\": [] }", "b.json:1:14: an array where an object is wanted" },
	{ "{ \"modules\": { \"a\": { \"x\": 1 } } }",
	  "b.json:1:23: unknown key 'x'; limits are on live, peak, ever, count, temporary, leaks" },
	{ "{ \"sites\": {} }", "b.json:1:12: an object where an array is wanted" },
	{ "{ \"sites\": [ { \"live\": 1 } ] }", "b.json:1:14: sites without filters" },
	{ "{ \"sites\": [ { \"filters\": [\"a\"] },\n { \"filters\": [7] } ] }",
	  "b.json:2:16: a number where a filter is wanted, such as \"+*/parse.c\"" },
	{ "{ \"sites\": [ { \"filter\": [\"a\"] } ] }",
	  "b.json:1:16: unknown key 'filter'; sites have name, filters, all_frames, live, peak, ever, count, temporary, "
	  "leaks" },
	{ "{ \"sites\": [ { \"name\": 1 } ] }", "b.json:1:24: a number where a name is wanted" },
	{ "{ \"sites\": [ { \"all_frames\": 1 } ] }", "b.json:1:30: a number where true or false is wanted" },
	{ "{ \"growth\": { \"live\": 0 } }",
	  "b.json:1:23: growth is relative to the baseline, such as \"+0\" or \"+5%\"" },
	{ "{ \"growth\": { \"live\": [\"+5%\", \"1 MiB\"] } }",
	  "b.json:1:31: growth is relative to the baseline, such as \"+5%\" or \"+5% +256 B\"" },
	{ "{ \"version\": 2 }", "b.json:1:14: this allot reads budgets of version 1" },
	{ "{ \"$schema\": 2 }", "b.json:1:14: a number where a name is wanted" },
	{ "{ \"truncated\": \"101%\" }",
	  "b.json:1:16: the part of the stacks that may end early, from \"0%\" to \"100%\", is wanted" },
	{ "{ \"truncated\": 5 }",
	  "b.json:1:16: the part of the stacks that may end early, from \"0%\" to \"100%\", is wanted" },
	{ "{ \"truncated\": \"+5%\" }",
	  "b.json:1:16: the part of the stacks that may end early, from \"0%\" to \"100%\", is wanted" },
};

START_TEST(damage_has_a_position)
{
	struct allot_budget budget = { .count = 77 };
	struct allot_error error = { "" };

	ck_assert_int_eq(allotp_budget_parse(&budget, "b.json", damaged[_i].text, strlen(damaged[_i].text), &error),
			 -EINVAL);
	ck_assert_str_eq(error.text, damaged[_i].error);
	ck_assert_uint_eq(budget.count, 77);
}
END_TEST

START_TEST(a_bad_filter)
{
	static const char text[] = "{ \"sites\": [ { \"filters\": [\"\"] } ] }";
	struct allot_error error = { "" };
	struct allot_budget budget;

	ck_assert_int_eq(allotp_budget_parse(&budget, "b.json", text, strlen(text), &error), -EINVAL);
	ck_assert_msg(!strncmp(error.text, "b.json:1:28: ", strlen("b.json:1:28: ")), "%s", error.text);
}
END_TEST

START_TEST(a_missing_file)
{
	struct allot_error error = { "" };
	struct allot_budget budget;

	ck_assert_int_eq(allotp_budget_read(&budget, "/nowhere/b.json", &error), -ENOENT);
	ck_assert_str_eq(error.text, "/nowhere/b.json: cannot open: No such file or directory");
}
END_TEST

START_TEST(positions)
{
	static const char text[] =
		"{ \"a\\u0062\" : [ {}, [\"]\", \"\\\"\"], -1.5e3, true ],\n  \"a\": {\"b\" : \"x\"} }";
	struct allot_json_step steps[] = { { "ab", 0 }, { NULL, 1 }, { NULL, 1 } };
	struct allot_json_step others[] = { { "a", 0 }, { "b", 0 }, { "c", 0 } };
	struct allot_position at;

	at = allotp_json_position(text, steps, 3, false);
	ck_assert_uint_eq(at.line * 100 + at.column, 127);
	at = allotp_json_position(text, steps, 1, true);
	ck_assert_uint_eq(at.line * 100 + at.column, 103);
	steps[1].index = 3;
	at = allotp_json_position(text, steps, 2, false);
	ck_assert_uint_eq(at.line * 100 + at.column, 142);
	steps[1].index = 4; /* there is none */
	at = allotp_json_position(text, steps, 2, false);
	ck_assert_uint_eq(at.line * 100 + at.column, 115);
	at = allotp_json_position(text, others, 2, true);
	ck_assert_uint_eq(at.line * 100 + at.column, 209);
	at = allotp_json_position(text, others, 3, false);
	ck_assert_uint_eq(at.line * 100 + at.column, 215);
	at = allotp_json_position("", others, 3, false);
	ck_assert_uint_eq(at.line * 100 + at.column, 101);
}
END_TEST

static const struct {
	const char *text;
	uint64_t before, allowed;
	bool blocks;
} limits[] = {
	{ "64 KiB", 1, 65536, false },
	{ "+5%", 1000, 1050, false },
	{ "+5%", 19, 19, false }, /* whole bytes */
	{ "+5%", 0, 0, false },
	{ "+5% +256 B", 1000, 1306, false },
	{ "+256B+5%", 1000, 1306, false },
	{ "+1.5 KiB", 1000, 2536, false },
	{ "105%", 1000, 1050, false },
	{ "50%", 1000, 500, false },
	{ "100%", 1000, 1000, false },
	{ "+0.5%", 1000, 1005, false },
	{ "+3", 7, 10, true },
	{ "+50% +1", 7, 11, true },
	{ "12", 7, 12, true },
	{ "+0", UINT64_MAX - 1, UINT64_MAX - 1, true },
	{ "+5", UINT64_MAX - 1, UINT64_MAX, true },
	{ "+100%", UINT64_MAX / 2 + 2, UINT64_MAX, false },
};

START_TEST(what_limits_allow)
{
	struct allot_limit limit = { .blocks = limits[_i].blocks };
	struct allot_count before = { limits[_i].blocks ? 0 : limits[_i].before,
				      limits[_i].blocks ? limits[_i].before : 0 };

	ck_assert_int_eq(allotp_limit_parse(&limit, limits[_i].text), 0);
	ck_assert_uint_eq(allotp_limit_allowed(&limit, before), limits[_i].allowed);
}
END_TEST

static const char *const no_limits[] = {
	"",        "+",
	"%",       "+%",
	"5", /* blocks below */
	"+5% +6%", "+1 KiB +2 KiB",
	"+5%5",    "-5%",
	"5%+",     "x%",
	"+5.%",    "+.5%",
	"1e3%",    "+5%%",
	"5 % +",   "+-5%",
};

START_TEST(no_limit)
{
	struct allot_limit limit = { .most = 77 };

	if (_i == 4) {
		limit.blocks = true;
		ck_assert_int_eq(allotp_limit_parse(&limit, "5 KiB"), -EINVAL);
	} else {
		ck_assert_int_eq(allotp_limit_parse(&limit, no_limits[_i]), -EINVAL);
	}
	ck_assert_uint_eq(limit.most, 77);
}
END_TEST

START_TEST(estimates_may_be_three_errors_too_high)
{
	struct allot_limit limit = { .most = 1000 };
	struct allot_variance exact = { 0 }, estimate = { .bytes = 100 * 100 };
	struct allot_count none = { 0 };

	ck_assert(allotp_limit_holds(&limit, (struct allot_count){ 1000, 1 }, none, exact));
	ck_assert(!allotp_limit_holds(&limit, (struct allot_count){ 1001, 1 }, none, exact));
	ck_assert(allotp_limit_holds(&limit, (struct allot_count){ 1300, 1 }, none, estimate));
	ck_assert(!allotp_limit_holds(&limit, (struct allot_count){ 1301, 1 }, none, estimate));
	limit.blocks = true;
	ck_assert(!allotp_limit_holds(&limit, (struct allot_count){ 1, 1001 }, none, estimate));
}
END_TEST

#define LOOP(test, array) tcase_add_loop_test(tcase, test, 0, sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("budget");
	TCase *tcase = tcase_create("budget");

	tcase_add_test(tcase, every_part);
	tcase_add_test(tcase, an_empty_one);
	LOOP(damage_has_a_position, damaged);
	tcase_add_test(tcase, a_bad_filter);
	tcase_add_test(tcase, a_missing_file);
	tcase_add_test(tcase, positions);
	LOOP(what_limits_allow, limits);
	LOOP(no_limit, no_limits);
	tcase_add_test(tcase, estimates_may_be_three_errors_too_high);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
