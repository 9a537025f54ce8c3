/* SPDX-License-Identifier: MIT */
/*
 * Suppressions: leaks that are known. LeakSanitizer's files are read as they are:
 *
 *     # a comment
 *     leak:PATTERN
 *
 * A stack is matched if the pattern (gate/pattern.h) matches the module's path, the function or the source file of any of
 * its frames; the function's name counts with its parameters and without (gate/fold.h). allot adds a chain of patterns, which must match frames in this order, innermost first, others may be
 * between; and after it what narrows the suppression down:
 *
 *     leak:^strdup$ < ^add_word$ < ^main$ count<=3 bytes<=4K until=2027-01-01 reason="ticket 17"
 *
 * A suppression with a limit holds for all that it matches, or, when that is more, for nothing. It holds on its last day.
 *
 * To use them: read the files, meet() each leaking stack (as an allot_tracer gives it), and when all have been met ask
 * hold() of what meet() said.
 */
#ifndef ALLOT_GATE_SUPPRESSION_H
#define ALLOT_GATE_SUPPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/trace.h"

struct allot_error;

struct allot_suppression {
	char *file; /* where it stands */
	uint32_t line;
	char *text;      /* the patterns as they are written */
	char **patterns; /* innermost first */
	uint32_t pattern_count;
	uint64_t most_blocks, most_bytes; /* UINT64_MAX: any number */
	uint32_t until;                   /* its last day (gate/date.h); 0: none */
	char *reason;                     /* NULL: none given */
	/* what it has met */
	uint64_t stacks;
	struct allot_count met;
};

struct allot_suppressions {
	struct allot_suppression *list; /* as they were read: the first that matches counts */
	uint32_t count, room;
	uint32_t today; /* the day that they are judged on (gate/date.h) */
};

enum allot_suppression_state {
	ALLOT_SUPPRESSION_HOLDS,
	ALLOT_SUPPRESSION_UNUSED,   /* has met nothing */
	ALLOT_SUPPRESSION_EXPIRED,  /* its last day is over: suppresses nothing */
	ALLOT_SUPPRESSION_EXCEEDED, /* has met more than its limits: suppresses nothing */
};

/* Appends a file's suppressions to the set, which begins as { .today = … }. 0 or a negative errno with the error. */
int allotp_suppressions_read(struct allot_suppressions *set, const char *path, struct allot_error *error);
/* The same from memory. -EINVAL: "name:line:column: what is wrong"; the set is as it was. */
int allotp_suppressions_parse(struct allot_suppressions *set, const char *name, const char *text, size_t size,
			      struct allot_error *error);
/* Forgets all but the first `count`. */
void allotp_suppressions_cut(struct allot_suppressions *set, uint32_t count);
void allotp_suppressions_release(struct allot_suppressions *set);

/* Does it match the stack, innermost frame first? */
bool allotp_suppression_match(const struct allot_suppression *suppression, const struct allot_trace *trace);

/*
 * Counts a stack and its leaked blocks for the first suppression that matches it and has not expired. Returns the number
 * of that one in the list plus 1, or 0. The expired ones that match count it, too.
 */
uint32_t allotp_suppressions_meet(struct allot_suppressions *set, const struct allot_trace *trace,
				  struct allot_count leaked);

/* What meet() would return, without counting. */
uint32_t allotp_suppressions_find(const struct allot_suppressions *set, const struct allot_trace *trace);

/* After the last meet(): is what it has said this number of suppressed? Never for 0. */
bool allotp_suppressions_hold(const struct allot_suppressions *set, uint32_t number);

enum allot_suppression_state allotp_suppression_state(const struct allot_suppressions *set,
						      const struct allot_suppression *suppression);

#endif
