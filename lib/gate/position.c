/* SPDX-License-Identifier: MIT */
/* Where a value stands in the text of a JSON document that jansson has read. */
#include "gate/position.h"

#include <jansson.h>
#include <string.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Behind the string that begins at p. */
static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Behind the value that begins at p, at most at the text's end. */
static const char *skip_value(const char *p)
{
	size_t depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		if (strchr("[{", *p) && *p)
			depth++;
		else if (strchr("]}", *p) && *p && depth)
			depth--;
		else if (!depth)
			return p + strcspn(p, ",]} \t\r\n");
		p += *p != 0;
	} while (*p && depth);
	return p;
}

/* Is the string that begins at p, escapes and all, the key? */
static bool is_key(const char *p, const char *key)
{
	json_t *string = json_loadb(p, (size_t)(skip_string(p) - p), JSON_DECODE_ANY, NULL);
	bool same = json_is_string(string) && !strcmp(json_string_value(string), key);

	json_decref(string);
	return same;
}

/* The value that one step leads to from the value at p, and its key (the value itself in arrays); NULL: nowhere. */
static const char *take_step(const char *p, const struct allot_json_step *step, const char **key)
{
	if (*p != (step->key ? '{' : '['))
		return NULL;
	p = skip_blanks(p + 1);
	for (size_t i = 0; *p && !strchr("]}", *p); i++) {
		*key = p;
		if (step->key) {
			p = skip_blanks(skip_string(p));
			p = skip_blanks(p + (*p == ':'));
		}
		if (step->key ? is_key(*key, step->key) : i == step->index)
			return p;
		p = skip_blanks(skip_value(p));
		p = skip_blanks(p + (*p == ','));
	}
	return NULL;
}

struct allot_position allotp_json_position(const char *text, const struct allot_json_step *steps, size_t count,
					   bool key)
{
	struct allot_position position = { 1, 1 };
	const char *at = skip_blanks(text), *name = at;

	for (size_t i = 0; i < count; i++) {
		const char *next_name, *next = take_step(at, &steps[i], &next_name);

		if (!next)
			break;
		at = next;
		name = next_name;
	}
	if (key)
		at = name;
	for (const char *p = text; p < at; p++) {
		position.column++;
		if (*p == '\n')
			position = (struct allot_position){ position.line + 1, 1 };
	}
	return position;
}
