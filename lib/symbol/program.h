/* SPDX-License-Identifier: MIT */
/* Which file a command name means, and which one a script hands itself to. */
#ifndef ALLOT_SYMBOL_PROGRAM_H
#define ALLOT_SYMBOL_PROGRAM_H

#include <stddef.h>

/* Finds a program as execvp does. 0 and *path, malloc'ed, or a negative errno. */
int allotp_program_find(const char *name, char **path);

/* 0 if the file can be executed, or the negative errno that execve would give. */
int allotp_program_check(const char *path);

enum allot_program_kind {
	ALLOT_PROGRAM_ELF,
	ALLOT_PROGRAM_SCRIPT, /* begins with #! */
	ALLOT_PROGRAM_TEXT,   /* execvp hands it to /bin/sh */
	ALLOT_PROGRAM_OTHER,
};

struct allot_program {
	enum allot_program_kind kind;
	char interpreter[256]; /* of a script: the file behind #! */
	char argument[256];    /* of a script: the rest of that line, "" if none */
};

/* Reads the beginning of a file as execve and execvp do. 0 or a negative errno. */
int allotp_program_read(const char *path, struct allot_program *out);

/* The command that env(1) is told to run by the #! line of a script; "" if it cannot be told. */
void allotp_program_env_command(const struct allot_program *script, char *out, size_t size);

#endif
