/* SPDX-License-Identifier: MIT */
/* Where liballot.so is. */
#include "library.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool try(char *path, size_t size, const char *directory, const char *below)
{
	return (size_t)snprintf(path, size, "%s%s/liballot.so", directory, below) < size && !access(path, R_OK);
}

int allotp_library_find(char *path, size_t size, struct allot_error *error)
{
	char own[4096];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[length > 0 ? length : 0] = 0;
	if (strrchr(own, '/'))
		*strrchr(own, '/') = 0;
	/* What lies beside the command belongs to it, wherever both were moved to. */
	if (try(path, size, own, "/.libs") || try(path, size, own, "/../lib") || try(path, size, ALLOT_LIBDIR, ""))
		return 0;
	return allotp_error(error, -ENOENT, "liballot.so is neither in %s/.libs nor in %s; is allot installed?", own,
			    ALLOT_LIBDIR);
}
