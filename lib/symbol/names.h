/* SPDX-License-Identifier: MIT */
/*
 * Keeps one copy of each function and file name, so that equal names have equal pointers, and remembers what
 * each raw name was turned into: demangling the same template once per address would dominate a report.
 */
#ifndef ALLOT_SYMBOL_NAMES_H
#define ALLOT_SYMBOL_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct allot_name {
	uint32_t hash;
	const char *raw;   /* NULL: empty place */
	const char *shown; /* what it became; raw itself in the table of shown names */
};

struct allot_name_table {
	struct allot_name *places; /* a power of two, at most half full */
	size_t capacity, count;
};

struct allot_names {
	struct allot_name_table shown, functions, files;
	struct allot_name_chunk *chunks; /* memory of the strings */
};

void allotp_names_release(struct allot_names *names);

/* All return a string that lives as long as names, the same pointer for the same text; NULL: out of memory. */
const char *allotp_names_plain(struct allot_names *names, const char *text);
/* From a linkage name: demangled, without a symbol version ("@@GLIBC_2.2.5") and libc's "__GI_" for hidden aliases. */
const char *allotp_names_function(struct allot_names *names, const char *linkage);
/* From a path as the compiler recorded it: without "//", "/./" and "dir/..". */
const char *allotp_names_file(struct allot_names *names, const char *path);

/* The path work of the above, in place. */
void allotp_path_normalize(char *path);

#endif
