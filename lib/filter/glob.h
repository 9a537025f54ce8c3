/* SPDX-License-Identifier: MIT */
/* Patterns of names, by the rules of Python's fnmatchcase. */
#ifndef ALLOT_FILTER_GLOB_H
#define ALLOT_FILTER_GLOB_H

#include <stdbool.h>

/*
 * Does the pattern match the whole text? `*` stands for any characters, `?` for one, `[abc-z]` for one of these, `[!abc]`
 * for one that is none of them; all of them cross '/' and match leading dots and line ends. Every other sign stands for
 * itself: also '\', '^', a '[' that is not closed, "[:alpha:]" inside brackets. Case matters. A character is one of
 * UTF-8, or a byte that is not.
 *
 * glibc's fnmatch(3) differs in the backslash, in `[^x]`, in classes and, by locale, in ranges. However many stars there
 * are, only the last one that was passed is tried again, so time does not grow faster than the lengths multiplied.
 */
bool allotp_glob_match(const char *pattern, const char *text);

#endif
