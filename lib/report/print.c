/* SPDX-License-Identifier: MIT */
/* Small pieces of text output: names that may hold anything, counted nouns. */
#include "report/print.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

void allotp_put(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++)
		putc(is_control((unsigned char)*p) ? '?' : *p, out);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Past "operator<<" and the like, whose signs are no brackets; NULL if no such name begins here. */
static const char *skip_operator(const char *start, const char *p)
{
	static const char word[] = "operator";

	if (strncmp(p, word, strlen(word)) || (p > start && is_word(p[-1])))
		return NULL;
	p += strlen(word);
	if (is_word(*p))
		return NULL;
	if (!strncmp(p, "()", 2))
		return p + 2;
	while (*p && strchr("<>=-!", *p))
		p++;
	return p;
}

/* A copy of a name with "..." for what stands between the outermost open and close; NULL: no memory. */
static char *elide(const char *name, char open, char close)
{
	static const char anonymous[] = "(anonymous namespace)";
	char *copy = malloc(strlen(name) * 3 + 1); /* "<>" to "<...>" at worst */
	char *to = copy;
	unsigned depth = 0;
	bool empty = true;

	if (!copy)
		return NULL;
	for (const char *p = name, *end; *p; p = end) {
		end = skip_operator(name, p);
		if (!end && !strncmp(p, anonymous, strlen(anonymous)))
			end = p + strlen(anonymous);
		if (!end) {
			end = p + 1;
			if (*p == close && depth && !--depth && !empty)
				to = stpcpy(to, "...");
		}
		if (!depth)
			to = mempcpy(to, p, (size_t)(end - p));
		else
			empty = false;
		if (*p == open && end == p + 1 && !depth++)
			empty = true;
	}
	*to = '\0';
	return copy;
}

void allotp_put_function(FILE *out, const char *name, size_t limit)
{
	char *shorter, *shortest;

	if (!limit || strlen(name) <= limit) {
		allotp_put(out, name);
		return;
	}
	shorter = elide(name, '<', '>');
	shortest = shorter && strlen(shorter) > limit ? elide(shorter, '(', ')') : NULL;
	if (shortest)
		name = shortest;
	else if (shorter)
		name = shorter;
	if (strlen(name) <= limit)
		allotp_put(out, name);
	else
		for (size_t i = 0; i < limit; i++)
			putc(i + 3 >= limit ? '.' : is_control((unsigned char)name[i]) ? '?' : name[i], out);
	free(shorter);
	free(shortest);
}

bool allotp_is_library_template(const char *name)
{
	static const char *const spaces[] = { "std::", "__gnu_cxx::" };
	char *brief = elide(name, '<', '>'), *own;
	bool is_library = false;

	if (!brief)
		return false;
	brief[strcspn(brief, "(")] = '\0';
	/* a template's name comes after its return type */
	own = strrchr(brief, ' ');
	own = own ? own + 1 : brief;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (!strncmp(own, spaces[i], strlen(spaces[i])))
			is_library = true;
	free(brief);
	return is_library;
}

void allotp_put_field(FILE *out, const char *text)
{
	if (!text)
		return;
	if (!strpbrk(text, "\",\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

void allotp_put_code(FILE *out, const char *text)
{
	fputs("<code>", out);
	for (; *text; text++) {
		if (strchr("|`<>&*_[]\\", *text))
			fprintf(out, "&#%d;", *text);
		else
			putc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
	fputs("</code>", out);
}
