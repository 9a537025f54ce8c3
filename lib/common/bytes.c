/* SPDX-License-Identifier: MIT */
/* Numbers of bytes as people write them. */
#include "common/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A million parts of the largest unit still fit into 64 bits. */
enum { FRACTION_DIGITS = 6 };

/* What a unit multiplies by; 0: no unit. */
static uint64_t unit_of(const char *text)
{
	static const char prefixes[] = "kmgt";
	const char *prefix = *text ? strchr(prefixes, tolower((unsigned char)*text)) : NULL;
	uint64_t unit = 1, base = 1024;

	if (!prefix)
		return !*text || !strcasecmp(text, "B") ? 1 : 0;
	text++;
	if (!strcasecmp(text, "B"))
		base = 1000;
	else if (*text && strcasecmp(text, "iB"))
		return 0;
	for (const char *p = prefixes; p <= prefix; p++)
		unit *= base;
	return unit;
}

int allotp_bytes_parse(const char *text, uint64_t *bytes)
{
	uint64_t whole, unit, parts = 0, scale = 1;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	if (*end == '.') {
		int digits = 0;

		for (end++; isdigit((unsigned char)*end) && digits < FRACTION_DIGITS; end++, digits++, scale *= 10)
			parts = parts * 10 + (uint64_t)(*end - '0');
		if (!digits)
			return -EINVAL;
	}
	while (*end == ' ')
		end++;
	unit = unit_of(end);
	if (!unit || __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, parts * unit / scale, &whole))
		return -EINVAL;
	*bytes = whole;
	return 0;
}
