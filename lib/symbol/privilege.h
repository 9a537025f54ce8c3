/* SPDX-License-Identifier: MIT */
/* Whether executing a file gives it privileges that the caller lacks; the loader then ignores preloaded libraries. */
#ifndef ALLOT_SYMBOL_PRIVILEGE_H
#define ALLOT_SYMBOL_PRIVILEGE_H

#include <stddef.h>

enum allot_privilege {
	ALLOT_PRIVILEGE_NONE,
	ALLOT_PRIVILEGE_USELESS, /* the file could, but gives this caller nothing */
	ALLOT_PRIVILEGE_GIVEN,
};

/*
 * Judges as the kernel does for the calling process; what describes the file's privileges ("setuid root") goes into
 * text. A file that cannot be looked at gives none.
 */
enum allot_privilege allotp_privilege(const char *path, char *text, size_t size);

#endif
