/* SPDX-License-Identifier: MIT */
/* Two coroutines on stacks of their own that take turns with main, and allocate at every turn. */
#include <ucontext.h>

#include "target.h"

static ucontext_t main_context, contexts[2];
static char stacks[2][1 << 16];

SITE void in_first_859(void)
{
	free(malloc(859));
}

SITE void in_second_863(void)
{
	free(malloc(863));
}

SITE void in_main_877(void)
{
	free(malloc(877));
}

static void first(void)
{
	for (;;) {
		in_first_859();
		swapcontext(&contexts[0], &main_context);
	}
}

static void deeper_second(int depth)
{
	if (depth) {
		deeper_second(depth - 1);
		return;
	}
	in_second_863();
	swapcontext(&contexts[1], &main_context);
}

static void second(void)
{
	int i;

	for (i = 0;; i++)
		deeper_second(i % 9);
}

int main(void)
{
	void (*const run[2])(void) = { first, second };
	volatile int i, j;

	for (i = 0; i < 2; i++) {
		REQUIRE(getcontext(&contexts[i]) == 0);
		contexts[i].uc_stack.ss_sp = stacks[i];
		contexts[i].uc_stack.ss_size = sizeof stacks[i];
		makecontext(&contexts[i], run[i], 0);
	}
	for (i = 0; i < 100; i++) {
		for (j = 0; j < 2; j++)
			swapcontext(&main_context, &contexts[j]);
		in_main_877();
	}
	return 0;
}
