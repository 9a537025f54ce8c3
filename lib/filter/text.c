/* SPDX-License-Identifier: MIT */
/* Filters as the command line has them, both ways. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "filter/filter.h"

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* Behind "name=", or NULL. */
static char *value_of(char *text, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(text, name, length) && text[length] == '=' ? text + length + 1 : NULL;
}

/* FILE[:LINE|:FUNCTION] */
static int parse_place(struct allot_filter *filter, char *text)
{
	char *colon = strchr(text, ':');

	filter->file = text;
	if (!colon)
		return 0;
	*colon++ = '\0';
	if (is_number(colon)) {
		unsigned long long line = strtoull(colon, NULL, 10);

		if (line > UINT32_MAX)
			return -EINVAL;
		filter->line = (uint32_t)line;
		filter->match_line = true;
	} else {
		filter->function = colon;
	}
	/* an empty pattern matches nothing that has a name; ":f" must mean f in any file */
	if (!*text)
		filter->file = NULL;
	return *colon ? 0 : -EINVAL;
}

static int parse_condition(struct allot_filter *filter, char *text)
{
	const struct {
		const char *name;
		const char **pattern;
	} conditions[] = {
		{ "file", &filter->file },     { "function", &filter->function }, { "module", &filter->module },
		{ "domain", &filter->domain }, { "region", &filter->region },
	};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const char *value = value_of(text, conditions[i].name);

		if (!value)
			continue;
		*conditions[i].pattern = value;
		return *value ? 0 : -EINVAL;
	}
	return *text ? parse_place(filter, text) : -EINVAL;
}

int allot_filter_parse(const char *text, struct allot_filter *out, struct allot_error *error)
{
	struct allot_filter filter = { .exclude = *text == '-' };
	char *copy = strdup(*text == '+' || *text == '-' ? text + 1 : text);
	int rc;

	if (!copy)
		return allotp_error(error, -ENOMEM, "out of memory");
	filter.memory = copy;
	rc = parse_condition(&filter, copy);
	if (rc < 0) {
		free(copy);
		return allotp_error(error, rc,
				    "'%.128s' is no filter: +FILE or -FILE, FILE:LINE, FILE:FUNCTION, module=FILE, "
				    "domain=NAME, region=NAME",
				    text);
	}
	*out = filter;
	return 0;
}

void allot_filter_release(struct allot_filter *filter)
{
	free(filter->memory);
	*filter = (struct allot_filter){ 0 };
}

/* Writes " name=value" if there is a value; without the blank at the start of the text. */
static void put_condition(FILE *out, const char *name, const char *value)
{
	if (value)
		fprintf(out, "%s%s=%s", ftell(out) > 1 ? " " : "", name, value);
}

char *allotp_filter_text(const struct allot_filter *filter)
{
	bool plain = filter->file && !strchr(filter->file, ':');
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	putc(filter->exclude ? '-' : '+', out);
	if (plain)
		fputs(filter->file, out);
	else
		put_condition(out, "file", filter->file);
	if (filter->match_line)
		fprintf(out, ":%" PRIu32, filter->line);
	if (plain && filter->function && !filter->match_line && !is_number(filter->function))
		fprintf(out, ":%s", filter->function);
	else
		put_condition(out, "function", filter->function);
	put_condition(out, "module", filter->module);
	put_condition(out, "domain", filter->domain);
	put_condition(out, "region", filter->region);
	if (filter->all_frames)
		fputs(" (all frames)", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
