/* SPDX-License-Identifier: MIT */
/* Where a value stands in the text of a JSON document: jansson keeps it for syntax errors alone. */
#ifndef ALLOT_GATE_POSITION_H
#define ALLOT_GATE_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A step from a value into it. */
struct allot_json_step {
	const char *key; /* the member of an object; NULL: the element of an array */
	size_t index;
};

struct allot_position {
	uint32_t line, column; /* from 1; columns are bytes */
};

/*
 * The position of the value that the steps lead to, or of its key. The text ends with a byte of 0 and must be one that
 * jansson has read; where the steps lead nowhere, the position is that of the last value on the way.
 */
struct allot_position allotp_json_position(const char *text, const struct allot_json_step *steps, size_t count,
					   bool key);

#endif
