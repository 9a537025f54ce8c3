/* SPDX-License-Identifier: MIT */
/* Help, made from the tables of the commands. */
#include "help.h"

#include <string.h>

#include "terminal.h"

enum {
	WIDEST = 100, /* longer lines are hard to read, however wide the terminal */
	DEFAULT_WIDTH = 80,
	HELP_COLUMN = 28, /* of the texts beside options */
};

static unsigned text_width(FILE *out)
{
	unsigned width = allotp_terminal_width(fileno(out));

	if (!width)
		return DEFAULT_WIDTH;
	return width > WIDEST ? WIDEST : width < 2 * HELP_COLUMN ? 2 * HELP_COLUMN : width;
}

/* Writes text from `column` on, where the cursor is, broken at blanks; '\n' in the text begins a new line. */
static void write_wrapped(FILE *out, const char *text, unsigned column)
{
	unsigned at = column, width = text_width(out);

	while (*text) {
		size_t length = strcspn(text, " \n");

		if (at > column && at + 1 + length > width) {
			fprintf(out, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			putc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)length, text);
		at += (unsigned)length;
		text += length;
		if (*text == '\n') {
			fputs("\n", out);
			if (text[1] && text[1] != '\n')
				fprintf(out, "%*s", (int)column, "");
			at = column;
		}
		if (*text)
			text++;
	}
	putc('\n', out);
}

void allotp_help_all(FILE *out, const struct allot_command *const *commands)
{
	fputs("allot: tells who allocated the memory of a program, call site by call site\n\n"
	      "usage: allot COMMAND [OPTION]... [OPERAND]...\n\n",
	      out);
	for (; *commands; commands++) {
		fprintf(out, "  %-11s", (*commands)->name);
		write_wrapped(out, (*commands)->summary, 13);
	}
	fputs("\n  allot COMMAND --help   the options of a command\n"
	      "  allot --version        the version\n\n"
	      "To begin with: allot run -- PROG\n",
	      out);
}

static void write_option(FILE *out, const struct allot_option *option)
{
	char text[64];
	int length;

	length = snprintf(text, sizeof(text), "  %c%c%s--%s%s%s", option->letter ? '-' : ' ',
			  option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
			  option->arg ? " " : "", option->arg ? option->arg : "");
	fputs(text, out);
	if (length > HELP_COLUMN - 2)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", HELP_COLUMN - length, "");
	write_wrapped(out, option->help, HELP_COLUMN);
}

void allotp_help_command(FILE *out, const struct allot_command *command)
{
	static const struct allot_option help = { "help", 'h', NULL, "show this" };

	fprintf(out, "usage: allot %s [OPTION]... %s\n\n", command->name, command->operands);
	write_wrapped(out, command->summary, 0);
	putc('\n', out);
	for (const struct allot_option *option = command->options; option->name; option++)
		write_option(out, option);
	write_option(out, &help);
	if (command->help) {
		putc('\n', out);
		write_wrapped(out, command->help, 0);
	}
}
