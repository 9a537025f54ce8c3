/* SPDX-License-Identifier: MIT */
/* The patterns of LeakSanitizer's suppression files. */
#ifndef ALLOT_GATE_PATTERN_H
#define ALLOT_GATE_PATTERN_H

#include <stdbool.h>

/*
 * Does the pattern match somewhere in the text? '*' stands for anything, '^' at the beginning for the text's beginning,
 * '$' for its end; what follows '$' does not count. No pattern matches an empty text, or NULL. As TemplateMatch of LLVM's
 * sanitizer_common, but for an end that stands in the text more than once: "oo$" matches "oo, too".
 */
bool allotp_pattern_match(const char *pattern, const char *text);

#endif
