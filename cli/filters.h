/* SPDX-License-Identifier: MIT */
/* The options that choose call sites: --filter, --domain, --region, --all-frames. */
#ifndef ALLOT_CLI_FILTERS_H
#define ALLOT_CLI_FILTERS_H

#include <allot/snapshot.h>

#include "command.h"

/* Rows for the tables of options. */
#define ALLOT_FILTERS_FILTER                                                                                           \
	{                                                                                                              \
		"filter", 'F', "FILTER",                                                                               \
			"keep (+) or drop (-) the call sites in FILE, FILE:LINE, FILE:FUNCTION or module=FILE, all "   \
			"of them patterns for the whole name: '+*/mylib/*', '-*:main'; may be repeated"                \
	}
#define ALLOT_FILTERS_DOMAIN                                                                                           \
	{                                                                                                              \
		"domain", 0, "DOMAIN",                                                                                 \
			"keep what was allocated in a domain, by its name or number: malloc, mmap, a program's own; "  \
			"may be repeated"                                                                              \
	}
#define ALLOT_FILTERS_REGION                                                                                           \
	{                                                                                                              \
		"region", 0, "REGION", "keep what was allocated in a region of the program; may be repeated"           \
	}
#define ALLOT_FILTERS_ALL_FRAMES                                                                                       \
	{                                                                                                              \
		"all-frames", 0, NULL, "let --filter look at every frame of a stack, not only at the most recent one"  \
	}

/* What the options say: sites must pass each of the three sets. */
struct allot_filter_options {
	struct allot_filter_set {
		struct allot_filter *filters;
		size_t count;
	} domains, regions, filters;
};

/*
 * Reads those of these options that the command has. Returns 0 or a negative errno with the error filled in. Release it
 * either way.
 */
int allotp_filter_options(const struct allot_command *command, const struct allot_arguments *arguments,
			  struct allot_filter_options *options, struct allot_error *error);
void allotp_filter_options_release(struct allot_filter_options *options);

/*
 * Puts what is left of *snapshot in its place; without filters *snapshot stays. Returns 0, or a negative errno with the
 * error filled in, when *snapshot is still there.
 */
int allotp_filter_options_apply(const struct allot_filter_options *options, allot_snapshot_t **snapshot,
				struct allot_error *error);

#endif
