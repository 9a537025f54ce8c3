/* SPDX-License-Identifier: MIT */
/*
 * A signal handler that leaves by siglongjmp, but only when it did not interrupt the allocator: the stack is another one at a
 * stroke. Runs until it has jumped often enough: `jump-out JUMPS`. Prints how many blocks were allocated below and above.
 */
#include <setjmp.h>

#include "interrupt.h"

static sigjmp_buf out;
static volatile sig_atomic_t may_jump;
static volatile long below, above, jumps;

SITE void below_827(int depth)
{
	void *block = malloc(827);

	below++;
	free(block);
	may_jump = 1;
	may_jump = 0;
	if (depth)
		below_827(depth - 1);
}

SITE void above_829(void)
{
	free(malloc(829));
	above++;
}

static void handle(int number)
{
	(void)number;
	if (may_jump) {
		may_jump = 0;
		jumps++;
		siglongjmp(out, 1);
	}
}

/* Time for the signal to come in code that may be left. */
SITE void idle(void)
{
	volatile int i;

	may_jump = 1;
	for (i = 0; i < 2000; i++)
		;
	may_jump = 0;
}

SITE void dive(int depth)
{
	below_827(depth % 7);
	if (depth)
		dive(depth - 1);
	else
		idle();
}

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 500;
	timer_t timer = interrupt_every(50000, SIGALRM, handle);

	while (jumps < wanted) {
		if (!sigsetjmp(out, 1))
			dive(20);
		above_829();
	}
	may_jump = 0;
	interrupt_no_more(timer, SIGALRM);
	printf("%ld %ld\n", below, above);
	return 0;
}
