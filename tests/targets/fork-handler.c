/* SPDX-License-Identifier: MIT */
/*
 * A signal handler forks, in the middle of malloc and free too, and the children go on where they were interrupted: only
 * sound with an allocator that allows it (bump.c). `fork-handler COUNT [fork|_Fork|syscall]` prints how many
 * children came to a bad end.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"

static volatile sig_atomic_t forks, is_child, wanted;
static char how;

SITE void in_child_881(void)
{
	free(malloc(881));
}

SITE void in_loop_883(void)
{
	free(malloc(883));
}

static pid_t fork_somehow(void)
{
	switch (how) {
	case '_':
		return _Fork();
	case 's':
		return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	default:
		return fork();
	}
}

static void handle(int number)
{
	int saved = errno;

	(void)number;
	/* No more than wanted: a child made after the loop would go on as its parent does. */
	if (!is_child && forks < wanted && fork_somehow() == 0)
		is_child = 1;
	forks++;
	errno = saved;
}

int main(int argc, char **argv)
{
	int bad = 0, state;
	timer_t timer;
	pid_t pid;

	how = argc > 2 ? argv[2][0] : 'f';
	wanted = argc > 1 ? atoi(argv[1]) : 100;
	timer = interrupt_every(1000000, SIGPROF, handle);
	while (forks < wanted && !is_child)
		in_loop_883();
	if (is_child) {
		in_child_881();
		_exit(0);
	}
	interrupt_no_more(timer, SIGPROF);
	while ((pid = wait(&state)) > 0 || errno == EINTR)
		bad += pid > 0 && state != 0;
	printf("%d\n", bad);
	return 0;
}
