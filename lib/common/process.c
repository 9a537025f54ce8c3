/* SPDX-License-Identifier: MIT */
/* What /proc says of a process. */
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/sys.h"

static const char *after_blanks(const char *text, int blanks)
{
	while (text && blanks--) {
		text = strchr(text, ' ');
		text += text != NULL;
	}
	return text;
}

/* "/proc/PID/stat" */
static void name(char *path, int pid)
{
	char digits[16];
	size_t i = sizeof(digits);

	digits[--i] = 0;
	do {
		digits[--i] = (char)('0' + pid % 10);
		pid /= 10;
	} while (pid);
	memcpy(path, "/proc/", 6);
	memcpy(path + 6, digits + i, sizeof(digits) - i);
	memcpy(path + 6 + sizeof(digits) - i - 1, "/stat", 6);
}

int allotp_process_look(int pid, struct allot_process *out)
{
	struct allot_process found = { 0 };
	char text[512];
	const char *field;
	long size;
	int fd;

	name(text, pid);
	fd = allotp_sys_openat(AT_FDCWD, text, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	size = allotp_sys_read(fd, text, sizeof(text) - 1);
	allotp_sys_close(fd);
	if (size < 0)
		return (int)size;
	text[size] = 0;
	/* The second field is the program's name, which may hold anything; the start is the 22nd. */
	field = strrchr(text, ')');
	if (!field || field[1] != ' ')
		return -EBADMSG;
	found.state = field[2];
	field = after_blanks(field, 20);
	if (!field)
		return -EBADMSG;
	while (*field >= '0' && *field <= '9')
		found.start = 10 * found.start + (uint64_t)(*field++ - '0');
	*out = found;
	return 0;
}
