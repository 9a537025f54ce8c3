/* SPDX-License-Identifier: MIT */
/* Addresses as functions, files and lines, which another process looks up: `allot symbolize`, if the tracer came with it. */
#ifndef ALLOT_OBJECT_SYMBOLIZER_H
#define ALLOT_OBJECT_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * All zeroes at first; the process is started when it is first needed. It calls no malloc and no handler of the program's, so
 * it may be used by one that is about to abort.
 */
struct allotp_symbolizer {
	int socket;
	long process;
	bool failed; /* there is none, or it did not answer: it is not asked again */
	struct {
		const void *call;
		char text[240];
	} known[16]; /* short answers, by address */
};

/*
 * Where a call is, by its return address, as lines that each end in a newline, inlined calls first: "FUNCTION (FILE:LINE)", or what
 * is known of it: "FUNCTION (MODULE+0xOFFSET)", "MODULE+0xOFFSET", "0xADDRESS". Cut to fit, always ended; size is 256 at least.
 */
void allotp_symbolize(struct allotp_symbolizer *symbolizer, const void *address, char *text, size_t size);

/* The same of the innermost call alone, in two parts. */
struct allotp_call {
	char text[512];
	const char *function; /* NULL: not known */
	const char *place;
};
void allotp_symbolize_call(struct allotp_symbolizer *symbolizer, const void *address, struct allotp_call *call);

/* Lets the process go. */
void allotp_symbolizer_end(struct allotp_symbolizer *symbolizer);

#endif
