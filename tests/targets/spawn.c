/* SPDX-License-Identifier: MIT */
/*
 * The ways to start another program: `spawn HOW PROGRAM [ARGUMENT…]` with HOW one of vfork, fork, spawn, system, exec, clear
 * (exec with an empty environment), fork-clear. Allocates before and, when it is still there, after; passes on the exit status.
 */
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

extern char **environ;

SITE void *before_9001(void)
{
	return malloc(9001);
}

SITE void *after_9007(void)
{
	return malloc(9007);
}

int main(int argc, char **argv)
{
	char *nothing[] = { NULL };
	const char *how = argc > 2 ? argv[1] : "";
	int state = 0;
	pid_t pid = -1;

	before_9001();
	if (!strcmp(how, "exec")) {
		execv(argv[2], argv + 2);
		REQUIRE(!"exec failed");
	} else if (!strcmp(how, "clear")) {
		execve(argv[2], argv + 2, nothing);
		REQUIRE(!"exec failed");
	} else if (!strcmp(how, "vfork")) {
		pid = vfork();
		if (pid == 0) {
			execv(argv[2], argv + 2);
			_exit(127);
		}
	} else if (!strcmp(how, "fork")) {
		pid = fork();
		if (pid == 0) {
			execv(argv[2], argv + 2);
			_exit(127);
		}
	} else if (!strcmp(how, "fork-clear")) {
		pid = fork();
		if (pid == 0) {
			execve(argv[2], argv + 2, nothing);
			_exit(127);
		}
	} else if (!strcmp(how, "spawn")) {
		REQUIRE(posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) == 0);
	} else if (!strcmp(how, "system")) {
		state = system(argv[2]);
	} else {
		REQUIRE(!"usage: spawn HOW PROGRAM");
	}
	if (strcmp(how, "system"))
		REQUIRE(pid > 0 && waitpid(pid, &state, 0) == pid);
	after_9007();
	REQUIRE(WIFEXITED(state));
	return WEXITSTATUS(state);
}
