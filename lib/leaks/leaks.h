/* SPDX-License-Identifier: MIT */
/* What a look for leaks has found, told: what `allot leaks` prints, and `allot run --leaks` at the end. */
#ifndef ALLOT_LEAKS_LEAKS_H
#define ALLOT_LEAKS_LEAKS_H

#include <stdio.h>

#include <allot/snapshot.h>

#include "leaks/tally.h"

/* The name under which the suppressions stand that a program has itself. */
#define ALLOT_LEAKS_OWN "__lsan_default_suppressions"

/* Sets of classes: 1 << enum allot_leak_class. */
#define ALLOT_LEAK_BIT(leak_class) (1u << (leak_class))

struct allot_leaks_options {
	enum allot_group_by group_by; /* of the text; JSON has one group for each stack and class */
	enum allot_format format;     /* text or JSON */
	uint32_t top;                 /* how many groups; 0: as many as fit on a screen in text, all in JSON */
	unsigned classes;             /* that text shows groups of */
	bool fresh;                   /* only what no look before had found */
	struct allot_suppressions *suppressions; /* NULL: none but the program's own */
	unsigned width;                          /* of the terminal; 0: none */
};

/* Writes the cycles of lost blocks as a graph for graphviz. Returns 0 or -ENOMEM. */
int allotp_leaks_write_dot(FILE *out, const struct allot_view *view);

/*
 * Writes the report of a snapshot whose leaks were looked for (snapshot->leaks.looked). *counts gets what is left of each
 * class. Returns 0 or -ENOMEM; errors of the stream are its owner's.
 */
int allotp_leaks_write(FILE *out, const struct allot_view *view, const struct allot_leaks_options *options,
		       struct allot_count counts[ALLOT_LEAKS]);

/* "definite", "indirect", "possible", "reachable"; their keys and the words of options. */
const char *allotp_leak_class_name(enum allot_leak_class leak_class);

/* "definitely lost" and so on. */
const char *allotp_leak_class_words(enum allot_leak_class leak_class);

/* Reads names of classes with commas between. 0 and *classes, or -EINVAL. */
int allotp_leak_classes(const char *text, unsigned *classes);

/* Why there is no verdict, as a sentence without its end, for a snapshot whose look failed. */
void allotp_leaks_failure(const struct allot_snapshot *snapshot, char *buffer, size_t size);

#endif
