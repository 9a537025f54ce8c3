/* SPDX-License-Identifier: MIT */
/* A small text file as a whole. */
#include "gate/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

enum { MOST_BYTES = 16 << 20, FIRST_BYTES = 4096 };

static int read_stream(FILE *file, char **text, size_t *size)
{
	size_t room = FIRST_BYTES, used = 0, got;
	char *buffer = malloc(room + 1), *bigger;
	int rc = buffer ? 0 : -ENOMEM;

	while (rc == 0 && (got = fread(buffer + used, 1, room - used, file)) > 0) {
		used += got;
		if (used < room)
			continue;
		bigger = room < MOST_BYTES ? realloc(buffer, 2 * room + 1) : NULL;
		if (!bigger)
			rc = room < MOST_BYTES ? -ENOMEM : -EFBIG;
		else
			buffer = bigger;
		room *= 2;
	}
	if (rc == 0 && ferror(file))
		rc = errno ? -errno : -EIO;
	if (rc < 0) {
		free(buffer);
		return rc;
	}
	buffer[used] = '\0';
	*text = buffer;
	*size = used;
	return 0;
}

int allotp_file_read(const char *path, char **text, size_t *size, struct allot_error *error)
{
	FILE *file = fopen(path, "re");
	int rc;

	if (!file)
		return allotp_error(error, -errno, "%s: cannot open: %s", path, strerror(errno));
	errno = 0;
	rc = read_stream(file, text, size);
	fclose(file);
	return rc < 0 ? allotp_error(error, rc, "%s: cannot read: %s", path, strerror(-rc)) : 0;
}
