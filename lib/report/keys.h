/* SPDX-License-Identifier: MIT */
/*
 * Keys: the identity of groups. A *label* is what a frame is called in a grouping ("src/main.c:42"); a *key* is a
 * label, and the key of its caller where groups are whole stacks. Equal text is the same number, so two
 * statistics made with the same keys can be compared number by number, though addresses differ from run
 * to run.
 */
#ifndef ALLOT_REPORT_KEYS_H
#define ALLOT_REPORT_KEYS_H

#include <stdint.h>

struct allot_label {
	char *text;    /* what is printed: "file:line", "function (file)", "module+0xoffset" … */
	char *file;    /* what labels are ordered by: this, */
	uint32_t line; /* then this, then the text */
};

struct allot_keys;

/* Returns 0 and *out, or -ENOMEM. */
int allotp_keys_new(struct allot_keys **out);
void allotp_keys_free(struct allot_keys *keys);

/* Each finds or adds; returns 0 and the number (never 0), or -ENOMEM. The strings are copied. */
int allotp_keys_label(struct allot_keys *keys, const char *file, uint32_t line, const char *text, uint32_t *label);
/* The key of a label whose caller has the key given; caller 0: the oldest frame, or not a stack at all. */
int allotp_keys_add(struct allot_keys *keys, uint32_t caller, uint32_t label, uint32_t *key);

/* How many keys there are, counting the number 0 that is none. */
uint32_t allotp_keys_count(const struct allot_keys *keys);
/* The newest label of a key. Lives as long as the keys; the pointer does until the next label is added. */
const struct allot_label *allotp_keys_newest(const struct allot_keys *keys, uint32_t key);
/* The key of the caller, 0: none. */
uint32_t allotp_keys_caller(const struct allot_keys *keys, uint32_t key);

/*
 * The order of CPython's Traceback: oldest frame first, each by the bytes of its file and then its line as a
 * number; a longer one is greater than its own beginning. <0, 0, >0 like strcmp.
 */
int allotp_keys_compare(const struct allot_keys *keys, uint32_t a, uint32_t b);

/* The whole key as one malloc'ed text: labels from the newest to the oldest with ';' between; NULL: no memory. */
char *allotp_keys_text(const struct allot_keys *keys, uint32_t key);

#endif
