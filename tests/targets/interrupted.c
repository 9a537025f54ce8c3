/* SPDX-License-Identifier: MIT */
/*
 * A signal every few microseconds of processor time, in the middle of malloc and free too, with a handler that allocates and
 * frees: only sound with an allocator that allows it (bump.c). Runs until the handler was called often enough in the
 * middle, then prints what both sides did: `interrupted CALLS`.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "target.h"

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
	struct sigaction action;
	struct itimerspec every = {{0, 20000}, {0, 20000}};
	struct sigevent event;
	timer_t timer;
	long wanted = argc > 1 ? atol(argv[1]) : 1000;

	memset(&action, 0, sizeof action);
	action.sa_handler = handle;
	REQUIRE(sigaction(SIGPROF, &action, NULL) == 0);
	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGPROF;
	REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	REQUIRE(timer_settime(timer, 0, &every, NULL) == 0);
	while (handled_inside < wanted) {
		in_loop_821();
		realloc_in_loop_823();
		looped++;
	}
	memset(&every, 0, sizeof every);
	REQUIRE(timer_settime(timer, 0, &every, NULL) == 0);
	action.sa_handler = SIG_IGN;
	REQUIRE(sigaction(SIGPROF, &action, NULL) == 0);
	printf("%ld %ld\n", handled, looped);
	return 0;
}
