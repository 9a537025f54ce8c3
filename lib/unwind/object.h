/* SPDX-License-Identifier: MIT */
/*
 * Finds the unwind data of a program counter without taking the loader's lock, and says which parts of the
 * loaded file can be read without a fault.
 */
#ifndef ALLOT_UNWIND_OBJECT_H
#define ALLOT_UNWIND_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

/* A loaded ELF file. Made for one look-up and then thrown away: it may be unloaded at any time. */
struct allotp_object {
	uint64_t start, end;   /* all of it; may have holes that can't be read */
	uint64_t low, high;    /* a part that can be read, the segment of .eh_frame_hdr; both 0: not known */
	uint64_t eh_frame_hdr; /* 0: it has none */
};

/*
 * The caller's own table of loaded files, for a C library without _dl_find_object (glibc before 2.35, musl).
 * Fills in start, end and eh_frame_hdr and returns 0; returns -ENOENT if the address is in none of them. Is called
 * on any thread, inside the hooks, so it may neither allocate nor lock.
 */
typedef int allotp_object_finder(uint64_t address, struct allotp_object *out);

/* To be set before the first walk. Is not asked where there is _dl_find_object. */
void allotp_object_set_finder(allotp_object_finder *finder);

/* The loaded file that holds the address. Returns 0, or -ENOENT. */
int allotp_object_find(uint64_t address, struct allotp_object *out);

/*
 * Where the program itself lies, from its first segment to its last, given by how far it was moved from the addresses in
 * its file. The loader knows a program whose segments have gaps between them only piece by piece.
 */
void allotp_object_program(uint64_t bias, uint64_t *start, uint64_t *end);

/* Whether [address, address + size) lies in the object and can be read. */
bool allotp_object_readable(const struct allotp_object *object, uint64_t address, uint64_t size);

/* Whether the address lies in some loaded file; its code is then neither JIT-compiled nor unmapped. */
bool allotp_object_known(uint64_t address);

#endif
