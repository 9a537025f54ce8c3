/* SPDX-License-Identifier: MIT */
/* A look at a program that is about to be executed: whether this library can be loaded into it. */
#ifndef ALLOT_PRELOAD_PROGRAM_H
#define ALLOT_PRELOAD_PROGRAM_H

#include <stdbool.h>

enum allot_admission {
	ALLOT_ADMITTED,  /* it can, as far as can be told */
	ALLOT_IGNORED,   /* it will not be; no harm in trying, and what the program starts may be traced even so */
	ALLOT_FORBIDDEN, /* the program would not start with it, or not run as it should */
};

/*
 * Looks at the program that exec of that path, relative to the directory, would run; for a script, at its interpreter. An
 * empty path is the file that `directory` is a descriptor of. search: a name without a slash is looked up in PATH. If it is
 * not admitted, the store gets a note of it. Async-signal-safe, as little stack as may be, errno kept.
 */
enum allot_admission allotp_program_look(int directory, const char *path, bool search);

#endif
