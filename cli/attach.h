/* SPDX-License-Identifier: MIT */
/* Looking for leaks, and at objects, in a program that runs, from outside. */
#ifndef ALLOT_CLI_ATTACH_H
#define ALLOT_CLI_ATTACH_H

#include <stdbool.h>

#include "common/error.h"
#include "snapshot/snapshot.h"

/*
 * Stops the program, has it make a copy of itself, lets it go on, and waits until the copy has been looked through. Returns 0
 * and a snapshot with the verdict, or a negative errno with the error: -ESRCH, -EACCES, -ENODATA as allotp_reader_open_process
 * says; -EPERM: it may not be stopped. why: an address in a block of which the chain is wanted, or 0.
 */
int allotp_attach(int pid, unsigned heuristics, uint64_t why, struct allot_snapshot **out, struct allot_error *error);

/* The same, but that the copy tells the objects of liballot-object. -ENODATA also if the program does not use that. */
int allotp_attach_objects(int pid, struct allot_snapshot **out, struct allot_error *error);

/* Whether an operand that may be a file's name is the number of a process: it is one, and no file has it for a name. */
bool allotp_is_process(const char *text, int *pid);

#endif
