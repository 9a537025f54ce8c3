/* SPDX-License-Identifier: MIT */
/* The programs that were executed and could not be traced, told at the end. */
#ifndef ALLOT_CLI_REFUSALS_H
#define ALLOT_CLI_REFUSALS_H

#include <stdio.h>

#include "read/reader.h"

struct allot_refusals {
	struct allot_refusal {
		char *text; /* path and reason */
		uint64_t count;
	} * list;
	size_t count;
	uint64_t others; /* not told one by one */
};

/* Adds what the store says. Once for each store, when its process has ended. */
void allotp_refusals_add(struct allot_refusals *refusals, const struct allot_reader *reader);

/* A line for each. */
void allotp_refusals_print(const struct allot_refusals *refusals, FILE *out);

void allotp_refusals_release(struct allot_refusals *refusals);

#endif
