/* SPDX-License-Identifier: MIT */
/* A finding in words, and where in the source it is: what all formats say. */
#ifndef ALLOT_GATE_DETAIL_H
#define ALLOT_GATE_DETAIL_H

#include "gate/verdict.h"

enum allot_kind {
	ALLOT_KIND_LIMIT,  /* a part of the program is over a limit */
	ALLOT_KIND_GROWTH, /* a call site has more than in the baseline */
	ALLOT_KIND_LEAK,   /* a call site leaks */
	ALLOT_KINDS,
};

struct allot_detail {
	enum allot_kind kind;
	char *message;     /* "live +12.0 KiB to 16.0 KiB, +3 to 4 blocks" */
	char *site;        /* gate/place.h's text; NULL: no call site is known */
	char *text;        /* message and site in one */
	char *file;        /* where to look, or NULL; */
	uint32_t line;     /* 0: not known */
	bool below;        /* the file is below the root, and relative to it */
	char *fingerprint; /* the same for the same finding in every run */
	struct allot_trace trace;
};

/* "limit", "growth", "leak" */
const char *allotp_kind_name(enum allot_kind kind);

/* names: how many columns a function's name may take in `site`; 0: any number. 0 or -ENOMEM; release it either way. */
int allotp_detail_init(struct allot_detail *detail, struct allot_verdict *verdict, const struct allot_finding *finding,
		       unsigned names);
void allotp_detail_release(struct allot_detail *detail);

/* "16.0 KiB in 4 blocks"; malloc'ed, NULL: out of memory. */
char *allotp_count_text(struct allot_count count);

/* "peak of region parse" */
char *allotp_check_text(const struct allot_check *check);

/* The stack of an entry as one line; malloc'ed, NULL: out of memory. */
char *allotp_entry_text(const struct allot_verdict *verdict, struct allot_ledger *ledger,
			const struct allot_entry *entry, unsigned names);

/* The changes that cancel out as group `number` (from 1): the one that is alone on its side, and one of the others. */
struct allot_move {
	const struct allot_change *from, *to;
	uint32_t others; /* besides these two */
	struct allot_count count;
};

struct allot_move allotp_verdict_move(const struct allot_verdict *verdict, uint32_t number);

/* How the stacks differ: "f is now g", "now by way of g", "no longer by way of f"; malloc'ed, NULL: out of memory. */
char *allotp_move_text(const struct allot_verdict *verdict, const struct allot_move *move);

#endif
