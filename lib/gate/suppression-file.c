/* SPDX-License-Identifier: MIT */
/* Reading suppression files: LeakSanitizer's lines, and what allot adds behind a pattern. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/error.h"
#include "gate/date.h"
#include "gate/file.h"
#include "gate/suppression.h"
#include "report/array.h"

static const char type[] = "leak:";
static const char separator[] = " < ";

/* The line that is being read. */
struct line {
	const char *name; /* of the file */
	uint32_t number;
	const char *start, *end; /* without the blanks at its end */
	struct allot_error *error;
};

static int fail(const struct line *line, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(const struct line *line, const char *at, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return allotp_error(line->error, -EINVAL, "%s:%" PRIu32 ":%zu: %s", line->name, line->number,
			    (size_t)(at - line->start) + 1, what);
}

static int no_memory(const struct line *line)
{
	return allotp_error(line->error, -ENOMEM, "%s: out of memory", line->name);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const struct line *line, const char *p)
{
	while (p < line->end && is_blank(*p))
		p++;
	return p;
}

/* What a suppression can be narrowed down by. */
struct attribute {
	const char *name, *operator;
	int (*read)(struct allot_suppression *suppression, char *value); /* takes the value over if it returns 0 */
	const char *wanted;
};

static int read_count(struct allot_suppression *suppression, char *value)
{
	char *end;

	errno = 0;
	if (!isdigit((unsigned char)*value))
		return -EINVAL;
	suppression->most_blocks = strtoull(value, &end, 10);
	if (*end || errno)
		return -EINVAL;
	free(value);
	return 0;
}

static int read_bytes(struct allot_suppression *suppression, char *value)
{
	if (allotp_bytes_parse(value, &suppression->most_bytes) < 0)
		return -EINVAL;
	free(value);
	return 0;
}

static int read_until(struct allot_suppression *suppression, char *value)
{
	if (allotp_date_parse(value, &suppression->until) < 0)
		return -EINVAL;
	free(value);
	return 0;
}

static int read_reason(struct allot_suppression *suppression, char *value)
{
	suppression->reason = value;
	return 0;
}

static const struct attribute attributes[] = {
	{ "count", "<=", read_count, "a number of blocks" },
	{ "bytes", "<=", read_bytes, "a size such as 4096 or 4K" },
	{ "until", "=", read_until, "a day such as 2027-01-31" },
	{ "reason", "=", read_reason, "a text" },
};

enum { ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };

static const char *skip_word(const struct line *line, const char *p)
{
	while (p < line->end && islower((unsigned char)*p))
		p++;
	return p;
}

/* The attribute with that name, or -1. */
static int find_attribute(const char *name, size_t length)
{
	for (int i = 0; i < ATTRIBUTES; i++)
		if (strlen(attributes[i].name) == length && !strncmp(attributes[i].name, name, length))
			return i;
	return -1;
}

/*
 * Does something that looks like an attribute begin here? So that a misspelt one is not taken for a part of the pattern,
 * where it would match nothing.
 */
static bool is_attribute(const struct line *line, const char *p)
{
	const char *end = skip_word(line, p);
	size_t left = (size_t)(line->end - end);

	if (end == p || ((size_t)(end - p) == strlen("operator") && !strncmp(p, "operator", strlen("operator"))))
		return false;
	return left && (*end == '=' || (left > 1 && !strncmp(end, "<=", 2)));
}

/* Where the attributes begin, and the line ends. */
static const char *find_attributes(const struct line *line, const char *p)
{
	for (; p < line->end; p++)
		if (is_blank(p[-1]) && is_attribute(line, p))
			return p;
	return line->end;
}

/* A copy of a value, which may be in quotes, and where it ends. */
static int read_value(const struct line *line, const char **p, char **value)
{
	const char *start = *p, *from = start;
	bool quoted = from < line->end && *from == '"';
	char *copy = malloc((size_t)(line->end - from) + 1), *to = copy;

	if (!copy)
		return no_memory(line);
	from += quoted;
	while (from < line->end && (quoted ? *from != '"' : !is_blank(*from))) {
		if (quoted && *from == '\\' && from + 1 < line->end)
			from++;
		*to++ = *from++;
	}
	*to = '\0';
	if (quoted && from == line->end) {
		free(copy);
		return fail(line, start, "the text in quotes has no end");
	}
	*p = from + quoted;
	*value = copy;
	return 0;
}

static int read_attribute(const struct line *line, const char **p, struct allot_suppression *suppression, bool *seen)
{
	const char *name = *p, *operator= skip_word(line, name), *at;
	int number = find_attribute(name, (size_t)(operator- name)), rc;
	const struct attribute *attribute = &attributes[number < 0 ? 0 : number];
	char *value = NULL;

	if (number < 0)
		return fail(line, name, "'%.*s' is none of count<=, bytes<=, until=, reason=", (int)(operator- name),
			    name);
	if (seen[number])
		return fail(line, name, "%s is given twice", attribute->name);
	if ((size_t)(line->end - operator) < strlen(attribute->operator) ||
	    strncmp(operator, attribute->operator, strlen(attribute->operator)))
		return fail(line, operator, "%s wants %s%s and %s", attribute->name, attribute->name,
			    attribute->operator, attribute->wanted);
	seen[number] = true;
	*p = at = operator+ strlen(attribute->operator);
	rc = read_value(line, p, &value);
	if (rc < 0)
		return rc;
	if (attribute->read(suppression, value) < 0) {
		rc = fail(line, at, "'%.64s' is not %s", value, attribute->wanted);
		free(value);
	}
	return rc;
}

static int read_attributes(const struct line *line, const char *p, struct allot_suppression *suppression)
{
	bool seen[ATTRIBUTES] = { false };
	int rc = 0;

	while (rc == 0 && (p = skip_blanks(line, p)) < line->end) {
		if (!is_blank(p[-1]))
			return fail(line, p, "a blank is missing here");
		rc = read_attribute(line, &p, suppression, seen);
	}
	return rc;
}

/* Splits the text of a suppression into its patterns. */
static int split(const struct line *line, struct allot_suppression *suppression)
{
	const char *rest = suppression->text;

	while (rest) {
		const char *next = strstr(rest, separator);
		size_t length = next ? (size_t)(next - rest) : strlen(rest);
		char *pattern = strndup(rest, length);
		char **bigger = reallocarray(suppression->patterns, suppression->pattern_count + 1, sizeof(*bigger));

		if (bigger)
			suppression->patterns = bigger;
		if (!pattern || !bigger) {
			free(pattern);
			return no_memory(line);
		}
		bigger[suppression->pattern_count++] = pattern;
		rest = next ? next + strlen(separator) : NULL;
	}
	return 0;
}

static int add_suppression(struct allot_suppressions *set, const struct line *line, const char *p)
{
	const char *behind = find_attributes(line, p), *end = behind;
	struct allot_suppression *suppression;

	if (allotp_array_reserve(&set->list, &set->room, set->count + 1, sizeof(*set->list)) < 0)
		return no_memory(line);
	while (end > p && is_blank(end[-1]))
		end--;
	suppression = &set->list[set->count++];
	*suppression = (struct allot_suppression){ .file = strdup(line->name),
						   .line = line->number,
						   .text = strndup(p, (size_t)(end - p)),
						   .most_blocks = UINT64_MAX,
						   .most_bytes = UINT64_MAX };
	if (!suppression->file || !suppression->text)
		return no_memory(line);
	if (split(line, suppression) < 0)
		return -ENOMEM;
	return read_attributes(line, behind, suppression);
}

static int read_line(struct allot_suppressions *set, const struct line *line)
{
	const char *p = skip_blanks(line, line->start), *nul = memchr(p, '\0', (size_t)(line->end - p));

	if (p == line->end || *p == '#')
		return 0;
	if (nul)
		return fail(line, nul, "a byte of value 0: this is no suppression file");
	if ((size_t)(line->end - p) < strlen(type) || strncmp(p, type, strlen(type)))
		return fail(line, p, "a suppression begins with '%s', a comment with '#'", type);
	return add_suppression(set, line, p + strlen(type));
}

int allotp_suppressions_parse(struct allot_suppressions *set, const char *name, const char *text, size_t size,
			      struct allot_error *error)
{
	struct line line = { .name = name, .error = error };
	uint32_t before = set->count;
	int rc = 0;

	for (const char *p = text, *next; p < text + size && rc == 0; p = next) {
		const char *end = memchr(p, '\n', (size_t)(text + size - p));

		next = end ? end + 1 : text + size;
		line.start = p;
		line.end = end ? end : next;
		line.number++;
		while (line.end > line.start && (is_blank(line.end[-1]) || line.end[-1] == '\r'))
			line.end--;
		rc = read_line(set, &line);
	}
	if (rc < 0)
		allotp_suppressions_cut(set, before);
	return rc;
}

int allotp_suppressions_read(struct allot_suppressions *set, const char *path, struct allot_error *error)
{
	size_t size;
	char *text;
	int rc = allotp_file_read(path, &text, &size, error);

	if (rc < 0)
		return rc;
	rc = allotp_suppressions_parse(set, path, text, size, error);
	free(text);
	return rc;
}
