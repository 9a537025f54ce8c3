/* SPDX-License-Identifier: MIT */
/* The nearest of the words that are known, for one that is not. */
#ifndef ALLOT_CLI_SUGGEST_H
#define ALLOT_CLI_SUGGEST_H

/* All zero to begin with; best is NULL as long as nothing is near enough. */
struct allot_suggestion {
	const char *best;
	unsigned distance;
};

/* Takes the candidate over if it is nearer to the given word than the best so far, and near enough to be meant. */
void allotp_suggest(struct allot_suggestion *suggestion, const char *given, const char *candidate);

#endif
