/* SPDX-License-Identifier: MIT */
/* What a user names, whatever kind of file it is, as a snapshot. */
#include "library/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/handle.h"
#include "library/json-read.h"
#include "read/reader.h"

enum kind { KIND_SNAPSHOT, KIND_STORE, KIND_JSON };

static enum kind kind_of(const char *data, size_t size)
{
	static const char blanks[] = " \t\r\n";
	uint64_t magic = 0;
	size_t start = 0;

	if (size >= sizeof(magic))
		memcpy(&magic, data, sizeof(magic));
	if (magic == ALLOT_STORE_MAGIC)
		return KIND_STORE;
	while (start < size && data[start] && strchr(blanks, data[start]))
		start++;
	return start < size && data[start] == '{' ? KIND_JSON : KIND_SNAPSHOT;
}

static enum kind kind_of_file(const char *path)
{
	char start[64];
	struct stat status;
	ssize_t size = 0;
	int fd;

	/* What is read from a pipe is gone. */
	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return KIND_SNAPSHOT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		size = read(fd, start, sizeof(start));
		close(fd);
	}
	return kind_of(start, size > 0 ? (size_t)size : 0);
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

int allotp_load(const char *path, struct allot_snapshot **out, struct allot_error *error)
{
	switch (kind_of_file(path)) {
	case KIND_STORE:
		return freeze_store(path, out, error);
	case KIND_JSON:
		return allotp_json_read_file(path, out, error);
	default:
		return allotp_snapshot_read(path, out, error);
	}
}

int allotp_load_memory(const void *data, size_t size, const char *name, struct allot_snapshot **out,
		       struct allot_error *error)
{
	switch (kind_of(data, size)) {
	case KIND_STORE:
		return allotp_reader_freeze_image(data, size, name, out, error);
	case KIND_JSON:
		return allotp_json_read_memory(data, size, name, out, error);
	default:
		return allotp_snapshot_parse(data, size, name, out, error);
	}
}

/* Makes a handle of what was loaded, unless that failed. */
static int wrap(int result, struct allot_snapshot *snapshot, const char *name, allot_snapshot_t **out,
		struct allot_error *error)
{
	if (result < 0)
		return result;
	result = allotp_handle_new(snapshot, out);
	if (result < 0) {
		allotp_snapshot_free(snapshot);
		allotp_error(error, result, "%s: out of memory", name);
	}
	return result;
}

int allot_snapshot_load(const char *path, allot_snapshot_t **out, struct allot_error *error)
{
	struct allot_snapshot *snapshot = NULL;
	int result = allotp_load(path, &snapshot, error);

	return wrap(result, snapshot, path, out, error);
}

int allot_snapshot_load_memory(const void *data, size_t size, const char *name, allot_snapshot_t **out,
			       struct allot_error *error)
{
	struct allot_snapshot *snapshot = NULL;
	int result = allotp_load_memory(data, size, name, &snapshot, error);

	return wrap(result, snapshot, name, out, error);
}
