/* SPDX-License-Identifier: MIT */
/*
 * Stops tracing, says so and waits: for SIGUSR1, upon which it starts again, has a block and says so; for SIGTERM, upon which
 * it ends with status 7.
 */
#include <signal.h>
#include <stdio.h>

#include "allot/trace.h"
#include "cases.h"
#include "target.h"

SITE void *kept_4507(void)
{
	return malloc(4507);
}

SITE void *forgotten_4513(void)
{
	return malloc(4513);
}

int main(void)
{
	void *volatile block;
	sigset_t set;
	int signal;

	cases_print_without_memory();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	block = forgotten_4513();
	REQUIRE(block && !allot_stop());
	puts("stopped");
	while (!sigwait(&set, &signal) && signal == SIGUSR1) {
		REQUIRE(!allot_start(ALLOT_FULL_STACK));
		block = kept_4507();
		puts("started");
	}
	return 7;
}
