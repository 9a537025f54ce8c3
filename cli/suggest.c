/* SPDX-License-Identifier: MIT */
/* The nearest of the words that are known, for one that is not. */
#include "suggest.h"

#include <string.h>

enum { LONGEST = 32 }; /* no word that is known is longer */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Letters to add, take away, change or swap with their neighbour (optimal string alignment). */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > LONGEST || b_length > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b_length; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

void allotp_suggest(struct allot_suggestion *suggestion, const char *given, const char *candidate)
{
	unsigned far = distance(given, candidate);
	size_t length = strlen(candidate);

	if (far > (length < 6 ? 2 : length / 3) || far >= strlen(given))
		return;
	if (!suggestion->best || far < suggestion->distance)
		*suggestion = (struct allot_suggestion){ candidate, far };
}
