/* SPDX-License-Identifier: MIT */
/* A set of words that are counted. Their texts lie in an arena, which is freed as a whole. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

struct words;

/* NULL: no memory. */
struct words *words_new(void);
/* Counts a word. 0, or -1 if there is no memory for it. */
int words_add(struct words *words, const char *text, size_t length);
size_t words_count(const struct words *words, const char *text);
size_t words_distinct(const struct words *words);
void words_free(struct words *words);

#endif
