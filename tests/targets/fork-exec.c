/* SPDX-License-Identifier: MIT */
/* `fork-exec BYTES PROGRAM`: forks, allocates in the child, and lets it become the other program. Passes on its exit status. */
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

SITE void *before_exec(size_t size)
{
	return malloc(size);
}

int main(int argc, char **argv)
{
	int state = 0;
	pid_t pid;

	REQUIRE(argc == 3);
	pid = fork();
	if (pid == 0) {
		before_exec(strtoul(argv[1], NULL, 10));
		execv(argv[2], argv + 2);
		_exit(127);
	}
	REQUIRE(pid > 0 && waitpid(pid, &state, 0) == pid && WIFEXITED(state));
	return WEXITSTATUS(state);
}
