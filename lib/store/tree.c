/* SPDX-License-Identifier: MIT */
/*
 * The stack tree. The index is a row of open-addressing hash tables, each twice the size of the one before. New
 * nodes go to the newest table; when that is three quarters full the next one begins. Nothing is ever moved,
 * so a lookup needs no lock: it asks the newest table first, where most nodes are.
 */
#include "store/tree.h"

#include <errno.h>

enum { FIRST_BITS = 12, LEVELS = 18 };

static uint64_t level_size(uint32_t level)
{
	return UINT64_C(1) << (FIRST_BITS + level);
}

static uint32_t *level_table(const struct allot_store *store, uint32_t level)
{
	return (uint32_t *)(void *)store->region[ALLOT_REGION_INDEX] + (level_size(level) - level_size(0));
}

static int commit_level(struct allot_store *store, uint32_t level)
{
	if (level >= LEVELS)
		return -ENOSPC;
	return allotp_store_need(store, ALLOT_REGION_INDEX,
				 (level_size(level + 1) - level_size(0)) * sizeof(uint32_t));
}

static uint64_t hash(uint32_t parent, uint64_t address)
{
	uint64_t h = (address ^ (uint64_t)parent << 40 ^ parent) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 32;
	return h * UINT64_C(0xd6e8feb86659fd93) >> 16;
}

static bool matches(const struct allot_store *store, uint32_t number, uint32_t parent, uint64_t address, uint32_t flags)
{
	const struct allot_store_node *node = allotp_node(store, number);
	uint32_t module_flags;

	if (node->address != address || node->parent != parent)
		return false;
	module_flags = node->module_flags;
	if ((module_flags & ((1u << ALLOT_NODE_FLAG_BITS) - 1)) != flags)
		return false;
	/* Another library may lie there by now. */
	return !__atomic_load_n(&allotp_module(store, module_flags >> ALLOT_NODE_FLAG_BITS)->dead, __ATOMIC_ACQUIRE);
}

int allotp_tree_init(struct allot_store *store)
{
	int result = commit_level(store, 0);

	if (!result)
		result = allotp_store_need(store, ALLOT_REGION_NODES,
					   ALLOT_NODE_FIRST * sizeof(struct allot_store_node));
	if (!result)
		result = allotp_store_need(store, ALLOT_REGION_MODULES, sizeof(struct allot_store_module));
	if (result)
		return result;
	store->header->node_count = ALLOT_NODE_FIRST;
	store->header->module_count = 1; /* 0: in no module */
	store->header->index_level = 0;
	return 0;
}

uint32_t allotp_tree_find(const struct allot_store *store, uint32_t parent, uint64_t address, uint32_t flags)
{
	uint64_t h = hash(parent, address);
	uint32_t level = __atomic_load_n(&store->header->index_level, __ATOMIC_ACQUIRE);

	for (;; level--) {
		const uint32_t *table = level_table(store, level);
		uint64_t mask = level_size(level) - 1;

		for (uint64_t i = 0; i <= mask; i++) {
			/* Partner of the exchange in insert: a node that is in the table is complete. */
			uint32_t number = __atomic_load_n(&table[(h + i) & mask], __ATOMIC_ACQUIRE);

			if (!number)
				break;
			if (matches(store, number, parent, address, flags))
				return number;
		}
		if (!level)
			return ALLOT_NODE_NONE;
	}
}

/* The table that takes new nodes, or -1 when there is no memory for another. */
static int level_with_room(struct allot_store *store)
{
	struct allot_header *header = store->header;

	for (;;) {
		uint32_t level = __atomic_load_n(&header->index_level, __ATOMIC_ACQUIRE);
		uint32_t used = __atomic_fetch_add(&header->index_used[level], 1, __ATOMIC_RELAXED);

		if (used < level_size(level) / 4 * 3)
			return (int)level;
		__atomic_fetch_sub(&header->index_used[level], 1, __ATOMIC_RELAXED);
		if (commit_level(store, level + 1))
			return -1;
		__atomic_compare_exchange_n(&header->index_level, &level, level + 1, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	}
}

uint32_t allotp_tree_insert(struct allot_store *store, uint32_t parent, uint64_t address, uint32_t module,
			    uint32_t flags)
{
	int level = level_with_room(store);
	struct allot_store_node *node;
	uint64_t number, h, mask;
	uint32_t *table;

	if (level < 0)
		return ALLOT_NODE_NONE;
	number = __atomic_fetch_add(&store->header->node_count, 1, __ATOMIC_RELAXED);
	if (number >= UINT32_MAX ||
	    allotp_store_need(store, ALLOT_REGION_NODES, (number + 1) * sizeof(struct allot_store_node)))
		return ALLOT_NODE_NONE;
	node = allotp_node(store, number);
	node->address = address;
	node->parent = parent;
	node->module_flags = module << ALLOT_NODE_FLAG_BITS | flags;
	h = hash(parent, address);
	table = level_table(store, (uint32_t)level);
	mask = level_size((uint32_t)level) - 1;
	for (uint64_t i = h;; i++) {
		uint32_t found = 0;

		if (__atomic_compare_exchange_n(&table[i & mask], &found, (uint32_t)number, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return (uint32_t)number;
		/* Somebody was faster with this very child; the new node stays behind unused. */
		if (matches(store, found, parent, address, flags))
			return found;
	}
}
