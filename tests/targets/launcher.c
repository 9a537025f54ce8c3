/* SPDX-License-Identifier: MIT */
/* A statically linked program, which cannot be traced, and starts the programs that are its arguments, all at once. */
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		pid_t pid = fork();

		REQUIRE(pid >= 0);
		if (!pid) {
			execl(argv[i], argv[i], (char *)NULL);
			_exit(99);
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
