/* SPDX-License-Identifier: MIT */
/* Patterns of names, by the rules of Python's fnmatchcase. */
#include "filter/glob.h"

#include <stddef.h>
#include <string.h>

#include "common/utf8.h"

/* Where the set behind a '[' ends, at its ']'; NULL: it does not, so the '[' is itself. */
static const char *find_end_of_set(const char *set)
{
	if (*set == '!')
		set++;
	/* the first sign is in the set, even if it is ']' */
	return *set ? strchr(set + 1, ']') : NULL;
}

static bool is_in_set(const char *set, const char *end, uint32_t character)
{
	bool negated = *set == '!', found = false;

	if (negated)
		set++;
	while (set < end) {
		uint32_t first = allotp_utf8_next(set, &set), last = first;

		/* a '-' at the end is itself */
		if (*set == '-' && set + 1 < end)
			last = allotp_utf8_next(set + 1, &set);
		if (first <= character && character <= last)
			found = true;
	}
	return found != negated;
}

/* Does the pattern's first part, which is no '*', match this character? *rest is set to what follows the part. */
static bool matches_one(const char *pattern, uint32_t character, const char **rest)
{
	const char *end = *pattern == '[' ? find_end_of_set(pattern + 1) : NULL;

	if (end) {
		*rest = end + 1;
		return is_in_set(pattern + 1, end, character);
	}
	if (*pattern == '?') {
		*rest = pattern + 1;
		return true;
	}
	return allotp_utf8_next(pattern, rest) == character;
}

bool allotp_glob_match(const char *pattern, const char *text)
{
	/* Behind the last '*', and the first character that it may have to swallow, too. Earlier ones need no second try. */
	const char *retry = NULL, *swallowed = NULL;

	while (*text) {
		const char *next_text, *next_pattern;
		uint32_t character;

		if (*pattern == '*') {
			retry = ++pattern;
			swallowed = text;
			continue;
		}
		character = allotp_utf8_next(text, &next_text);
		if (*pattern && matches_one(pattern, character, &next_pattern)) {
			pattern = next_pattern;
			text = next_text;
		} else if (retry) {
			allotp_utf8_next(swallowed, &swallowed);
			pattern = retry;
			text = swallowed;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
