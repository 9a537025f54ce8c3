/* SPDX-License-Identifier: MIT */
/* The patterns of LeakSanitizer's suppression files. */
#include "gate/pattern.h"

#include <stddef.h>
#include <string.h>

bool allotp_pattern_match(const char *pattern, const char *text)
{
	bool anchored = *pattern == '^';

	if (!text || !*text)
		return false;
	if (anchored)
		pattern++;
	for (;;) {
		size_t length = strcspn(pattern, "*$"), left = strlen(text);
		const char *found;

		if (pattern[length] == '$')
			return left >= length && (!anchored || left == length) &&
			       !memcmp(text + left - length, pattern, length);
		found = memmem(text, left, pattern, length);
		if (!found || (anchored && found != text))
			return false;
		if (!pattern[length])
			return true;
		text = found + length;
		pattern += length + 1;
		anchored = false;
	}
}
