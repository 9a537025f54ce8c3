/* SPDX-License-Identifier: MIT */
/* Tests lib/report/size.c: every expected text is what CPython's tracemalloc._format_size gives. */
#include "report/size.h"

#include "unit.h"

static const struct {
	double bytes;
	const char *plain, *change;
} cases[] = {
	{ 0, "0 B", "+0 B" },
	{ 1, "1 B", "+1 B" },
	{ 99, "99 B", "+99 B" },
	{ 10239, "10239 B", "+10239 B" },
	{ 10240, "10.0 KiB", "+10.0 KiB" },
	{ 11878, "11.6 KiB", "+11.6 KiB" },
	{ 102399, "100.0 KiB", "+100.0 KiB" },
	{ 102400, "100 KiB", "+100 KiB" },
	{ 10485759, "10240 KiB", "+10240 KiB" },
	{ 10485760, "10.0 MiB", "+10.0 MiB" },
	{ 0x1p40, "1024 GiB", "+1024 GiB" },
	{ 0x1p44, "16.0 TiB", "+16.0 TiB" },
	{ 0x1p60, "1048576 TiB", "+1048576 TiB" },
	{ -1, "-1 B", "-1 B" },
	{ -10240, "-10.0 KiB", "-10.0 KiB" },
	{ 66.5, "66 B", "+66 B" },
};

START_TEST(formats_as_tracemalloc)
{
	ck_assert_str_eq(allotp_size(cases[_i].bytes).text, cases[_i].plain);
	ck_assert_str_eq(allotp_size_change(cases[_i].bytes).text, cases[_i].change);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("size");
	TCase *tcase = tcase_create("size");

	tcase_add_loop_test(tcase, formats_as_tracemalloc, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
