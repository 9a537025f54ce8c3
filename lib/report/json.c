/* SPDX-License-Identifier: MIT */
/* JSON values of what a snapshot holds. */
#include "report/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

json_t *allotp_json_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *allotp_json_string(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *clean, *to;
	json_t *result;

	if (!text)
		return json_null();
	result = json_string(text);
	if (result)
		return result;
	clean = to = malloc(strlen(text) * 3 + 1);
	if (!clean)
		return NULL;
	for (const char *p = text; *p;) {
		size_t length = allotp_utf8_length(p);

		to = mempcpy(to, length ? p : replacement, length ? length : 3);
		p += length ? length : 1;
	}
	*to = '\0';
	result = json_string(clean);
	free(clean);
	return result;
}

int allotp_json_write(FILE *out, const json_t *value, size_t flags)
{
	if (!value)
		return -ENOMEM;
	return json_dumpf(value, out, JSON_COMPACT | flags) < 0 && !ferror(out) ? -ENOMEM : 0;
}
