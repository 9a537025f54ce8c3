/* SPDX-License-Identifier: MIT */
/* longjmp out of many frames that allocated, then allocations from fewer frames, and from others of the same depth. */
#include <setjmp.h>

#include "target.h"

static jmp_buf out;
static void *blocks[16];

SITE void leap(void)
{
	longjmp(out, 1);
}

SITE void down_503(int depth)
{
	blocks[depth] = malloc(503);
	if (depth)
		down_503(depth - 1);
	else
		leap();
}

SITE void other_way_down_509(int depth)
{
	blocks[depth] = malloc(509);
	if (depth)
		other_way_down_509(depth - 1);
}

SITE void *after_521(void)
{
	return malloc(521);
}

static void release(int count)
{
	while (count--)
		free(blocks[count]);
}

int main(void)
{
	volatile int i;

	for (i = 0; i < 100; i++) {
		if (!setjmp(out))
			down_503(10);
		free(after_521());
		release(11);
		other_way_down_509(10);
		release(11);
	}
	after_521();
	return 0;
}
