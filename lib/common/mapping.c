/* SPDX-License-Identifier: MIT */
/* Reads /proc/self/maps, through a buffer that fits on small stacks. */
#include "common/mapping.h"

#include <errno.h>
#include <fcntl.h>

#include "common/sys.h"

static bool quiet; /* atomic */

/* Where in a line: "START-END rwxp OFFSET DEVICE INODE PATH", with many blanks before PATH. */
enum place { START, END, PERMISSIONS, OFFSET, DEVICE, INODE, BLANKS, PATH };

struct line {
	enum place place;
	struct allot_mapping mapping;
};

static void append_digit(uint64_t *number, char digit)
{
	*number = *number << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Takes the next character of a line. */
static void take(struct line *line, char c, char *path, size_t size)
{
	struct allot_mapping *mapping = &line->mapping;

	if (line->place < BLANKS && c == (line->place == START ? '-' : ' ')) {
		line->place++;
		return;
	}
	switch (line->place) {
	case START:
		append_digit(&mapping->start, c);
		break;
	case END:
		append_digit(&mapping->end, c);
		break;
	case PERMISSIONS:
		mapping->executable |= c == 'x';
		break;
	case OFFSET:
		append_digit(&mapping->offset, c);
		break;
	case DEVICE:
	case INODE:
		mapping->file = (mapping->file ^ (uint8_t)c) * UINT64_C(0x9e3779b97f4a7c15);
		break;
	case BLANKS: /* names in brackets are no files */
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

int allotp_mapping_each(allot_mapping_visitor *visit, void *data, char *path, size_t size)
{
	struct line line = { .place = START };
	char buffer[512];
	long got = 0;
	int fd;
	bool done = false;

	if (__atomic_load_n(&quiet, __ATOMIC_ACQUIRE))
		return -EPERM;
	fd = allotp_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while (!done && (got = allotp_sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got && !done; i++) {
			if (buffer[i] != '\n') {
				take(&line, buffer[i], path, size);
				continue;
			}
			done = visit(&line.mapping, data);
			line = (struct line){ .place = START };
		}
	}
	allotp_sys_close(fd);
	return done ? 1 : (int)got;
}

struct search {
	uint64_t address;
	struct allot_mapping found;
	bool is_found;
};

static bool is_wanted(const struct allot_mapping *mapping, void *data)
{
	struct search *search = data;

	if (search->address >= mapping->end)
		return false;
	search->is_found = search->address >= mapping->start;
	search->found = *mapping;
	return true;
}

int allotp_mapping_find(uint64_t address, struct allot_mapping *out, char *path, size_t size)
{
	struct search search = { .address = address };
	int result = allotp_mapping_each(is_wanted, &search, path, size);

	if (result < 0)
		return result;
	if (!search.is_found)
		return -ENOENT;
	*out = search.found;
	return 0;
}

void allotp_mapping_hush(void)
{
	__atomic_store_n(&quiet, true, __ATOMIC_RELEASE);
}
