/* SPDX-License-Identifier: MIT */
/* A snapshot to a file, whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "snapshot/container.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

/* How many names to try when earlier ones were left behind by processes that died. */
#define TEMPORARY_NAMES 100

/* Writes all of it and closes, for a full disk may only show then. Closes fd in any case. */
static int write_and_close(int fd, const uint8_t *data, size_t size)
{
	int result = 0;

	while (size) {
		ssize_t written = write(fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			result = written < 0 ? -errno : -EIO;
			break;
		}
		data += written;
		size -= (size_t)written;
	}
	if (close(fd) < 0 && result == 0)
		result = -errno;
	return result;
}

/* Makes a new file next to path and returns its descriptor, with its name in temporary. */
static int open_temporary(const char *path, char temporary[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0;

	for (int i = 0; i < TEMPORARY_NAMES; i++) {
		int fd;

		/* a short name, which fits where the real one does */
		if (snprintf(temporary, PATH_MAX, "%.*s.allot-%ld-%d", folder, path, (long)getpid(), i) >= PATH_MAX)
			return -ENAMETOOLONG;
		fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int replace_file(const char *path, const uint8_t *data, size_t size)
{
	char temporary[PATH_MAX];
	int fd = open_temporary(path, temporary);
	int result;

	if (fd < 0)
		return fd;
	result = write_and_close(fd, data, size);
	if (result == 0 && rename(temporary, path) < 0)
		result = -errno;
	if (result < 0)
		unlink(temporary);
	return result;
}

/* A pipe or a device cannot be replaced by a file, it is written to as it is. */
static int write_special(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : write_and_close(fd, data, size);
}

static int write_file(const char *path, const uint8_t *data, size_t size)
{
	struct stat status;
	char *target;
	int result;

	if (stat(path, &status) < 0)
		return replace_file(path, data, size);
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return write_special(path, data, size);
	/* what a symbolic link points to is replaced, not the link */
	target = realpath(path, NULL);
	if (!target)
		return -errno;
	result = replace_file(target, data, size);
	free(target);
	return result;
}

int allotp_snapshot_write_payload(const void *payload, size_t size, const char *path, struct allot_error *error)
{
	uint8_t *file;
	size_t file_size;
	int result = allotp_container_pack(payload, size, path, &file, &file_size, error);

	if (result < 0)
		return result;
	result = write_file(path, file, file_size);
	free(file);
	return result < 0 ? allotp_error(error, result, "%s: cannot write: %s", path, strerror(-result)) : 0;
}

int allotp_snapshot_write(const struct allot_snapshot *snapshot, const char *path, struct allot_error *error)
{
	uint8_t *payload;
	size_t size;
	int result = allotp_snapshot_encode(snapshot, path, &payload, &size, error);

	if (result < 0)
		return result;
	result = allotp_snapshot_write_payload(payload, size, path, error);
	free(payload);
	return result;
}
