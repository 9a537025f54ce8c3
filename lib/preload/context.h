/* SPDX-License-Identifier: MIT */
/* A context: one ring's writing end, and the walker that remembers the last stack seen there. */
#ifndef ALLOT_PRELOAD_CONTEXT_H
#define ALLOT_PRELOAD_CONTEXT_H

#include "store/ring.h"
#include "unwind/walk.h"

enum { ALLOT_CONTEXT_NODES = 64, ALLOT_CONTEXT_BUDGETS = 64 };

struct allot_context {
	struct allot_producer producer;
	struct allot_walker *walker; /* memory[]; NULL: never used */
	uint32_t store;      /* which of this process's and its ancestors' stores the producer writes to */
	uint32_t generation; /* what allot_state's was when the walker began */
	uint64_t walks; /* counted in verify mode */
	/* of the slot, whichever thread has it, see scopes.h */
	uint32_t scopes_store; /* which store these are of */
	uint32_t budgets[ALLOT_CONTEXT_BUDGETS]; /* chains of them, by a hash */
	struct allot_context_node {
		uint64_t scope;
		uint32_t stack, node; /* 0: empty */
		uint32_t caller; /* of the innermost block's function, which the stack lies in */
	} nodes[ALLOT_CONTEXT_NODES]; /* what stacks in scopes were last, by a hash */
	_Alignas(64) unsigned char memory[];
};

#endif
