/* SPDX-License-Identifier: MIT */
/*
 * Allocates until its store is full and recording has ended, frees all of it, and begins anew: there is room again. Run with
 * a limit on file sizes, which makes the store small.
 */
#include "allot/trace.h"
#include "cases.h"
#include "target.h"

/* More blocks than there is room for in a store of 16 MiB. */
enum { BLOCKS = 1 << 21 };

static void *blocks[BLOCKS];

SITE void *small_24(void)
{
	return malloc(24);
}

static void beginning_anew_in_a_full_store(void)
{
	size_t current = 1, peak = 1;
	int count = 0;

	CHECK_IS(allot_is_tracing(), 1);
	while (count < BLOCKS && allot_is_tracing())
		blocks[count++] = small_24();
	CHECK(count < BLOCKS);
	CHECK_IS(allot_get_traced_memory(&current, &peak), ALLOT_NOT_TRACING);
	for (int i = 0; i < count; i++)
		free(blocks[i]);
	for (int round = 0; round < 3; round++) {
		CHECK_IS(allot_start(ALLOT_FULL_STACK), 0);
		for (int i = 0; i < 1000; i++)
			blocks[i] = small_24();
		CHECK_IS(allot_get_traced_memory(&current, &peak), 0);
		CHECK_IS(current, 24000);
		for (int i = 0; i < 1000; i++)
			free(blocks[i]);
		CHECK_IS(allot_get_traced_memory(&current, &peak), 0);
		CHECK_IS(current, 0);
		CHECK_IS(peak, 24000);
		CHECK_IS(allot_stop(), 0);
	}
}

int main(void)
{
	static const struct test_case cases[] = { CASE(beginning_anew_in_a_full_store) };

	return cases_run(cases, 1);
}
