/* SPDX-License-Identifier: MIT */
/* The mappings of the calling process, and which of their pages hold anything. */
#include "scan/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "scan/scan.h"

enum { PAGE_BITS = 12, MOST = 1 << 20 };

#define PAGE (UINT64_C(1) << PAGE_BITS)

/* Bits of an entry of pagemap. */
#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define OF_FILE (UINT64_C(1) << 61) /* or anonymous and shared */

/* What PAGEMAP_SCAN takes, since Linux 6.7. */
struct scan_request {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_REQUEST _IOWR('f', 16, struct scan_request)

enum { IS_FILE = 4, IS_PRESENT = 8, IS_SWAPPED = 16, IS_ZERO = 32 }; /* its categories */
enum { NOTHING_TOLD = -1, NEVER_TELLS = -2 };                        /* told_of */

/* Reads a line's fields as they come: the file is read in pieces, into little memory. */
struct parser {
	enum { START, END, FLAGS, OFFSET, DEVICE, INODE, GAP, NAME } field;
	struct allot_mapping mapping;
	unsigned int at; /* in the field */
	char name[24];
};

static uint64_t digit(char c)
{
	return (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static enum allot_mapping_kind kind_of(const char *name)
{
	if (!*name || begins(name, "[anon"))
		return ALLOT_MAPPING_ANONYMOUS;
	if (!strcmp(name, "[heap]"))
		return ALLOT_MAPPING_HEAP;
	if (!strcmp(name, "[stack]"))
		return ALLOT_MAPPING_STACK;
	/* To read a device may do something; what else is no path is a look into the kernel. */
	if (begins(name, "/dev/") && !begins(name, "/dev/shm/") && !begins(name, "/dev/zero"))
		return ALLOT_MAPPING_OTHER;
	return *name == '/' ? ALLOT_MAPPING_FILE : ALLOT_MAPPING_OTHER;
}

static void flag(struct allot_mapping *mapping, unsigned int at, char c)
{
	switch (at) {
	case 0:
		mapping->readable = c == 'r';
		break;
	case 1:
		mapping->writable = c == 'w';
		break;
	case 2:
		mapping->executable = c == 'x';
		break;
	default:
		mapping->shared = c == 's';
	}
}

/* Returns whether a mapping is complete. */
static bool parse(struct parser *parser, char c)
{
	struct allot_mapping *mapping = &parser->mapping;

	if (c == '\n') {
		parser->name[parser->at < sizeof(parser->name) - 1 ? parser->at : sizeof(parser->name) - 1] = 0;
		if (parser->field != NAME)
			parser->name[0] = 0;
		mapping->kind = (uint8_t)kind_of(parser->name);
		return true;
	}
	if (parser->field == GAP && c != ' ') {
		parser->field = NAME;
		parser->at = 0;
	}
	if (parser->field < GAP && (c == ' ' || (c == '-' && parser->field == START))) {
		parser->field++;
		parser->at = 0;
		return false;
	}
	if (parser->field == START)
		mapping->start = mapping->start << 4 | digit(c);
	else if (parser->field == END)
		mapping->end = mapping->end << 4 | digit(c);
	else if (parser->field == FLAGS)
		flag(mapping, parser->at, c);
	else if (parser->field == NAME && parser->at < sizeof(parser->name) - 1)
		parser->name[parser->at] = c;
	parser->at++;
	return false;
}

/* libc's own ways to write a number are not for here. */
int allotp_mappings_file(uint32_t process, const char *name, int flags)
{
	char path[48] = "/proc/", digits[12];
	size_t used = 6, i = sizeof(digits), size = strlen(name) + 1;

	do {
		digits[--i] = (char)('0' + process % 10);
	} while (process /= 10);
	memcpy(path + used, digits + i, sizeof(digits) - i);
	used += sizeof(digits) - i;
	path[used++] = '/';
	memcpy(path + used, name, size < sizeof(path) - used ? size : sizeof(path) - used);
	return allotp_sys_openat(AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

void allotp_mappings_pages(struct allot_mappings *mappings, uint32_t program)
{
	mappings->most = 0;
	mappings->entries_of = -1;
	mappings->told_of = NOTHING_TOLD;
	mappings->pages[0] = allotp_sys_openat(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
	mappings->pages[1] = allotp_mappings_file(program, "pagemap", O_RDONLY);
}

int allotp_mappings_read(struct allot_mappings *mappings, uint32_t program)
{
	struct parser parser = { 0 };
	char buffer[4096];
	long got;
	int fd;

	mappings->count = 0;
	mappings->pages[0] = mappings->pages[1] = -1;
	mappings->size = MOST * sizeof(*mappings->list);
	mappings->list = allotp_scan_map(mappings->size);
	if (!mappings->list)
		return -ENOMEM;
	fd = allotp_sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while ((got = allotp_sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got; i++) {
			if (!parse(&parser, buffer[i]))
				continue;
			if (mappings->count == MOST)
				got = -EFBIG;
			else
				mappings->list[mappings->count++] = parser.mapping;
			memset(&parser, 0, sizeof(parser));
		}
	}
	allotp_sys_close(fd);
	if (got < 0)
		return (int)got;
	allotp_mappings_pages(mappings, program);
	return mappings->count ? 0 : -ENODATA;
}

void allotp_mappings_release(struct allot_mappings *mappings)
{
	allotp_scan_unmap(mappings->list, mappings->size);
	mappings->list = NULL;
	for (int i = 0; i < 2; i++) {
		if (mappings->pages[i] >= 0)
			allotp_sys_close(mappings->pages[i]);
	}
}

const struct allot_mapping *allotp_mappings_find(const struct allot_mappings *mappings, uint64_t address)
{
	size_t low = 0, high = mappings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings->list[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < mappings->count && mappings->list[low].start <= address ? &mappings->list[low] : NULL;
}

/* The entry of a page; false: the kernel does not tell. */
static bool entry_of(struct allot_mappings *mappings, int which, uint64_t page, uint64_t *entry)
{
	if (mappings->entries_of != which || page - mappings->first_page >= mappings->entry_count) {
		long got = -1;

		if (mappings->pages[which] >= 0)
			got = ALLOTP_SYSCALL(SYS_pread64, mappings->pages[which], mappings->entries,
					     sizeof(mappings->entries), page * sizeof(uint64_t));
		if (got < (long)sizeof(uint64_t))
			return false;
		mappings->first_page = page;
		mappings->entries_of = which;
		mappings->entry_count = (uint32_t)((unsigned long)got / sizeof(uint64_t));
	}
	*entry = mappings->entries[page - mappings->first_page];
	return true;
}

/* Of a private mapping, what fork has copied; of a shared one, what the program's own tables have. */
static bool is_touched(struct allot_mappings *mappings, const struct allot_mapping *mapping, uint64_t address)
{
	uint64_t entry;

	if (!entry_of(mappings, mapping->shared, address >> PAGE_BITS, &entry))
		return mapping->readable && (mapping->writable || mapping->kind == ALLOT_MAPPING_ANONYMOUS);
	if (mapping->shared)
		return entry & (PRESENT | SWAPPED);
	return entry & SWAPPED || (entry & PRESENT && !(entry & OF_FILE));
}

/* Has the stretches tell of an address, and as far towards the end as there is room. False: the kernel cannot. */
static bool tell(struct allot_mappings *mappings, int which, uint64_t address, uint64_t end)
{
	/* Pages that were only read are all zeroes. */
	uint64_t not = which ? 0 : IS_FILE | IS_ZERO;
	struct scan_request request = {
		.size = sizeof(request),
		.start = address & ~(PAGE - 1),
		.end = (end + PAGE - 1) & ~(PAGE - 1),
		.vec = (uintptr_t)mappings->stretches,
		.vec_len = sizeof(mappings->stretches) / sizeof(mappings->stretches[0]),
		.max_pages = mappings->most,
		.category_inverted = not,
		.category_mask = not,
		.category_anyof_mask = IS_PRESENT | IS_SWAPPED,
	};
	long count;

	if (mappings->told_of == NEVER_TELLS)
		return false;
	if (mappings->told_of == which && address >= mappings->told_from && address < mappings->told_to)
		return true;
	count = mappings->pages[which] < 0 ? -ENOTTY
					   : ALLOTP_SYSCALL(SYS_ioctl, mappings->pages[which], SCAN_REQUEST, &request);
	if (count < 0 || request.walk_end <= address) {
		mappings->told_of = count == -ENOTTY || count == -EINVAL ? NEVER_TELLS : NOTHING_TOLD;
		return false;
	}
	mappings->told_of = which;
	mappings->told_from = request.start;
	mappings->told_to = request.walk_end;
	mappings->stretch_count = (uint32_t)count;
	return true;
}

/* As allotp_mappings_touched, from what is told of the start; begins behind it if nothing there was touched. */
static bool find_stretch(const struct allot_mappings *mappings, uint64_t *start, uint64_t *end)
{
	for (uint32_t i = 0; i < mappings->stretch_count && mappings->stretches[i].start < *end; i++) {
		const struct allot_pages *stretch = &mappings->stretches[i];

		if (stretch->end <= *start)
			continue;
		*start = stretch->start > *start ? stretch->start : *start;
		*end = stretch->end < *end ? stretch->end : *end;
		return true;
	}
	*start = mappings->told_to;
	return false;
}

bool allotp_mappings_touched(struct allot_mappings *mappings, const struct allot_mapping *mapping, uint64_t *start,
			     uint64_t *end)
{
	uint64_t from = *start, to;

	while (from < *end && tell(mappings, mapping->shared, from, *end)) {
		to = *end;
		if (find_stretch(mappings, &from, &to)) {
			*start = from;
			*end = to;
			return true;
		}
	}
	while (from < *end && !is_touched(mappings, mapping, from))
		from = (from & ~(PAGE - 1)) + PAGE;
	if (from >= *end)
		return false;
	to = (from & ~(PAGE - 1)) + PAGE;
	while (to < *end && is_touched(mappings, mapping, to))
		to += PAGE;
	*start = from;
	*end = to < *end ? to : *end;
	return true;
}

bool allotp_mappings_open(struct allot_mapping *mapping)
{
	if (!mapping->readable)
		mapping->readable = !allotp_sys_mprotect((void *)(uintptr_t)mapping->start,
							 mapping->end - mapping->start, PROT_READ);
	return mapping->readable;
}
