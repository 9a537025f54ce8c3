/* SPDX-License-Identifier: MIT */
/* allot leaks --growth: which call sites hold more and more, of kept snapshots. */
#ifndef ALLOT_CLI_GROWTH_H
#define ALLOT_CLI_GROWTH_H

#include "command.h"

#define ALLOT_GROWTH_OPTION                                                                                             \
	{                                                                                                               \
		"growth", 0, NULL,                                                                                      \
			"tell what grows instead, steadily and by how much: over the history in one snapshot, or over " \
			"three snapshots or more, in order of time"                                                     \
	}

/* The whole command, of a command that has the options of `allot leaks`. Returns the exit status, with the error. */
int allotp_growth(const struct allot_command *command, const struct allot_arguments *arguments,
		  struct allot_error *error);

#endif
