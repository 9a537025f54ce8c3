/* SPDX-License-Identifier: MIT */
/* Which file a command name means, and which one a script hands itself to. */
#include "symbol/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int allotp_program_check(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EACCES;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -errno;
	return 0;
}

int allotp_program_find(const char *name, char **path)
{
	const char *search = getenv("PATH");
	int result = -ENOENT;
	char *candidate;
	const char *end;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		candidate = strdup(name);
		if (!candidate)
			return -ENOMEM;
		if (access(candidate, F_OK) < 0) {
			result = -errno;
			free(candidate);
			return result;
		}
		*path = candidate;
		return 0;
	}
	if (!search)
		search = "/bin:/usr/bin";
	for (;; search = end + 1) {
		int check;

		end = strchrnul(search, ':');
		/* An empty element means the current directory. */
		if (asprintf(&candidate, "%.*s%s%s", (int)(end - search), search, end > search ? "/" : "./", name) < 0)
			return -ENOMEM;
		check = allotp_program_check(candidate);
		if (check == 0) {
			*path = candidate;
			return 0;
		}
		free(candidate);
		/* As execvp: what may not be executed counts only if nothing better comes. */
		if (check == -EACCES)
			result = -EACCES;
		if (!*end)
			return result;
	}
}

static void read_script(char *line, struct allot_program *out)
{
	char *interpreter, *argument, *last;

	line[strcspn(line, "\n")] = '\0';
	interpreter = line + strspn(line, " \t");
	argument = interpreter + strcspn(interpreter, " \t");
	if (*argument)
		*argument++ = '\0';
	argument += strspn(argument, " \t");
	for (last = argument + strlen(argument); last > argument && strchr(" \t", last[-1]); last--)
		last[-1] = '\0';
	out->kind = ALLOT_PROGRAM_SCRIPT;
	snprintf(out->interpreter, sizeof(out->interpreter), "%s", interpreter);
	snprintf(out->argument, sizeof(out->argument), "%s", argument);
}

/* As shells judge: no NUL in the first line. */
static bool is_text(const char *start, size_t size)
{
	const char *newline = memchr(start, '\n', size);

	return !memchr(start, '\0', newline ? (size_t)(newline - start) : size);
}

int allotp_program_read(const char *path, struct allot_program *out)
{
	char start[257] = { 0 }; /* as much as the kernel looks at */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = read(fd, start, sizeof(start) - 1);
	if (size < 0) {
		size = -errno;
		close(fd);
		return (int)size;
	}
	close(fd);
	memset(out, 0, sizeof(*out));
	if (size >= SELFMAG && !memcmp(start, ELFMAG, SELFMAG))
		out->kind = ALLOT_PROGRAM_ELF;
	else if (size >= 2 && !memcmp(start, "#!", 2))
		read_script(start + 2, out);
	else
		out->kind = is_text(start, (size_t)size) ? ALLOT_PROGRAM_TEXT : ALLOT_PROGRAM_OTHER;
	return 0;
}

void allotp_program_env_command(const struct allot_program *script, char *out, size_t size)
{
	const char *word = script->argument;
	size_t length;

	if (!strncmp(word, "-S", 2)) {
		word += 2;
	} else if (!strncmp(word, "--split-string=", 15)) {
		word += 15;
	} else {
		/* Without -S the whole rest of the line is one argument. */
		snprintf(out, size, "%s", *word == '-' || strchr(word, '=') ? "" : word);
		return;
	}
	for (;; word += length) {
		word += strspn(word, " \t");
		length = strcspn(word, " \t");
		if (*word != '-' && !memchr(word, '=', length))
			break;
	}
	snprintf(out, size, "%.*s", (int)length, word);
}
