/* SPDX-License-Identifier: MIT */
/*
 * The regions and budgets that a thread is in: a stack of entries, kept in memory of ours, so that those which were left by
 * longjmp can be told by where on the thread's stack they began.
 */
#ifndef ALLOT_PRELOAD_SCOPES_H
#define ALLOT_PRELOAD_SCOPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/context.h"

/* Where something begins: what tells when it has gone. */
struct allot_scope_place {
	const void *guard;             /* a variable of the block; NULL: begun by a call, and ended by one */
	const void *frame;             /* of the function that the block is in */
	struct allot_walk_start start; /* that function, calling */
};

/*
 * The thread is in a region from now on. The name has to stay as it is until the end. Returns what ends it; 0: the process
 * does not record, or there is no room.
 */
uint64_t allotp_scopes_enter(const char *name, const struct allot_scope_place *place);

/*
 * The same for a budget of that place in the code; *number is the store's number of it. -ENODATA: the process does not record;
 * -ENOSPC: there is no room, or it is nested too deep.
 */
int allotp_scopes_enter_budget(uint64_t code, const struct allot_scope_place *place, uint64_t *entry);

/* Ends what enter has returned, and all inside of it. Returns the number of the budget; 0: a region, or gone already. */
uint32_t allotp_scopes_leave(uint64_t entry);

/*
 * The node of a stack in the thread's regions and budgets; sp is the stack pointer where it was walked from. Those that the
 * stack does not lie in are gone. For a thread that is in some.
 */
uint32_t allotp_scopes_node(struct allot_context *context, uint32_t stack, uintptr_t sp);

/* With a context that was just given to the thread: if it is of another store, what the thread is in is entered there, too. */
void allotp_scopes_renew(struct allot_context *context);

/* The thread ends. */
void allotp_scopes_end(void);

#endif
