/* SPDX-License-Identifier: MIT */
/* Where liballot.so is: beside the command in a build folder, or where it was installed to. */
#ifndef ALLOT_CLI_LIBRARY_H
#define ALLOT_CLI_LIBRARY_H

#include <stddef.h>

#include "common/error.h"

/* Fills in the absolute path. 0, or -ENOENT with the error. */
int allotp_library_find(char *path, size_t size, struct allot_error *error);

#endif
