/* SPDX-License-Identifier: MIT */
/* Opening what the user names, whatever kind of file it is. */
#include "open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/reader.h"

static bool is_store(const char *path)
{
	uint64_t magic = 0;
	struct stat status;
	bool found;
	int fd;

	/* What is read from a pipe is gone. */
	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	found = fd >= 0 && read(fd, &magic, sizeof(magic)) == sizeof(magic) && magic == ALLOT_STORE_MAGIC;
	if (fd >= 0)
		close(fd);
	return found;
}

/* A store that a program left behind, or is writing at this moment. */
static int freeze_store(const char *path, struct allot_snapshot **out, struct allot_error *error)
{
	struct allot_reader_end end = { .exit = ALLOT_EXIT_UNKNOWN };
	struct allot_reader reader;
	int result = allotp_reader_open_file(&reader, path, error);

	if (result)
		return result;
	end.over = reader.copy || !allotp_reader_is_running(&reader);
	result = allotp_reader_freeze(&reader, &end, path, out, error);
	allotp_reader_close(&reader);
	return result;
}

int allotp_snapshot_open(const char *path, struct allot_snapshot **out, struct allot_error *error)
{
	return is_store(path) ? freeze_store(path, out, error) : allotp_snapshot_read(path, out, error);
}
