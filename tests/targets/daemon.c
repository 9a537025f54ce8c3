/* SPDX-License-Identifier: MIT */
/*
 * `daemon FIFO`: leaves a child behind that allocates nothing before the FIFO has a writer, and then once. The program itself
 * ends at once, with status 3.
 */
#include <fcntl.h>
#include <unistd.h>

#include "target.h"

SITE void *in_program_1487(void)
{
	return malloc(1487);
}

SITE void *in_daemon_1489(void)
{
	return malloc(1489);
}

int main(int argc, char **argv)
{
	char byte;
	pid_t pid;

	REQUIRE(argc == 2);
	in_program_1487();
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		int fd;

		REQUIRE(setsid() > 0);
		fd = open(argv[1], O_RDONLY);
		REQUIRE(fd >= 0 && read(fd, &byte, 1) == 1);
		in_daemon_1489();
		_exit(0);
	}
	return 3;
}
