/* SPDX-License-Identifier: MIT */
/* UTF-8, as far as names need it: they are bytes from anywhere, and most often well-formed. */
#ifndef ALLOT_COMMON_UTF8_H
#define ALLOT_COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes of well-formed UTF-8 begin the text, as one character; 0: none do, or the text ends. */
size_t allotp_utf8_length(const char *text);

/*
 * The character that begins the text, and *next behind it. A byte that begins no well-formed character is one of its own,
 * above all others. Not to be called at the end.
 */
uint32_t allotp_utf8_next(const char *text, const char **next);

#endif
