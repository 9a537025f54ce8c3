/* SPDX-License-Identifier: MIT */
/* Fetching what fork has not copied; /proc/PID/smaps tells where that is. */
#include "scan/uncopied.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "scan/mappings.h"

enum { MOST = 1024, LINE = 256 };

struct part {
	uint64_t start, end;
	bool left_out; /* else wiped */
};

/* The flags of a mapping come some lines behind its addresses. */
struct parser {
	bool anonymous; /* part: private, and of no file */
	struct part list[MOST], part;
	size_t count;
	char line[LINE];
	size_t used;
	void (*seen)(struct parser *parser); /* is called for each mapping; may be NULL */
	const struct allot_range *except;
	size_t except_count;
	struct allot_mappings pages;
	bool suspicious; /* something there is not here */
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *hex(const char *text, uint64_t *number)
{
	for (*number = 0;; text++) {
		if (*text >= '0' && *text <= '9')
			*number = *number << 4 | (uint64_t)(*text - '0');
		else if (*text >= 'a' && *text <= 'f')
			*number = *number << 4 | (uint64_t)(*text - 'a' + 10);
		else
			return text;
	}
}

/* "55ca01-55ca02 rw-p 00000000 00:00 0    [heap]"; what is in brackets but that is the kernel's. */
static bool is_anonymous(const char *at)
{
	if (strlen(at) < 5 || at[4] != 'p')
		return false;
	for (int field = 0; field < 4; field++) {
		at += *at == ' ';
		at += strcspn(at, " ");
	}
	return begins(at - 2, " 0") && !strchr(at, '[');
}

static void parse(struct parser *parser)
{
	uint64_t start, end;
	const char *at = hex(parser->line, &start);

	if (at != parser->line && *at == '-') {
		at = hex(at + 1, &end);
		parser->part = (struct part){ .start = start, .end = end };
		parser->anonymous = is_anonymous(at);
		if (parser->seen)
			parser->seen(parser);
	} else if (begins(parser->line, "VmFlags:") && parser->count < MOST) {
		parser->part.left_out = strstr(parser->line, " dc");
		/* Devices' memory ("io", "pf") is left out in any case. */
		if ((parser->part.left_out || strstr(parser->line, " wf")) && !strstr(parser->line, " io") &&
		    !strstr(parser->line, " pf"))
			parser->list[parser->count++] = parser->part;
	}
}

static void read_all(uint32_t program, const char *name, struct parser *parser)
{
	char buffer[4096];
	int fd = allotp_mappings_file(program, name, O_RDONLY);
	long got;

	while (fd >= 0 && (got = allotp_sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got; i++) {
			if (buffer[i] != '\n') {
				parser->line[parser->used] = buffer[i];
				parser->used += parser->used < LINE - 1;
				continue;
			}
			parser->line[parser->used] = 0;
			parse(parser);
			parser->used = 0;
		}
	}
	if (fd >= 0)
		allotp_sys_close(fd);
}

static bool is_excepted(const struct parser *parser, const struct part *part)
{
	for (size_t i = 0; i < parser->except_count; i++) {
		if (part->start < parser->except[i].end && part->end > parser->except[i].start)
			return true;
	}
	return false;
}

/* Copies a stretch of touched pages; returns how many bytes it could not. */
static uint64_t copy(int memory, uint64_t start, uint64_t end)
{
	while (start < end) {
		long got = ALLOTP_SYSCALL(SYS_pread64, memory, start, end - start, start);

		if (got <= 0)
			return end - start;
		start += (uint64_t)got;
	}
	return 0;
}

static uint64_t fetch(struct allot_mappings *pages, int memory, const struct part *part)
{
	/* It is the program's own tables that tell what was touched, as they do of shared memory. */
	const struct allot_mapping mapping = {
		.start = part->start, .end = part->end, .readable = true, .writable = true, .shared = true
	};
	/* What is wiped is there, and may be protected. */
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (part->left_out ? MAP_FIXED_NOREPLACE : MAP_FIXED);
	uint64_t missed = 0, from = part->start, to = part->end;

	if (memory < 0 || allotp_sys_failed(allotp_sys_mmap((void *)(uintptr_t)part->start, part->end - part->start,
							    PROT_READ | PROT_WRITE, flags, -1, 0)))
		memory = -1;
	for (; allotp_mappings_touched(pages, &mapping, &from, &to); from = to, to = part->end)
		missed += memory < 0 ? to - from : copy(memory, from, to);
	/* What is wiped is secrets, for the most part: that these are not seen is not worth a word. */
	return part->left_out ? missed : 0;
}

/* The flags are told only where all pages are counted, which takes long: whether that is worth it is told by what differs. */
static void compare(struct parser *parser)
{
	const struct part *part = &parser->part;
	struct allot_mapping mapping = { .start = part->start, .end = part->end, .readable = true };
	uint64_t start = part->start, end = part->end;

	/* The last of all is the kernel's. */
	if (parser->suspicious || start >> 63 || is_excepted(parser, part))
		return;
	/* Says of what is not mapped that it is not. */
	if (ALLOTP_SYSCALL(SYS_msync, start, end - start, MS_ASYNC) == -ENOMEM) {
		parser->suspicious = true;
		return;
	}
	if (!parser->anonymous || allotp_mappings_touched(&parser->pages, &mapping, &start, &end))
		return;
	mapping.shared = true;
	parser->suspicious = allotp_mappings_touched(&parser->pages, &mapping, &start, &end);
}

uint64_t allotp_uncopied_fetch(uint32_t program, const struct allot_range *except, size_t count)
{
	/* Not from mmap, which might take the very addresses. */
	static struct parser parser;
	uint64_t missed = 0;
	int memory;

	parser.except = except;
	parser.except_count = count;
	allotp_mappings_pages(&parser.pages, program);
	parser.pages.most = 1;
	parser.seen = compare;
	read_all(program, "maps", &parser);
	parser.pages.most = 0;
	parser.seen = NULL;
	if (parser.suspicious)
		read_all(program, "smaps", &parser);
	memory = parser.count ? allotp_mappings_file(program, "mem", O_RDONLY) : -1;
	for (size_t i = 0; i < parser.count; i++) {
		if (!is_excepted(&parser, &parser.list[i]))
			missed += fetch(&parser.pages, memory, &parser.list[i]);
	}
	allotp_mappings_release(&parser.pages);
	if (memory >= 0)
		allotp_sys_close(memory);
	return missed;
}
