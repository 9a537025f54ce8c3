/* SPDX-License-Identifier: MIT */
/* Small pieces of text output: names that may hold anything, counted nouns. */
#ifndef ALLOT_REPORT_PRINT_H
#define ALLOT_REPORT_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes text that came from a file, with '?' for control characters: it must not drive the terminal. */
void allotp_put(FILE *out, const char *text);

/*
 * Writes the name of a function in at most `limit` columns (0: any number), leaving out first what stands in
 * angle brackets, then its parameters, then its end.
 */
void allotp_put_function(FILE *out, const char *name, size_t limit);

/* Writes a field of CSV, quoted when it must be; nothing for NULL. */
void allotp_put_field(FILE *out, const char *text);

/* Writes text as code in a cell of a Markdown table: neither '|' nor '`' nor a line end may break it. */
void allotp_put_code(FILE *out, const char *text);

/*
 * Is it a function of the C++ library's own namespaces? Those are templates, mostly, on the way from the code
 * that a person wrote to its allocation.
 */
bool allotp_is_library_template(const char *name);

/* "1 block", "2 blocks": for a format of "%" PRIu64 " block%s" */
#define ALLOT_PLURAL(n) ((n) == 1 ? "" : "s")

#endif
