/* SPDX-License-Identifier: MIT */
/* What `allot leaks` and `allot run --leaks` share: the options on leaks, and what their report comes to. */
#ifndef ALLOT_CLI_LEAK_OPTIONS_H
#define ALLOT_CLI_LEAK_OPTIONS_H

#include "command.h"
#include "leaks/leaks.h"

/* Rows for the tables of options. */
#define ALLOT_LEAKS_ERROR_ON                                                                                           \
	{                                                                                                              \
		"error-on", 'e', "CLASSES",                                                                            \
			"exit with status 1 if there are such leaks: definite, indirect, possible, reachable, with "   \
			"commas between"                                                                               \
	}
#define ALLOT_LEAKS_SHOW                                                                                               \
	{                                                                                                              \
		"show", 0, "CLASSES", "list the leaks of these classes (default: definite,possible)"                   \
	}
#define ALLOT_LEAKS_SUPPRESSIONS                                                                                       \
	{                                                                                                              \
		"suppressions", 0, "FILE",                                                                             \
			"leave out leaks that are known, from a file as LeakSanitizer has them; may be repeated"       \
	}
#define ALLOT_LEAKS_NEW                                                                                                \
	{                                                                                                              \
		"new", 0, NULL, "only what was not found yet when leaks were looked for before"                        \
	}
#define ALLOT_LEAKS_HEURISTICS                                                                                         \
	{                                                                                                              \
		"heuristics", 0, "LIST",                                                                               \
			"which pointers into the middle of blocks count as pointers to their start: stdstring, "       \
			"length64, newarray, multipleinheritance, with commas between, all or none (default: all)"     \
	}

struct allot_leak_options {
	struct allot_leaks_options report;
	struct allot_suppressions suppressions;
	unsigned error_on; /* ALLOT_LEAK_BIT of each class */
	unsigned heuristics;
};

/* Reads those of the options above that the command has. 0 or a negative errno with the error. Release it either way. */
int allotp_leak_options(const struct allot_command *command, const struct allot_arguments *arguments,
			struct allot_leak_options *options, struct allot_error *error);
void allotp_leak_options_release(struct allot_leak_options *options);

/* EXIT_GATE if there is anything of the classes that --error-on names, else EXIT_OK. */
int allotp_leak_options_status(const struct allot_leak_options *options, const struct allot_count counts[ALLOT_LEAKS]);

#endif
