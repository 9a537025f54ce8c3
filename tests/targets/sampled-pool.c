/* SPDX-License-Identifier: MIT */
/* What a program tracks by itself is recorded whole, also while only some of malloc's blocks are: run with ALLOT_SAMPLE. */
#include "allot/trace.h"
#include "cases.h"
#include "target.h"

static char pool[1000];

static void tracked_blocks_are_not_sampled(void)
{
	int domain = allot_domain("sampled pool");
	size_t current = 1, peak = 1;

	CHECK_IS(allot_clear_traces(), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_IS(allot_track(domain, pool + i, 3), 0);
	CHECK_IS(allot_get_traced_memory(&current, &peak), 0);
	CHECK_IS(current, 3000);
	for (int i = 0; i < 1000; i++)
		CHECK_IS(allot_track(domain, pool + i, 5), 0);
	CHECK(allot_get_domain_traceback(domain, pool, NULL, 0) > 0);
	for (int i = 0; i < 1000; i += 2)
		CHECK_IS(allot_untrack(domain, pool + i), 0);
	CHECK_IS(allot_get_traced_memory(&current, &peak), 0);
	CHECK_IS(current, 2500);
	CHECK_IS(peak, 5000);
	CHECK_IS(allot_take_snapshot("sampled.store"), 0);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(tracked_blocks_are_not_sampled) };

	return cases_run(cases, 1);
}
