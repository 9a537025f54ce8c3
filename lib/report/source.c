/* SPDX-License-Identifier: MIT */
/* Lines of source files, for text reports. */
#include "report/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No source file that people write is longer; a wrong name may lead to a disk image. */
#define LARGEST_FILE (64 * 1024 * 1024)

static FILE *open_file(const char *path, struct stat *status)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, status) == 0 && S_ISREG(status->st_mode) && status->st_size <= LARGEST_FILE)
		file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

/* Takes the blanks off both ends, in place. */
static void strip(char *text)
{
	static const char blanks[] = " \t\r\n\f\v";
	size_t start = strspn(text, blanks), length = strlen(text);

	while (length > start && strchr(blanks, text[length - 1]))
		length--;
	memmove(text, text + start, length - start);
	text[length - start] = '\0';
}

char *allotp_source_line(const char *file, uint32_t line, uint64_t since_ns, bool *newer)
{
	struct stat status;
	FILE *stream = line ? open_file(file, &status) : NULL;
	char *text = NULL;
	size_t size = 0;
	ssize_t length = -1;

	if (!stream)
		return NULL;
	for (uint32_t i = 0; i < line; i++) {
		length = getline(&text, &size, stream);
		if (length < 0)
			break;
	}
	fclose(stream);
	if (length >= 0)
		strip(text);
	if (length < 0 || !*text) {
		free(text);
		return NULL;
	}
	for (char *p = text; *p; p++)
		if (*p == '\t')
			*p = ' ';
	*newer = since_ns &&
		 (uint64_t)status.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)status.st_mtim.tv_nsec > since_ns;
	return text;
}
