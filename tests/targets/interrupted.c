/* SPDX-License-Identifier: MIT */
/*
 * A signal every few microseconds of processor time, in the middle of malloc and free too, with a handler that allocates and
 * frees: only sound with an allocator that allows it (bump.c). Runs until the handler was called often enough in the
 * middle, then prints what both sides did: `interrupted CALLS`.
 */
#include "interrupt.h"

static volatile sig_atomic_t inside;
static volatile long handled, handled_inside, looped;

SITE void in_handler_811(void)
{
	free(malloc(811));
}

SITE void in_loop_821(void)
{
	void *block;

	inside = 1;
	block = malloc(821);
	free(block);
	inside = 0;
}

SITE void realloc_in_loop_823(void)
{
	void *block;

	inside = 1;
	block = realloc(malloc(29), 823);
	free(block);
	inside = 0;
}

static void handle(int number)
{
	(void)number;
	in_handler_811();
	handled++;
	if (inside)
		handled_inside++;
}

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 1000;
	timer_t timer = interrupt_every(20000, SIGPROF, handle);

	while (handled_inside < wanted) {
		in_loop_821();
		realloc_in_loop_823();
		looped++;
	}
	interrupt_no_more(timer, SIGPROF);
	printf("%ld %ld\n", handled, looped);
	return 0;
}
