/* SPDX-License-Identifier: MIT */
/*
 * What lies at an address of a module's data, or at an offset in a block, as far as symbol tables and debug information tell.
 * They are read anew for each question: those who ask have few.
 */
#ifndef ALLOT_SYMBOL_DATA_H
#define ALLOT_SYMBOL_DATA_H

#include "symbol/object.h"
#include "symbol/symbol.h"

/* Strings live as long as the resolver. */
struct allot_datum {
	const char *name;  /* of the variable; NULL: not known */
	uint64_t offset;   /* in it */
	const char *field; /* what is at that offset: "slots[3].next"; NULL: not known, or the variable is no struct */
};

/*
 * The variable at an address of the process, in a module; for a thread-local one the address is its place in the module's part.
 * 0 or -ENOMEM.
 */
int allotp_resolve_datum(struct allot_resolver *resolver, uint32_t module, uint64_t address, bool thread_local,
			 struct allot_datum *datum);

/*
 * The field at an offset of a block, and the name of the block's type: NULL where debug information leaves a doubt, see types.h.
 * node: of the frame that called the allocation function. Of functions that return void * and know no struct, such as xmalloc,
 * it is their callers that count. 0 or -ENOMEM.
 */
int allotp_resolve_field(struct allot_resolver *resolver, uint32_t node, uint64_t size, uint64_t offset,
			 const char **field, const char **type);

/* ---- between the files of this folder ---- */

/* The file of a module, and the names that its strings are to be put in. 0 or -ENOMEM. */
int allotp_resolver_object(struct allot_resolver *resolver, uint32_t module, struct allot_object **object,
			   struct allot_names **names);
const struct allot_snapshot *allotp_resolver_snapshot(const struct allot_resolver *resolver);

#endif
