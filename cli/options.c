/* SPDX-License-Identifier: MIT */
/* Reading a command's options by its table, and the values they were given. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "suggest.h"

/* Where the parser is in the words. */
struct parser {
	const struct allot_command *command;
	struct allot_arguments *arguments;
	char **words;
	int count, next;
	struct allot_error *error;
};

static int find_by_name(const struct allot_command *command, const char *name, size_t length)
{
	for (int i = 0; command->options[i].name; i++)
		if (strlen(command->options[i].name) == length && !strncmp(command->options[i].name, name, length))
			return i;
	return -1;
}

static int find_by_letter(const struct allot_command *command, char letter)
{
	for (int i = 0; command->options[i].name; i++)
		if (command->options[i].letter == letter)
			return i;
	return -1;
}

static int unknown_option(struct parser *parser, const char *name, size_t length)
{
	const struct allot_option *options = parser->command->options;
	struct allot_suggestion suggestion = { 0 };
	char given[64];

	snprintf(given, sizeof(given), "%.*s", (int)length, name);
	for (int i = 0; options[i].name; i++)
		allotp_suggest(&suggestion, given, options[i].name);
	if (suggestion.best)
		return allotp_error(parser->error, -EINVAL, "unknown option '--%s'; did you mean '--%s'?", given,
				    suggestion.best);
	return allotp_error(parser->error, -EINVAL, "unknown option '--%s'; see 'allot %s --help'", given,
			    parser->command->name);
}

/* There is at most one value in each word. */
static void give(struct parser *parser, int option, const char *value)
{
	struct allot_arguments *arguments = parser->arguments;

	arguments->values[option] = value;
	arguments->given[arguments->given_count++] = (struct allot_given){ option, value };
}

/* Takes the next word as the value of an option. */
static int take_value(struct parser *parser, int option)
{
	const struct allot_option *o = &parser->command->options[option];

	if (parser->next >= parser->count)
		return allotp_error(parser->error, -EINVAL, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
	give(parser, option, parser->words[parser->next++]);
	return 0;
}

/* name or name=value, without the dashes */
static int parse_long(struct parser *parser, const char *word)
{
	size_t length = strcspn(word, "=");
	int option = find_by_name(parser->command, word, length);

	if (option < 0)
		return unknown_option(parser, word, length);
	if (!parser->command->options[option].arg) {
		if (word[length])
			return allotp_error(parser->error, -EINVAL, "--%s takes no value",
					    parser->command->options[option].name);
		parser->arguments->values[option] = "";
		return 0;
	}
	if (!word[length])
		return take_value(parser, option);
	give(parser, option, word + length + 1);
	return 0;
}

/* Letters of flags, the last of which may be an option with its value behind it. */
static int parse_letters(struct parser *parser, const char *word)
{
	for (; *word; word++) {
		int option = find_by_letter(parser->command, *word);

		if (option < 0)
			return allotp_error(parser->error, -EINVAL, "unknown option '-%c'; see 'allot %s --help'",
					    isprint((unsigned char)*word) ? *word : '?', parser->command->name);
		if (!parser->command->options[option].arg) {
			parser->arguments->values[option] = "";
		} else if (word[1]) {
			give(parser, option, word + 1);
			return 0;
		} else {
			return take_value(parser, option);
		}
	}
	return 0;
}

static int check_operands(const struct parser *parser)
{
	const struct allot_command *command = parser->command;
	int count = parser->arguments->operand_count;

	if (count < command->min_operands)
		return allotp_error(parser->error, -EINVAL, "missing operand; usage: allot %s %s", command->name,
				    command->operands);
	if (command->max_operands >= 0 && count > command->max_operands)
		return allotp_error(parser->error, -EINVAL, "unexpected operand '%s'; usage: allot %s %s",
				    parser->arguments->operands[command->max_operands], command->name,
				    command->operands);
	return 0;
}

static int parse_words(struct parser *parser, bool *help)
{
	struct allot_arguments *arguments = parser->arguments;

	while (parser->next < parser->count) {
		char *word = parser->words[parser->next++];
		int rc = 0;

		if (!strcmp(word, "--")) {
			while (parser->next < parser->count)
				arguments->operands[arguments->operand_count++] = parser->words[parser->next++];
		} else if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			*help = true;
			return 0;
		} else if (!strncmp(word, "--", 2)) {
			rc = parse_long(parser, word + 2);
		} else if (word[0] == '-' && word[1]) {
			rc = parse_letters(parser, word + 1);
		} else {
			arguments->operands[arguments->operand_count++] = word;
			while (parser->command->stop_at_operand && parser->next < parser->count)
				arguments->operands[arguments->operand_count++] = parser->words[parser->next++];
		}
		if (rc < 0)
			return rc;
	}
	/* As exec wants it; words ends with a NULL of its own, so there is room. */
	arguments->operands[arguments->operand_count] = NULL;
	return check_operands(parser);
}

