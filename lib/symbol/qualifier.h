/* SPDX-License-Identifier: MIT */
/*
 * Full names for C++ functions that have no linkage name. gcc writes none for what other units cannot see: static
 * functions, unnamed namespaces, local classes, lambdas. "operator()" alone would tell nobody which of them it is.
 */
#ifndef ALLOT_SYMBOL_QUALIFIER_H
#define ALLOT_SYMBOL_QUALIFIER_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbol/names.h"
#include "symbol/ranges.h"

/* The namespaces, classes and functions of one unit that may hold others. Zeroed: not read yet. */
struct allot_qualifier {
	struct allot_container *items;
	uint32_t count, capacity;
	struct allot_ranges ranges; /* by offset of the DIEs: what a DIE holds comes between it and its sibling */
	bool read;
};

/*
 * The name, put into what holds the function, such as "(anonymous namespace)::name"; in a unit that is not C++, or if
 * the function was declared in another unit, the name alone. NULL: out of memory.
 */
const char *allotp_qualifier_name(struct allot_qualifier *qualifier, struct allot_names *names, Dwarf_Die *unit,
				  Dwarf_Die *function, const char *name);
void allotp_qualifier_release(struct allot_qualifier *qualifier);

/* The demangled linkage name of a function; NULL in *out if it has none. 0 or -ENOMEM. */
int allotp_linkage_name(struct allot_names *names, Dwarf_Die *function, const char **out);

#endif
