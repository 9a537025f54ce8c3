/* SPDX-License-Identifier: MIT */
/* Help, made from the tables of the commands. */
#ifndef ALLOT_CLI_HELP_H
#define ALLOT_CLI_HELP_H

#include <stdio.h>

#include "command.h"

/* The list of commands (NULL ends it). */
void allotp_help_all(FILE *out, const struct allot_command *const *commands);
/* All that there is to say of one. */
void allotp_help_command(FILE *out, const struct allot_command *command);

#endif
