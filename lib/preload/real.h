/* SPDX-License-Identifier: MIT */
/* The functions behind the hooks: what the program would have called without us. */
#ifndef ALLOT_PRELOAD_REAL_H
#define ALLOT_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/sys.h"

struct allot_real {
#define ALLOT_HOOK(result, name, parameters) result(*name) parameters;
#include "preload/hooks.def"
#undef ALLOT_HOOK
};

extern struct allot_real allotp_real __attribute__((visibility("hidden")));

/* What libc tells debuggers of its struct pthread: where a thread's number is, and the function that it began with; or 0. */
extern uint32_t allotp_real_thread_tid, allotp_real_thread_start;

/*
 * Looks all functions up, once. False while that goes on, in this thread (dlsym allocates) or another: the
 * caller takes bootstrap memory then.
 */
bool allotp_real_resolve(void);

/* Whether the allocator is known. */
static inline bool allotp_real_ready(void)
{
	return __builtin_expect(allotp_real.malloc != NULL, 1) || allotp_real_resolve();
}

/* Looks one function up again, which came with a library opened later, e.g. libstdc++ behind a plugin. */
void *allotp_real_find_cxx(const char *name);

#endif
