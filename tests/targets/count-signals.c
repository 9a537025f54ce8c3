/* SPDX-License-Identifier: MIT */
/* Says "ready", then a line for each SIGINT and SIGUSR1 that comes, and at SIGTERM how many of the former. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "target.h"

int main(void)
{
	sigset_t set;
	int signal, count = 0;
	char line[32];

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	free(malloc(1));
	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	do {
		REQUIRE(sigwait(&set, &signal) == 0);
		if (signal == SIGINT) {
			count++;
			REQUIRE(write(STDOUT_FILENO, "INT\n", 4) == 4);
		} else if (signal == SIGUSR1) {
			REQUIRE(write(STDOUT_FILENO, "USR1\n", 5) == 5);
		}
	} while (signal != SIGTERM);
	snprintf(line, sizeof(line), "TERM after %d\n", count);
	REQUIRE(write(STDOUT_FILENO, line, strlen(line)) == (ssize_t)strlen(line));
	return 0;
}
