/* SPDX-License-Identifier: MIT */
/*
 * The unwind data that JIT compilers hand to libgcc at run time (__register_frame): LuaJIT's, those made with LLVM. All
 * functions: any thread, no lock, no allocation.
 */
#ifndef ALLOT_UNWIND_REGISTERED_H
#define ALLOT_UNWIND_REGISTERED_H

#include "unwind/object.h"

#include <stdbool.h>

/* Notes an .eh_frame section in memory, as __register_frame takes it. What there is no room for is left out. */
void allotp_registered_add(const void *eh_frame);

/* Forgets it. True if it was known: what walkers know of code is out of date then; see allotp_walk_code_unloaded. */
bool allotp_registered_remove(const void *eh_frame);

/* The section that may cover the address, as an object. Returns 0, or -ENOENT. */
int allotp_registered_find(uint64_t address, struct allotp_object *out);

#endif
