/* SPDX-License-Identifier: MIT */
/* Why a block is still there, or that nothing keeps it: the answers to `--why BLOCK`. */
#ifndef ALLOT_LEAKS_WHY_H
#define ALLOT_LEAKS_WHY_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"
#include "report/backtrace.h"

struct allot_answer {
	uint32_t stack;
	uint32_t leak_class;
	const struct allot_link *links; /* the snapshot's: the block first, the root last; NULL: nothing keeps it */
	uint32_t link_count;
	const struct allot_leaked *lost; /* the block that was asked for, if it is lost */
	struct allot_count count;        /* of all blocks of that stack and class */
	bool example;                    /* the chain is that of another block of this stack */
};

struct allot_why {
	const char *question;
	struct allot_answer *list; /* what is kept first, then most bytes first */
	uint32_t count;
};

/* Reads an address: "0x" and hexadecimal digits. False: the text is none, so it is a call site. */
bool allotp_why_address(const char *text, uint64_t *address);

/*
 * Finds the answers, at least one. The view's snapshot must outlive them, and the question. asked: the process was told which
 * address it is about when it was looked into. Returns 0, -ENOMEM, or -ENOENT with the error: there is no such block or call
 * site. Release it either way.
 */
int allotp_why_find(const struct allot_view *view, const char *question, bool asked, struct allot_why *why,
		    struct allot_error *error);
void allotp_why_release(struct allot_why *why);

/* Each returns 0 or -ENOMEM. top: how many answers are told; 0: a few. */
int allotp_why_write_text(FILE *out, const struct allot_view *view, const struct allot_why *why, uint32_t top);
int allotp_why_write_dot(FILE *out, const struct allot_view *view, const struct allot_why *why);
/* An object whose "why" is an array with an object for each answer. */
int allotp_why_write_json(FILE *out, const struct allot_view *view, const struct allot_why *why);

/* ---- between the files that write ---- */

/* A link, in words and by name. */
struct allot_link_text {
	char text[512];             /* of a root: "variable head of prog" */
	const char *symbol, *field; /* of a root that is a variable; NULL: not known */
	uint64_t offset;            /* in it */
	uint32_t module;            /* that it is in; 0: none */
};
int allotp_why_root(const struct allot_view *view, const struct allot_link *root, struct allot_link_text *text);

/* The name of the field of a block that has the pointer of a chain; NULL: not known. Of the last block, none has. */
int allotp_why_field(const struct allot_view *view, const struct allot_answer *answer, uint32_t link,
		     const char **field);

#endif
