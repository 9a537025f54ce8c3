/* SPDX-License-Identifier: MIT */
/*
 * Names, scopes and budgets as the threads of the traced program find and make them. Lock-free and async-signal-safe;
 * none of them ever goes away.
 */
#ifndef ALLOT_STORE_SCOPE_H
#define ALLOT_STORE_SCOPE_H

#include "snapshot/snapshot.h"
#include "store/store.h"

/* The number of a name: the first ALLOT_NAME_SIZE bytes of the text. 0: the text is empty, or the store has no room. */
uint32_t allotp_name_of(struct allot_store *store, const char *text);

/*
 * The scope of that name inside of another, or inside of none (0). The same name again is the same scope: a region
 * that enters itself goes on. 0: there is no room, or it would be ALLOT_NESTING deep; which is counted.
 */
uint32_t allotp_scope_of(struct allot_store *store, uint32_t parent, const char *name);

/*
 * A budget for a place in the code, inside of another or of none (0); *head is a chain of the calling thread's budgets. One
 * that nothing is live of is taken again, else a new one; `clean` is called once if it takes a drain to know. 0: no
 * room, or too deep.
 */
typedef void allot_budget_clean(void);
uint32_t allotp_budget_of(struct allot_store *store, uint32_t *head, uint64_t place, uint32_t parent,
			  allot_budget_clean *clean);

/* What stands for a stack in a scope and a budget: a node whose parent is the stack's. ALLOT_NODE_NONE: no room. */
uint32_t allotp_scope_node(struct allot_store *store, uint32_t stack, uint32_t scope, uint32_t budget);

/* The stack itself, of what may be such a node. */
static inline uint32_t allotp_scope_stack(const struct allot_store *store, uint32_t node)
{
	return node >= ALLOT_NODE_FIRST && allotp_node(store, node)->module_flags == ALLOT_NODE_SCOPE
		       ? allotp_node(store, node)->parent
		       : node;
}

#endif
