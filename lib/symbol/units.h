/* SPDX-License-Identifier: MIT */
/*
 * Functions, inlined calls and lines by address, from DWARF through libdw. Tables are made as they are asked
 * for: one of the compilation units, one of the functions of each unit that an address falls into, one of the
 * inlined calls of each such function. libdw's own search (dwarf_getscopes) would read the unit anew each time.
 */
#ifndef ALLOT_SYMBOL_UNITS_H
#define ALLOT_SYMBOL_UNITS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbol/names.h"
#include "symbol/progress.h"

struct allot_units;

/* A source-level frame; strings belong to the names given to allotp_units_new, NULL and 0: unknown. */
struct allot_place {
	const char *function, *file;
	uint32_t line;
};

struct allot_places {
	struct allot_place *items; /* innermost first */
	uint32_t count, capacity;
};

/* Appends one. 0 or -ENOMEM. */
int allotp_places_add(struct allot_places *places, struct allot_place place);

/*
 * Code outside [low, high) is what the linker threw away, and is left out. dwarf, names and progress must
 * outlive the result. 0 and *out, or a negative errno (-ENOENT: the file describes no code).
 */
int allotp_units_new(Dwarf *dwarf, uint64_t low, uint64_t high, struct allot_names *names,
		     struct allot_progress *progress, struct allot_units **out);
void allotp_units_free(struct allot_units *units);

/*
 * Appends the frames of an address, innermost first; none if no unit knows it. The last one's function is NULL
 * if the unit has lines for the address, but no function. 0 or -ENOMEM.
 */
int allotp_units_find(struct allot_units *units, uint64_t address, struct allot_places *places);

/*
 * The DIEs of the calls inlined at an address, innermost first, then of the function; at most `capacity`. *count says how many.
 * 0 or -ENOMEM.
 */
int allotp_units_scopes(struct allot_units *units, uint64_t address, Dwarf_Die *scopes, uint32_t capacity,
			uint32_t *count);

/* Calls visit for each unit with code, until it returns true. */
typedef bool allot_unit_fn(void *context, Dwarf_Die *unit);
void allotp_units_each(struct allot_units *units, allot_unit_fn *visit, void *context);

#endif
