/* SPDX-License-Identifier: MIT */
/* Which frames say nothing about who wanted the memory: allot's own, and the allocation functions themselves. */
#ifndef ALLOT_SYMBOL_ALLOCATOR_H
#define ALLOT_SYMBOL_ALLOCATOR_H

#include <stdbool.h>

/* function is demangled; function and file may be NULL. */
bool allotp_is_allocator(const char *module_path, const char *function, const char *file);

#endif
