/* SPDX-License-Identifier: MIT */
/*
 * The mappings of the calling process, as /proc has them, and which of their pages hold anything. In memory from mmap; may
 * be used where nothing of libc may.
 */
#ifndef ALLOT_SCAN_MAPPINGS_H
#define ALLOT_SCAN_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum allot_mapping_kind {
	ALLOT_MAPPING_ANONYMOUS,
	ALLOT_MAPPING_FILE,
	ALLOT_MAPPING_HEAP,  /* brk */
	ALLOT_MAPPING_STACK, /* of the main thread */
	ALLOT_MAPPING_OTHER, /* the kernel's own, devices: not memory to look at */
};

struct allot_mapping {
	uint64_t start, end;
	uint8_t kind; /* enum allot_mapping_kind */
	bool readable, writable, executable, shared;
};

/* What the kernel calls struct page_region. */
struct allot_pages {
	uint64_t start, end, categories;
};

struct allot_mappings {
	struct allot_mapping *list; /* by address */
	size_t count, size;         /* size: of the list's mapping, bytes */
	int pages[2];        /* /proc/…/pagemap: the process's own; of the one it was forked from. Negative: none */
	uint64_t first_page; /* of what entries[] holds */
	int entries_of;      /* which of the two; -1: nothing */
	uint32_t entry_count;
	uint64_t entries[512];
	struct allot_pages stretches[128]; /* instead, where the kernel tells all at once: what was touched … */
	uint32_t stretch_count;
	uint64_t most;               /* pages that are asked for at once; 0: as many as there are */
	uint64_t told_from, told_to; /* … of these addresses … */
	int told_of;                 /* … by which of the two; -1: nothing, -2: it cannot */
};

/* program: whose pagemap tells which shared pages were touched. 0 or a negative errno. Release it in any case. */
int allotp_mappings_read(struct allot_mappings *mappings, uint32_t program);
/* The same without a list, only for allotp_mappings_touched. */
void allotp_mappings_pages(struct allot_mappings *mappings, uint32_t program);
void allotp_mappings_release(struct allot_mappings *mappings);

/* The mapping that the address lies in, or NULL. */
const struct allot_mapping *allotp_mappings_find(const struct allot_mappings *mappings, uint64_t address);

/*
 * The first stretch of pages in [*start, *end) that the program may have written to: begins and ends it there, within one
 * mapping. False: there is none. Where the kernel does not tell, every page of what is writable is one.
 */
bool allotp_mappings_touched(struct allot_mappings *mappings, const struct allot_mapping *mapping, uint64_t *start,
			     uint64_t *end);

/* Makes what the program has protected against reading readable, in this process. False: it cannot be. */
bool allotp_mappings_open(struct allot_mapping *mapping);

/* Opens a file in /proc/PROCESS whose name is short. A descriptor or a negative errno. */
int allotp_mappings_file(uint32_t process, const char *name, int flags);

#endif
