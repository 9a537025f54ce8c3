/* SPDX-License-Identifier: MIT */
/* What is known of the terminal. */
#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

unsigned allotp_terminal_width(int fd)
{
	struct winsize size;

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return 80;
	return size.ws_col;
}
