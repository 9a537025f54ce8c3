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
			"commas between; or if anything grows: growth"                                                 \
	}
/* A class that --error-on knows besides those of leaks. */
#define ALLOT_LEAK_GROWTH ALLOT_LEAK_BIT(ALLOT_LEAKS)

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
#define ALLOT_LEAKS_WHY                                                                                                \
	{                                                                                                              \
		"why", 0, "BLOCK",                                                                                     \
			"tell which pointers keep a block alive, from a root to it: one at an address (0x...), or those of "   \
			"a call site as the report has it (list.c:12, make_node)"                                              \
	}

struct allot_leak_options {
	struct allot_leaks_options report;
	struct allot_suppressions suppressions;
	unsigned error_on; /* ALLOT_LEAK_BIT of each class; ALLOT_LEAK_GROWTH */
	unsigned heuristics;
	const char *why;      /* --why; NULL: not asked for */
	uint64_t why_address; /* if that is an address, else 0 */
};

/* Reads those of the options above that the command has. 0 or a negative errno with the error. Release it either way. */
int allotp_leak_options(const struct allot_command *command, const struct allot_arguments *arguments,
			struct allot_leak_options *options, struct allot_error *error);
void allotp_leak_options_release(struct allot_leak_options *options);

/* EXIT_GATE if there is anything of the classes that --error-on names, else EXIT_OK. */
int allotp_leak_options_status(const struct allot_leak_options *options, const struct allot_count counts[ALLOT_LEAKS]);

/*
 * Answers --why, as a graph with `dot`; asked: as allotp_why_find has it. 0 or a negative errno with the error, -ENOENT: there is
 * no such block or call site.
 */
int allotp_leak_options_why(FILE *out, const struct allot_leak_options *options, const struct allot_view *view, bool asked, bool dot,
			    struct allot_error *error);

#endif
