/* SPDX-License-Identifier: MIT */
/*
 * Addresses to functions, files and lines. A resolver serves one snapshot: symbols that the snapshot
 * carries come first, then the modules' files on this machine (checked by build-id), separate debug files, and
 * debuginfod when DEBUGINFOD_URLS is set.
 */
#ifndef ALLOT_SYMBOL_SYMBOL_H
#define ALLOT_SYMBOL_SYMBOL_H

#include <allot/snapshot.h>

#include "snapshot/snapshot.h"

struct allot_resolver;

/* How well a module's names are known, for the trust header and `allot info`. */
enum allot_module_symbols {
	ALLOT_SYMBOLS_UNTRIED,
	ALLOT_SYMBOLS_FULL,    /* debug information: functions, files, lines */
	ALLOT_SYMBOLS_TABLE,   /* a symbol table only: functions */
	ALLOT_SYMBOLS_DYNAMIC, /* stripped: exported functions */
	ALLOT_SYMBOLS_MISSING, /* the file is not there */
	ALLOT_SYMBOLS_REBUILT, /* the file is there, but with another build-id: not used */
	ALLOT_SYMBOLS_NONE,    /* the file is there and has no names at all */
};

/* Returns 0 and *out, or a negative errno. The snapshot must outlive the resolver. progress may be NULL. */
int allotp_resolver_new(const struct allot_snapshot *snapshot, allot_progress_fn *progress, void *context,
			struct allot_resolver **out);
/* The same with debug information that was read ahead. On success it is the resolver's, and what ahead points to is empty. */
struct allot_ahead;
int allotp_resolver_new_ahead(const struct allot_snapshot *snapshot, allot_progress_fn *progress, void *context,
			      struct allot_ahead *ahead, struct allot_resolver **out);
void allotp_resolver_free(struct allot_resolver *resolver);

/*
 * Where separate debug files are looked for, in the syntax of libdwfl.h's "standard callbacks"; by default
 * ":.debug:/usr/lib/debug". To be called before the first look-up. 0 or -ENOMEM.
 */
int allotp_resolver_set_debug_path(struct allot_resolver *resolver, const char *path);

/*
 * The frames of a node, innermost first, at least one: inlined calls come before the function that holds them;
 * allocation functions that were inlined into their caller are left out. What is unknown is NULL or 0 in the frame.
 * The result lives as long as the resolver, and the same node (or another node with the same module, address and
 * signal flag) gives the same pointer, so pointers may be compared. Strings are shared: two frames of the same
 * function and file in one resolver have equal pointers. Returns NULL only when out of memory.
 */
const struct allot_symbol *allotp_resolve(struct allot_resolver *resolver, uint32_t node);

/* True if the frame belongs to allot itself or is libc's/libstdc++'s allocation function (malloc, operator new, …). */
bool allotp_symbol_is_allocator(const struct allot_resolver *resolver, const struct allot_symbol *symbol);

/* As far as is known: a module is tried when the first of its addresses is looked up in vain in the snapshot. */
enum allot_module_symbols allotp_module_symbols(struct allot_resolver *resolver, uint32_t module);

/*
 * Copies all symbols resolved so far that have a name into the snapshot, so that writing it keeps them; what it
 * carried before stays. 0 or -ENOMEM.
 */
int allotp_resolver_keep(struct allot_resolver *resolver, struct allot_snapshot *snapshot);

/* Demangles C++ and Rust (legacy and v0) names; returns a malloc'ed string, never NULL unless out of memory. */
char *allotp_demangle(const char *name);

#endif
