/* SPDX-License-Identifier: MIT */
/*
 * The names of functions and modules without what changes from build to build, so that a function is known again after a
 * rebuild, an update, or another choice of the compiler.
 */
#ifndef ALLOT_GATE_FOLD_H
#define ALLOT_GATE_FOLD_H

#include <stdbool.h>

/*
 * The base name of a module's path without its version: "libfoo" for "/usr/lib/libfoo-2.0.so.7", "prog" for "prog-1.2" and
 * for libtool's ".libs/lt-prog". "" for "". malloc'ed; NULL: out of memory.
 */
char *allotp_fold_module(const char *path);

/*
 * The name of a function without its parameters, and without the suffixes of the copies that compilers make (.part.0,
 * .isra.0, .constprop.0, .cold, "[clone .lto_priv.0]"): what is left of "parse(int, char**) const [clone .isra.0]" is
 * "parse". In the C library also without what only names another entry to the same function: "strdup" for "__strdup",
 * "printf" for "__printf_chk", "fopen" for "_IO_new_fopen" and for "fopen64". malloc'ed; NULL: out of memory.
 */
char *allotp_fold_function(const char *name, bool of_libc);

/* Is the folded name one of the C library's modules, the dynamic linker included? */
bool allotp_is_libc(const char *module);

#endif
