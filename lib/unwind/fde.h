/* SPDX-License-Identifier: MIT */
/* Finds the frame description entry (FDE) of a program counter in a loaded file, and takes it apart. */
#ifndef ALLOT_UNWIND_FDE_H
#define ALLOT_UNWIND_FDE_H

#include "unwind/cursor.h"
#include "unwind/object.h"

/* An FDE together with what it shares with others, its common information entry (CIE). */
struct allotp_fde {
	uint64_t start, end;          /* the code it describes: [start, end) */
	struct allotp_cursor initial; /* the CIE's program, then */
	struct allotp_cursor program; /* the FDE's own */
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding; /* of code addresses in the programs */
	bool signal;              /* this is what a signal handler returns to */
};

/* What an .eh_frame section covers. */
struct allotp_fde_extent {
	uint64_t end;            /* of the section */
	uint64_t code, code_end; /* from the first code to the last that it describes */
};

/* Reads the .eh_frame section at an address, up to the entry that ends it. Returns 0, -ENOENT if it describes no code, or -EBADMSG. */
int allotp_fde_extent(uint64_t address, struct allotp_fde_extent *out);

/*
 * Finds the FDE by the table in .eh_frame_hdr or, where that has none, by reading .eh_frame from its start. Takes
 * nothing in the file for granted. Returns 0 and *out, -ENOENT if there is none for pc, or -EBADMSG if the
 * unwind data is damaged or of a kind that is not known.
 */
int allotp_fde_find(const struct allotp_object *object, uint64_t pc, struct allotp_fde *out);

#endif
