/* SPDX-License-Identifier: MIT */
/* A small text file as a whole. */
#ifndef ALLOT_GATE_FILE_H
#define ALLOT_GATE_FILE_H

#include <stddef.h>

struct allot_error;

/*
 * Reads the file (a pipe, too), malloc'ed, with a byte of 0 behind its end. Returns 0, *text and *size, or a negative errno
 * with "path: …" in the error; -EFBIG: more than any file that a person wrote.
 */
int allotp_file_read(const char *path, char **text, size_t *size, struct allot_error *error);

#endif