int allotp_options_parse(const struct allot_command *command, int count, char **words,
			 struct allot_arguments *arguments, bool *help, struct allot_error *error)
{
	struct parser parser = { command, arguments, words, count, 0, error };
	size_t options = 0;
	int rc;

	while (command->options[options].name)
		options++;
	/* Operands are moved to the front of the words: there are never more of them than words read. */
	*arguments = (struct allot_arguments){ .operands = words };
	arguments->values = calloc(options + 1, sizeof(*arguments->values));
	arguments->given = calloc((size_t)count + 1, sizeof(*arguments->given));
	rc = arguments->values && arguments->given ? parse_words(&parser, help)
						   : allotp_error(error, -ENOMEM, "out of memory");
	if (rc < 0)
		allotp_options_release(arguments);
	return rc;
}

void allotp_options_release(struct allot_arguments *arguments)
{
	free(arguments->values);
	free(arguments->given);
	arguments->values = NULL;
	arguments->given = NULL;
	arguments->given_count = 0;
}

const char *allotp_option_value(const struct allot_command *command, const struct allot_arguments *arguments,
				const char *name)
{
	int option = find_by_name(command, name, strlen(name));

	return option < 0 ? NULL : arguments->values[option];
}

const char *allotp_option_next(const struct allot_command *command, const struct allot_arguments *arguments,
			       const char *name, int *place)
{
	int option = find_by_name(command, name, strlen(name));

	while (option >= 0 && *place < arguments->given_count) {
		const struct allot_given *given = &arguments->given[(*place)++];

		if (given->option == option)
			return given->value;
	}
	return NULL;
}

int allotp_option_number(const struct allot_command *command, const struct allot_arguments *arguments, const char *name,
			 uint64_t min, uint64_t max, uint64_t *value, struct allot_error *error)
{
	const char *text = allotp_option_value(command, arguments, name);
	unsigned long long number = 0;
	char *end = NULL;

	if (!text)
		return 0;
	errno = 0;
	if (isdigit((unsigned char)*text))
		number = strtoull(text, &end, 10);
	if (!end || *end || errno || number < min || number > max)
		return allotp_error(error, -EINVAL, "--%s: '%.64s' is not a number from %" PRIu64 " to %" PRIu64, name,
				    text, min, max);
	*value = number;
	return 0;
}

int allotp_option_size(const struct allot_command *command, const struct allot_arguments *arguments, const char *name,
		       uint64_t min, uint64_t max, uint64_t *value, struct allot_error *error)
{
	const char *text = allotp_option_value(command, arguments, name);
	uint64_t bytes;

	if (!text)
		return 0;
	if (allotp_bytes_parse(text, &bytes) < 0 || bytes < min || bytes > max)
		return allotp_error(error, -EINVAL,
				    "--%s: '%.64s' is not a size from %" PRIu64 " to %" PRIu64 " bytes, such as 512KiB",
				    name, text, min, max);
	*value = bytes;
	return 0;
}

int allotp_option_choice(const struct allot_command *command, const struct allot_arguments *arguments, const char *name,
			 const char *const *words, int count, int *choice, struct allot_error *error)
{
	const char *text = allotp_option_value(command, arguments, name);
	char list[256] = "";

	if (!text)
		return 0;
	for (int i = 0; i < count; i++) {
		size_t used = strlen(list);

		if (!strcmp(text, words[i])) {
			*choice = i;
			return 0;
		}
		snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", words[i]);
	}
	return allotp_error(error, -EINVAL, "--%s: '%.64s' is none of %s", name, text, list);
}
