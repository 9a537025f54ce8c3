/* SPDX-License-Identifier: MIT */
/* Pointers into the middle of a block that count as pointers to its start; memcheck's --leak-check-heuristics. */
#include <string.h>

#include "scan/scan.h"

static bool read_word(const struct allot_scan *scan, uint64_t address, uint64_t *word)
{
	uint64_t size = sizeof(*word);
	const void *at = scan->memory.look(scan->memory.context, address, &size);

	if (!at || size < sizeof(*word))
		return false;
	memcpy(word, at, sizeof(*word));
	return true;
}

/* The characters of a std::string as libstdc++ had them before C++11: behind length, capacity and a count. */
static bool is_string(const struct allot_scan *scan, const struct allot_scan_block *block)
{
	enum { BEFORE = 24 };
	uint64_t length, capacity;

	return block->size > BEFORE && read_word(scan, block->address, &length) &&
	       read_word(scan, block->address + 8, &capacity) && length <= capacity &&
	       block->size - BEFORE - 1 == capacity;
}

/* Base classes but the first have a table of virtual functions of their own, inside the object. */
static bool is_base(const struct allot_scan *scan, const struct allot_scan_block *block, uint64_t inside)
{
	uint64_t first, inner;

	return scan->memory.is_vtable && !(inside & 7) && inside + sizeof(inner) <= block->size &&
	       read_word(scan, block->address, &first) && read_word(scan, block->address + inside, &inner) &&
	       scan->memory.is_vtable(scan->memory.context, first) &&
	       scan->memory.is_vtable(scan->memory.context, inner);
}

bool allotp_scan_is_start(const struct allot_scan *scan, const struct allot_scan_block *block, uint64_t inside)
{
	uint64_t count;

	if (!scan->heuristics || block->flags & ALLOT_SCAN_UNREADABLE)
		return false;
	if (scan->heuristics & ALLOT_SCAN_STDSTRING && inside == 24 && is_string(scan, block))
		return true;
	if (inside == 8 && scan->heuristics & (ALLOT_SCAN_LENGTH64 | ALLOT_SCAN_NEWARRAY) &&
	    read_word(scan, block->address, &count) && count) {
		if (scan->heuristics & ALLOT_SCAN_LENGTH64 && count == block->size - 8)
			return true;
		if (scan->heuristics & ALLOT_SCAN_NEWARRAY && (block->size - 8) % count == 0)
			return true;
	}
	return scan->heuristics & ALLOT_SCAN_MULTIPLE_INHERITANCE && is_base(scan, block, inside);
}

bool allotp_scan_is_empty_array(const struct allot_scan *scan, const struct allot_scan_block *block)
{
	uint64_t count;

	return scan->heuristics & ALLOT_SCAN_NEWARRAY && !(block->flags & ALLOT_SCAN_UNREADABLE) &&
	       read_word(scan, block->address, &count) && !count;
}

static const struct {
	const char *name;
	unsigned int bits;
} names[] = {
	{ "all", ALLOT_SCAN_HEURISTICS },      { "none", 0 },
	{ "stdstring", ALLOT_SCAN_STDSTRING }, { "length64", ALLOT_SCAN_LENGTH64 },
	{ "newarray", ALLOT_SCAN_NEWARRAY },   { "multipleinheritance", ALLOT_SCAN_MULTIPLE_INHERITANCE },
};

enum { NAMES = sizeof(names) / sizeof(names[0]), FIRST_OF_ONE = 2 };

unsigned int allotp_scan_heuristics(const char *text, const char **end)
{
	unsigned int bits = 0;

	for (;;) {
		size_t size = strcspn(text, ","), i = 0;

		while (i < NAMES && (strlen(names[i].name) != size || strncmp(names[i].name, text, size)))
			i++;
		*end = text;
		if (i == NAMES)
			return bits;
		bits |= names[i].bits;
		*end = text += size;
		if (!*text)
			return bits;
		text++;
	}
}

char *allotp_scan_heuristics_name(unsigned int heuristics, char *to)
{
	bool one = false;

	for (size_t i = 0; i < NAMES; i++) {
		if (i < FIRST_OF_ONE ? heuristics != names[i].bits : !(heuristics & names[i].bits))
			continue;
		if (one)
			*to++ = ',';
		to = mempcpy(to, names[i].name, strlen(names[i].name));
		one = true;
		if (i < FIRST_OF_ONE)
			break;
	}
	*to = 0;
	return to;
}
