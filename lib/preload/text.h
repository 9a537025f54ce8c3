/* SPDX-License-Identifier: MIT */
/* Text in a buffer of the caller's: what does not fit is cut off. It always ends. No stdio, which may allocate. */
#ifndef ALLOT_PRELOAD_TEXT_H
#define ALLOT_PRELOAD_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct allot_text {
	char *at, *end; /* end: the last byte, for the 0 */
};

/* size is at least 1. */
struct allot_text allotp_text_begin(char *buffer, size_t size);

void allotp_text_add(struct allot_text *text, const char *string);
void allotp_text_number(struct allot_text *text, uint64_t number);
void allotp_text_address(struct allot_text *text, uint64_t address); /* 0x1f */

/* "1 block", "2 blocks" */
void allotp_text_count(struct allot_text *text, uint64_t count, const char *what);

#endif
