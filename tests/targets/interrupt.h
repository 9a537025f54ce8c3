/* SPDX-License-Identifier: MIT */
/* Signals at short intervals, for the targets whose handlers come in the middle of something. */
#ifndef ALLOT_TESTS_INTERRUPT_H
#define ALLOT_TESTS_INTERRUPT_H

#include <signal.h>
#include <string.h>
#include <time.h>

#include "target.h"

/* Raises the signal every so many nanoseconds from now on, and has it handled. */
static inline timer_t interrupt_every(long ns, int number, void (*handler)(int))
{
	struct itimerspec every = { { 0, ns }, { 0, ns } };
	struct sigaction action;
	struct sigevent event;
	timer_t timer;

	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	REQUIRE(sigaction(number, &action, NULL) == 0);
	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = number;
	REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	REQUIRE(timer_settime(timer, 0, &every, NULL) == 0);
	return timer;
}

/* Stops it; what is under way already is ignored. */
static inline void interrupt_no_more(timer_t timer, int number)
{
	REQUIRE(timer_delete(timer) == 0);
	REQUIRE(signal(number, SIG_IGN) != SIG_ERR);
}

#endif
