/* SPDX-License-Identifier: MIT */
/* Where in the source a call site is, and a line that names it. */
#ifndef ALLOT_GATE_PLACE_H
#define ALLOT_GATE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "gate/trace.h"

/*
 * The frame of a stack that a person would go to: the innermost whose file is below the root (which ends with '/'), or else
 * the innermost outside of the C and C++ libraries that has a file, or else any that has one. NULL: none has.
 */
const struct allot_trace_frame *allotp_place_find(const struct allot_trace *trace, const char *root);

/*
 * A file's name without "x/.." and, if it is below the root, relative to it; malloc'ed. A relative name, as compilers write
 * it when they are told to, is below the root if the file is there. NULL: out of memory.
 */
char *allotp_place_file(const char *file, const char *root, bool *below);

/*
 * "add_word (src/words.c:16) < count_word < main": the innermost function, those up to the place, and two callers of that one
 * of their own; names fitted into `limit` columns each (0: any number). malloc'ed; NULL: out of memory.
 */
char *allotp_place_text(const struct allot_trace *trace, const char *root, unsigned limit);

#endif
