/* SPDX-License-Identifier: MIT */
/*
 * The stack tree: one node for each (caller's node, address). Producers look nodes up and add them, lock-free
 * and async-signal-safe. Two threads may add the same child at once and get two nodes; freeze merges them.
 */
#ifndef ALLOT_STORE_TREE_H
#define ALLOT_STORE_TREE_H

#include "snapshot/snapshot.h"
#include "store/store.h"

#define ALLOT_NODE_FLAG_BITS 8

/* Sets up the special nodes and the first hash table. Once, before any thread records. */
int allotp_tree_init(struct allot_store *store);

/* The child of parent at address with these flags, in a module that is still loaded; ALLOT_NODE_NONE: not there. */
uint32_t allotp_tree_find(const struct allot_store *store, uint32_t parent, uint64_t address, uint32_t flags);

/* Adds that child, after a find that failed, or if the parent was just added, too. ALLOT_NODE_NONE: the store is full. */
uint32_t allotp_tree_insert(struct allot_store *store, uint32_t parent, uint64_t address, uint32_t module,
			    uint32_t flags);

#endif
