/* SPDX-License-Identifier: MIT */
/*
 * The loaded ELF files of this process, found without the loader's lock: any thread, async-signal-safe, no allocation.
 * configure chooses who knows them: loaded-find.c asks the loader by _dl_find_object; loaded-maps.c, for a C library without
 * that (glibc before 2.35), reads /proc/self/maps.
 */
#ifndef ALLOT_UNWIND_LOADED_H
#define ALLOT_UNWIND_LOADED_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Made for one look-up and then thrown away: the file may be unloaded at any time. */
struct allotp_loaded {
	uint64_t start, end;   /* all of it; may have holes that can't be read */
	uint64_t eh_frame_hdr; /* 0: it has none */
	uint64_t bias;         /* how far it was moved from the addresses in its file */
	uint64_t identity;     /* another file at the same place has another */
	const char
		*name; /* as it was loaded, the path may be relative; "": the program; NULL: /proc/self/maps has it */
};

/* The file that holds the address. Returns 0, or -ENOENT. */
int allotp_loaded_find(uint64_t address, struct allotp_loaded *out);

/* Code may have been unloaded: what is remembered of loaded files is compared with what there is. */
void allotp_loaded_check(void);

/* From where to where the segments are that are loaded, as the file says: from the start of a page. False: there are none. */
bool allotp_loaded_span(const ElfW(Phdr) * headers, size_t count, uint64_t *low, uint64_t *high);

/*
 * Where the program itself lies, from its first segment to its last, by its bias. The loader knows a program whose segments
 * have gaps between them only piece by piece. Leaves the outputs alone if there are no program headers.
 */
void allotp_loaded_program(uint64_t bias, uint64_t *start, uint64_t *end);

#endif
