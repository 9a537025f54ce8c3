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
	uint64_t eh_frame;     /* not 0: the section itself, of code that was made at run time; then that is all of it */
};

/* The loaded file that holds the address, or else what a JIT compiler has registered for it. Returns 0, or -ENOENT. */
int allotp_object_find(uint64_t address, struct allotp_object *out);

/* Whether [address, address + size) lies in the object and can be read. */
bool allotp_object_readable(const struct allotp_object *object, uint64_t address, uint64_t size);

/* Whether the address lies in some loaded file; its code is then neither JIT-compiled nor unmapped. */
bool allotp_object_known(uint64_t address);

#endif
