/* SPDX-License-Identifier: MIT */
/* Handlers that run on the thread's own stack and on an alternate one, and allocate; raised from code that does not. */
#include <signal.h>
#include <string.h>

#include "target.h"

SITE void on_own_stack_839(void)
{
	free(malloc(839));
}

SITE void on_other_stack_853(void)
{
	free(malloc(853));
}

SITE void outside_857(void)
{
	free(malloc(857));
}

SITE void handle(int number)
{
	if (number == SIGUSR1)
		on_own_stack_839();
	else
		on_other_stack_853();
}

SITE void raise_both(int depth)
{
	if (depth) {
		raise_both(depth - 1);
	} else {
		raise(SIGUSR1);
		raise(SIGUSR2);
	}
	outside_857();
}

int main(void)
{
	static char memory[1 << 16];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
	struct sigaction action;
	int i;

	memset(&action, 0, sizeof action);
	action.sa_handler = handle;
	REQUIRE(sigaltstack(&stack, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	action.sa_flags = SA_ONSTACK;
	REQUIRE(sigaction(SIGUSR2, &action, NULL) == 0);
	for (i = 0; i < 100; i++)
		raise_both(i % 5);
	return 0;
}
