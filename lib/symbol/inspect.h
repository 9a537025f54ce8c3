/* SPDX-License-Identifier: MIT */
/* What can be told of a program before it runs: whether it can be traced, and what will not be seen. */
#ifndef ALLOT_SYMBOL_INSPECT_H
#define ALLOT_SYMBOL_INSPECT_H

#include <stdbool.h>

#include "common/error.h"

enum allot_severity {
	ALLOT_FINE,
	ALLOT_NOTE,    /* good to know */
	ALLOT_WARNING, /* it can be traced, but something will be missing */
	ALLOT_PROBLEM, /* it cannot be traced */
};

struct allot_finding {
	enum allot_severity severity;
	const char *topic; /* one stable word: file, script, architecture, linking, … */
	char *text;        /* one line, without the program's name; "PROGRAM: text" reads well */
	char *advice;      /* what to do about it, or NULL */
};

enum { ALLOT_FINDINGS = 24 };

struct allot_inspection {
	char *program; /* the file that would be run */
	char *traced;  /* the file that would be traced: the program, or the interpreter of a script */
	struct allot_finding findings[ALLOT_FINDINGS];
	unsigned finding_count;
	bool passes_on; /* if it cannot be traced, what it starts can be */
};

/*
 * Finds a program as execvp does and looks at it without running it; asks no server. 0 and *out, to be released by
 * the caller, or a negative errno with the error filled in: -ENOENT if there is no such program. A program that cannot
 * be traced, or not even be executed, is no failure, but a finding.
 */
int allotp_inspect(const char *program, struct allot_inspection *out, struct allot_error *error);
void allotp_inspection_release(struct allot_inspection *inspection);

/* 0 if the program can be traced, else -ENOTSUP with the reason in the error, in one line. */
int allotp_inspection_verdict(const struct allot_inspection *inspection, struct allot_error *error);

#endif
