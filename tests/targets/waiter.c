/* SPDX-License-Identifier: MIT */
/* `waiter FIFO`: allocates once, makes FIFO.ready, and ends when somebody has written to the FIFO. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target.h"

SITE void *before_1531(void)
{
	return malloc(1531);
}

int main(int argc, char **argv)
{
	char ready[4096], byte;
	int fd;

	REQUIRE(argc == 2 && strlen(argv[1]) < sizeof(ready) - 10);
	before_1531();
	strcpy(ready, argv[1]);
	strcat(ready, ".ready");
	REQUIRE(mkfifo(ready, 0600) == 0);
	fd = open(argv[1], O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, &byte, 1) == 1);
	return 0;
}
