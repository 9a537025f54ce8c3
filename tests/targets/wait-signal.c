/* SPDX-License-Identifier: MIT */
/* Waits for a signal sent from outside, says "ready" before and its name after; SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "target.h"

SITE void *when_ready_4003(void)
{
	return malloc(4003);
}

SITE void *when_signaled_4007(void)
{
	return malloc(4007);
}

int main(void)
{
	sigset_t set;
	char line[32];
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	when_ready_4003();
	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	REQUIRE(sigwait(&set, &signal) == 0);
	when_signaled_4007();
	/* Without stdio, which would allocate. */
	snprintf(line, sizeof line, "SIG%s\n", sigabbrev_np(signal));
	REQUIRE(write(STDOUT_FILENO, line, strlen(line)) == (ssize_t)strlen(line));
	return 7;
}
