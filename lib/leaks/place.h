/* SPDX-License-Identifier: MIT */
/* Where a block comes from, as one line has room for it, and what its fields are called. */
#ifndef ALLOT_LEAKS_PLACE_H
#define ALLOT_LEAKS_PLACE_H

#include <jansson.h>
#include <stdio.h>

#include "report/backtrace.h"

/* All return 0 or -ENOMEM, where nothing else is said. */

/* The frame that called the allocation function; NULL: the stack has none. */
int allotp_place_of(const struct allot_view *view, uint32_t stack, const struct allot_frame **frame,
		    const struct allot_symbol **symbol);

/* "make (list.c:12)" */
int allotp_place_write(FILE *out, const struct allot_view *view, uint32_t stack);
/* "xmalloc (memory.c:3) < make (list.c:12)": with its caller. */
int allotp_place_write_called(FILE *out, const struct allot_view *view, uint32_t stack);

/* Whether two stacks' blocks come from one place, whoever called it. 1, 0, or -ENOMEM. */
int allotp_place_same(const struct allot_view *view, uint32_t stack, uint32_t other);

/* Adds "function", "file", "line" to the object, those that are known. */
int allotp_place_json(const struct allot_view *view, uint32_t stack, json_t *object);

/*
 * Whether a stack is what a person means who has read a report: "list.c:12" with as much of the path as they like, "make",
 * "list::make" without parameters, or "prog+0x1139". Of the frame that called the allocation function, or of any with `deep`.
 * 1, 0, or -ENOMEM.
 */
int allotp_place_matches(const struct allot_view *view, uint32_t stack, const char *text, bool deep);

/* The field at an offset of a block; NULL: not known for certain. */
int allotp_place_field(const struct allot_view *view, uint32_t stack, uint64_t size, uint64_t offset,
		       const char **field, const char **type);

#endif
