/* SPDX-License-Identifier: MIT */
/*
 * A signal handler forks, in the middle of malloc and free too, and the children go on where they were interrupted: only
 * sound with an allocator that allows it (bump.c). Prints how many children came to a bad end.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "target.h"

static volatile sig_atomic_t forks, is_child;

SITE void in_child_881(void)
{
	free(malloc(881));
}

SITE void in_loop_883(void)
{
	free(malloc(883));
}

static void handle(int number)
{
	int saved = errno;

	(void)number;
	if (!is_child && fork() == 0)
		is_child = 1;
	forks++;
	errno = saved;
}

int main(int argc, char **argv)
{
	struct itimerspec every = {{0, 1000000}, {0, 1000000}};
	struct sigaction action;
	struct sigevent event;
	int wanted = argc > 1 ? atoi(argv[1]) : 100, bad = 0, state;
	timer_t timer;
	pid_t pid;

	memset(&action, 0, sizeof action);
	action.sa_handler = handle;
	REQUIRE(sigaction(SIGPROF, &action, NULL) == 0);
	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGPROF;
	REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	REQUIRE(timer_settime(timer, 0, &every, NULL) == 0);
	while (forks < wanted && !is_child)
		in_loop_883();
	if (is_child) {
		in_child_881();
		_exit(0);
	}
	action.sa_handler = SIG_IGN;
	REQUIRE(sigaction(SIGPROF, &action, NULL) == 0);
	while ((pid = wait(&state)) > 0 || errno == EINTR)
		bad += pid > 0 && state != 0;
	printf("%d\n", bad);
	return 0;
}
