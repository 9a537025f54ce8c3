/* SPDX-License-Identifier: MIT */
/* Reading a command's options by its table, and the values they were given. */
#ifndef ALLOT_CLI_OPTIONS_H
#define ALLOT_CLI_OPTIONS_H

#include <stdint.h>

#include "command.h"

/*
 * Reads the words after the command's name into *arguments: --name=V, --name V, -nV, -n V, flags, "--" before
 * operands that look like options. *help is set for --help or -h, and the rest is not looked at. The words are
 * reordered and stay the caller's; there must be a NULL after the last, as in argv, and so there is one after the
 * last operand. To be
 * freed by allotp_options_release.
 *
 * Returns 0, or a negative errno with the error filled in: an option that is not known (with the nearest one that
 * is), a value that is missing or not wanted, too few or too many operands.
 */
int allotp_options_parse(const struct allot_command *command, int count, char **words,
			 struct allot_arguments *arguments, bool *help, struct allot_error *error);

/* The value of the option of that name; NULL if it was not given, or the table does not have it. */
const char *allotp_option_value(const struct allot_command *command, const struct allot_arguments *arguments,
				const char *name);

/*
 * The values of an option that may be given again and again, one with each call: *place is 0 at first. NULL: no more.
 */
const char *allotp_option_next(const struct allot_command *command, const struct allot_arguments *arguments,
			       const char *name, int *place);

/* Frees what allotp_options_parse has made. */
void allotp_options_release(struct allot_arguments *arguments);

/*
 * Reads the option's value as a whole number from min to max. *value stays as it is if it was not given.
 * Returns 0 or -EINVAL: "--top: 'x' is not a number from 1 to 1000".
 */
int allotp_option_number(const struct allot_command *command, const struct allot_arguments *arguments, const char *name,
			 uint64_t min, uint64_t max, uint64_t *value, struct allot_error *error);

/*
 * Reads the option's value as a number of bytes from min to max: "4096", "512KiB", "512K", "1M", "2 GiB" by powers of
 * 1024, "500kB", "1MB" by powers of 1000. Otherwise as allotp_option_number.
 */
int allotp_option_size(const struct allot_command *command, const struct allot_arguments *arguments, const char *name,
		       uint64_t min, uint64_t max, uint64_t *value, struct allot_error *error);

/*
 * Reads the option's value as one of `count` words. *choice stays as it is if it was not given. Returns 0 or
 * -EINVAL: "--by: 'x' is none of live, peak, ever".
 */
int allotp_option_choice(const struct allot_command *command, const struct allot_arguments *arguments, const char *name,
			 const char *const *words, int count, int *choice, struct allot_error *error);

#endif
