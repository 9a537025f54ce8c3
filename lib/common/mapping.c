/* SPDX-License-Identifier: MIT */
/* Reads /proc/self/maps, through a buffer that fits on small stacks. */
#include "common/mapping.h"

#include <errno.h>
#include <fcntl.h>

#include "common/sys.h"

/* Where in a line: "START-END rwxp OFFSET DEVICE INODE PATH" */
enum place { START, END, PERMISSIONS, REST, PATH };

struct line {
	enum place place;
	struct allot_mapping mapping;
};

static uint64_t append_digit(uint64_t number, char digit)
{
	return number << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Takes the next character of a line. */
static void take(struct line *line, char c, char *path, size_t size)
{
	struct allot_mapping *mapping = &line->mapping;

	switch (line->place) {
	case START:
		if (c == '-')
			line->place = END;
		else
			mapping->start = append_digit(mapping->start, c);
		break;
	case END:
		if (c == ' ')
			line->place = PERMISSIONS;
		else
			mapping->end = append_digit(mapping->end, c);
		break;
	case PERMISSIONS:
		if (c == 'x')
			mapping->executable = true;
		else if (c == ' ')
			line->place = REST;
		break;
	case REST: /* the fields between have no such character */
		if (c != '/')
			break;
		line->place = PATH;
		/* fall through */
	case PATH:
		if (mapping->path_size < size)
			path[mapping->path_size++] = c;
		break;
	}
}

int allotp_mapping_find(uint64_t address, struct allot_mapping *out, char *path, size_t size)
{
	int fd = allotp_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0), result = -ENOENT;
	struct line line = { .place = START };
	char buffer[512];
	long got;

	if (fd < 0)
		return fd;
	while (result == -ENOENT && (got = allotp_sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got && result == -ENOENT; i++) {
			if (buffer[i] != '\n') {
				take(&line, buffer[i], path, size);
				continue;
			}
			if (address >= line.mapping.start && address < line.mapping.end) {
				*out = line.mapping;
				result = 0;
			}
			line = (struct line){ .place = START };
		}
	}
	allotp_sys_close(fd);
	return result;
}
