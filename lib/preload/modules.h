/* SPDX-License-Identifier: MIT */
/*
 * Which module an address lies in. Modules are found when the first address of theirs turns up, by a look-up in the
 * loader's tables that takes no lock; so dlopen needs no hook, and its caller is not hidden from it. When code
 * is unloaded, its module is marked dead and keeps its path and build-id for the stacks already seen.
 */
#ifndef ALLOT_PRELOAD_MODULES_H
#define ALLOT_PRELOAD_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Something may have been unloaded: the next allocation checks first. Any thread, also before recording begins. */
void allotp_modules_suspect(void);

/* The module of an address, entered into the store if it is new; 0: in none. Async-signal-safe. */
uint32_t allotp_module_of(uintptr_t address);

/* Whether there is such a suspicion. */
bool allotp_modules_suspected(void);

/* Marks the modules that are gone as dead and moves the code epoch on, so that walkers forget what they know. */
void allotp_modules_check(void);

/* Code that was made at run time is gone: walkers forget what they know of it. */
void allotp_modules_code_gone(void);

/* Where the loader lies; empty before recording begins. */
struct allot_extent {
	uintptr_t start, size;
};
extern struct allot_extent allotp_modules_loader __attribute__((visibility("hidden")));

/* Whether an address lies in the loader itself: a free from there may be the end of an unloading. */
static inline bool allotp_modules_is_loader(uintptr_t address)
{
	return address - allotp_modules_loader.start < allotp_modules_loader.size;
}

/* Where the module of an address lies; empty if it is in none. Async-signal-safe. */
struct allot_extent allotp_modules_extent(uintptr_t address);

/* Notes where the loader lies; once, when recording begins. */
void allotp_modules_init(void);

#endif
