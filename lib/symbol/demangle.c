/* SPDX-License-Identifier: MIT */
/* Turns linkage names into what the programmer wrote, by libiberty: C++, Rust (legacy and v0). */
#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/symbol.h"

char *allotp_demangle(const char *name)
{
	/* Only these prefixes: in automatic style libiberty would also take a C function `_D5counti` for D. */
	if (!strncmp(name, "_Z", 2) || !strncmp(name, "_R", 2) || !strncmp(name, "__Z", 3)) {
		char *readable = cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);

		if (readable)
			return readable;
	}
	return strdup(name);
}
