/* SPDX-License-Identifier: MIT */
/* The command: finds the subcommand in the table, reads its options, prints its error, checks its output. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "command.h"
#include "help.h"
#include "options.h"
#include "report/print.h"
#include "stack.h"
#include "suggest.h"

static const struct allot_command *const commands[] = {
	&command_run,      &command_report, &command_diff,   &command_leaks, &command_check,
	&command_objects,  &command_cycles, &command_snapshot, &command_info,  &command_doctor, &command_symbolize, NULL,
};

static const struct allot_command *find_command(const char *name)
{
	for (const struct allot_command *const *command = commands; *command; command++)
		if (!strcmp((*command)->name, name))
			return *command;
	return NULL;
}

/* The one place where errors are printed: always one line, whatever the names in it hold. */
static void print_error(const char *name, const char *text)
{
	fprintf(stderr, "%s%s: ", *name ? "allot " : "allot", name);
	allotp_put(stderr, text);
	putc('\n', stderr);
}

static int unknown_word(const char *what, const char *word, const char *best)
{
	struct allot_error error;

	if (best)
		allotp_error(&error, 0, "%s '%s'; did you mean '%s'?", what, word, best);
	else
		allotp_error(&error, 0, "%s '%s'; see 'allot --help'", what, word);
	print_error("", error.text);
	return EXIT_USAGE;
}

static int unknown_command(const char *name)
{
	struct allot_suggestion suggestion = { 0 };

	for (const struct allot_command *const *command = commands; *command; command++)
		allotp_suggest(&suggestion, name, (*command)->name);
	return unknown_word("unknown command", name, suggestion.best);
}

/* Output that could not be written is an error, too; nobody looks for one at each printf. */
static int finish_output(const char *name, int status)
{
	bool failed = ferror(stdout);
	struct allot_error error;

	errno = 0;
	if (fflush(stdout) == 0 && !failed)
		return status;
	allotp_error(&error, 0, "cannot write to standard output: %s",
		     errno ? strerror(errno) : "an earlier write failed");
	print_error(name, error.text);
	return status == EXIT_OK ? EXIT_USAGE : status;
}

static int run_command(const struct allot_command *command, int count, char **words)
{
	struct allot_arguments arguments = { 0 };
	struct allot_error error = { .text = "" };
	bool help = false;
	int status = EXIT_OK;

	if (allotp_options_parse(command, count, words, &arguments, &help, &error) < 0)
		status = EXIT_USAGE;
	else if (help)
		allotp_help_command(stdout, command);
	else
		status = command->run(&arguments, &error);
	allotp_options_release(&arguments);
	if (*error.text)
		print_error(command->name, error.text);
	return finish_output(command->name, status);
}

/* `allot help [COMMAND]` */
static int run_help(int count, char **words)
{
	const struct allot_command *command;

	if (count == 0) {
		allotp_help_all(stdout, commands);
		return finish_output("help", EXIT_OK);
	}
	command = find_command(words[0]);
	if (!command)
		return unknown_command(words[0]);
	allotp_help_command(stdout, command);
	return finish_output("help", EXIT_OK);
}

/*
 * No file of ours may become standard output or error because those are closed: what is printed would land in it. What
 * stands in for them fails as they did, and a program that is run does not see it.
 */
static void reserve_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	}
}

static int run_words(int argc, char **argv)
{
	const struct allot_command *command;
	const char *name = argc > 1 ? argv[1] : "";

	reserve_standard_files();
	/* A report is many small pieces. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	if (argc < 2) {
		print_error("", "no command given; see 'allot --help'");
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--version")) {
		printf("allot %s\n", PACKAGE_VERSION);
		return finish_output("", EXIT_OK);
	}
	if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h"))
		return run_help(argc - 2, argv + 2);
	if (name[0] == '-')
		return unknown_word("unknown option", name, NULL);
	command = find_command(name);
	return command ? run_command(command, argc - 2, argv + 2) : unknown_command(name);
}

int main(int argc, char **argv)
{
	return allotp_stack_call(run_words, argc, argv);
}
