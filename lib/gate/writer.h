/* SPDX-License-Identifier: MIT */
/* Writing a verdict; each format is one file. */
#ifndef ALLOT_GATE_WRITER_H
#define ALLOT_GATE_WRITER_H

#include <stdio.h>

#include "gate/detail.h"

enum allot_verdict_format {
	ALLOT_VERDICT_TEXT,
	ALLOT_VERDICT_GITHUB,
	ALLOT_VERDICT_GITLAB,
	ALLOT_VERDICT_JUNIT,
	ALLOT_VERDICT_SARIF,
	ALLOT_VERDICT_MARKDOWN,
	ALLOT_VERDICT_JSON,
	ALLOT_VERDICT_FORMATS,
};

/* "text", "github", … */
const char *allotp_verdict_format_name(enum allot_verdict_format format);

/*
 * Writes the verdict. Text, GitHub and Markdown stop after as many findings as the case says; the others have all. Returns 0
 * or -ENOMEM; errors of the stream are left for its owner to see (ferror).
 */
int allotp_verdict_write(FILE *out, struct allot_verdict *verdict, enum allot_verdict_format format);

/* What the formats share. */

/* "PASS", "OVER BUDGET", "INCOMPLETE" */
const char *allotp_verdict_word(const struct allot_verdict *verdict);
/* "PASS new.snap, baseline old.snap: 3 limits kept" */
void allotp_verdict_headline(FILE *out, const struct allot_verdict *verdict);
/* How many findings people are shown. */
uint32_t allotp_verdict_shown(const struct allot_verdict *verdict);

/* The formats; 0 or -ENOMEM. */
int allotp_verdict_write_text(FILE *out, struct allot_verdict *verdict);
int allotp_verdict_write_github(FILE *out, struct allot_verdict *verdict);
int allotp_verdict_write_gitlab(FILE *out, struct allot_verdict *verdict);
int allotp_verdict_write_junit(FILE *out, struct allot_verdict *verdict);
int allotp_verdict_write_sarif(FILE *out, struct allot_verdict *verdict);
int allotp_verdict_write_markdown(FILE *out, struct allot_verdict *verdict);
int allotp_verdict_write_json(FILE *out, struct allot_verdict *verdict);

#endif
