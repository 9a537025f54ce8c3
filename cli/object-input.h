/* SPDX-License-Identifier: MIT */
/* What `allot objects` and `allot cycles` look at: a snapshot that has a table of objects, or a program that runs. */
#ifndef ALLOT_CLI_OBJECT_INPUT_H
#define ALLOT_CLI_OBJECT_INPUT_H

#include <allot/snapshot.h>

#include "command.h"
#include "progress.h"

/*
 * Opens an operand, which is a snapshot's path or a process. Returns EXIT_OK; EXIT_USAGE, also if the program does not use
 * liballot-object, or EXIT_INCOMPLETE, if it does but its objects are not known, with the error.
 */
int allotp_object_input(const char *operand, struct allot_progress_line *progress, allot_snapshot_t **out,
			struct allot_error *error);

#endif
