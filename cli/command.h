/* SPDX-License-Identifier: MIT */
/* A subcommand is one const struct; main.c holds the table, parses the options and prints the help from it. */
#ifndef ALLOT_CLI_COMMAND_H
#define ALLOT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum { EXIT_OK = 0, EXIT_GATE = 1, EXIT_USAGE = 2, EXIT_INCOMPLETE = 3 };

/* One option of a command: `--name ARG`, `-s ARG`, or a flag when arg is NULL. */
struct allot_option {
	const char *name; /* without the dashes; NULL ends the table */
	char letter;      /* 0: no short form */
	const char *arg;  /* placeholder in the help, NULL: a flag */
	const char *help;
};

/* The options given, by index into the command's table, and the operands. */
struct allot_arguments {
	const char **values; /* values[i]: the last value given to options[i] ("" for a flag), or NULL */
	struct allot_given { /* all values in their order; an option may be given again and again */
		int option;
		const char *value;
	} * given;
	int given_count;
	char **operands; /* NULL after the last */
	int operand_count;
};

struct allot_command {
	const char *name;
	const char *operands; /* for the usage line: "SNAP", "OLD NEW", "-- PROG [ARG…]" */
	const char *summary;  /* one line, in the list of commands */
	const char *help;     /* further paragraphs, may be NULL */
	const struct allot_option *options;
	int min_operands, max_operands; /* max -1: any number */
	bool stop_at_operand;           /* options after the first operand belong to it (run) */
	/* Returns the exit status. On EXIT_USAGE and EXIT_INCOMPLETE main prints error->text, if any, as `allot NAME: text`. */
	int (*run)(const struct allot_arguments *arguments, struct allot_error *error);
};

extern const struct allot_command command_run, command_report, command_diff, command_leaks, command_snapshot,
	command_info, command_doctor, command_check, command_objects, command_cycles, command_symbolize;

#endif
