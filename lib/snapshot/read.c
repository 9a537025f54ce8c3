/* SPDX-License-Identifier: MIT */
/* A snapshot file, or a pipe with one, to a snapshot in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "snapshot/container.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

struct contents {
	uint8_t *data;
	size_t size, capacity;
};

/* Reads until *wanted bytes are there or the end comes. Memory grows with what really arrives. */
static int read_until(int fd, struct contents *contents, size_t wanted)
{
	while (contents->size < wanted) {
		ssize_t got;

		if (contents->size == contents->capacity) {
			size_t capacity = contents->capacity ? contents->capacity * 2 : 64 << 10;
			uint8_t *data = realloc(contents->data, capacity);

			if (!data)
				return -ENOMEM;
			contents->data = data;
			contents->capacity = capacity;
		}
		got = read(fd, contents->data + contents->size, contents->capacity - contents->size);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		if (got > 0)
			contents->size += (size_t)got;
	}
	return 0;
}

/* Looks at the header first, so that a large file that is no snapshot is not read to its end. */
static int read_file(int fd, const char *path, struct contents *contents, struct allot_error *error)
{
	struct allot_container container;
	int result = read_until(fd, contents, ALLOT_CONTAINER_HEADER);

	if (result == 0) {
		result = allotp_container_open(contents->data, contents->size, path, &container, error);
		if (result < 0)
			return result;
		/* one byte more, to see what follows the end */
		result = read_until(fd, contents, ALLOT_CONTAINER_HEADER + container.frame_size + 1);
	}
	return result < 0 ? allotp_error(error, result, "%s: cannot read: %s", path, strerror(-result)) : 0;
}

int allotp_snapshot_parse(const void *data, size_t size, const char *name, struct allot_snapshot **out,
			  struct allot_error *error)
{
	uint8_t *payload;
	size_t payload_size;
	int result = allotp_container_unpack(data, size, name, &payload, &payload_size, error);

	if (result < 0)
		return result;
	result = allotp_snapshot_parse_payload(payload, payload_size, name, out, error);
	free(payload);
	return result;
}

int allotp_snapshot_read(const char *path, struct allot_snapshot **out, struct allot_error *error)
{
	struct contents contents = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result;

	if (fd < 0) {
		result = -errno;
		return allotp_error(error, result, "%s: cannot open: %s", path, strerror(-result));
	}
	result = read_file(fd, path, &contents, error);
	close(fd);
	if (result == 0)
		result = allotp_snapshot_parse(contents.data, contents.size, path, out, error);
	free(contents.data);
	return result;
}
