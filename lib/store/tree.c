/* SPDX-License-Identifier: MIT */
/*
 * The stack tree. A node that lies right behind its parent is found there. The index has the others: an open-addressing
 * hash table of node numbers. When it is three quarters full the next one, of twice the size, takes its place: the thread
 * that begins it copies the entries over, while others look into both; then the old one's memory is given back. So no
 * lookup ever needs a lock, and a node that falls between the two tables is merely added again.
 */
#include "store/tree.h"

#include <errno.h>
#include <sys/mman.h>

#include "common/sys.h"

enum {
	FIRST_BITS = 12,
	LEVELS = 16,
	/* An entry: the node's number, and above it some bits of its hash, so that few wrong nodes are looked at. */
	NUMBER_BITS = 26,
};

#define NUMBER_MASK ((1u << NUMBER_BITS) - 1)

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
	return allotp_store_need(store, ALLOT_REGION_INDEX, (level_size(level + 1) - level_size(0)) * sizeof(uint32_t));
}

static inline uint64_t hash(uint32_t parent, uint64_t address)
{
	uint64_t h = (address ^ (uint64_t)parent << 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

static inline uint32_t entry_of(uint64_t h, uint32_t number)
{
	return (uint32_t)(h >> 58) << NUMBER_BITS | number;
}

static inline uint64_t place_of(uint64_t h)
{
	return h >> 16;
}

static inline bool matches(const struct allot_store *store, uint32_t number, uint32_t parent, uint64_t address,
			   uint32_t flags)
{
	const struct allot_store_node *node = allotp_node(store, number);
	uint32_t module_flags;

	/* The parent is written last. */
	if (__atomic_load_n(&node->parent, __ATOMIC_ACQUIRE) != parent || node->address != address)
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

static uint32_t find_in(const struct allot_store *store, uint32_t level, uint64_t h, uint32_t parent, uint64_t address,
			uint32_t flags)
{
	const uint32_t *table = level_table(store, level);
	uint64_t mask = level_size(level) - 1, place = place_of(h);

	for (uint64_t i = 0; i <= mask; i++) {
		/* Partner of the exchange in put: a node that is in the table is complete. */
		uint32_t entry = __atomic_load_n(&table[(place + i) & mask], __ATOMIC_ACQUIRE);

		if (!entry)
			break;
		if (entry == entry_of(h, entry & NUMBER_MASK) &&
		    matches(store, entry & NUMBER_MASK, parent, address, flags))
			return entry & NUMBER_MASK;
	}
	return ALLOT_NODE_NONE;
}

/* The frames of a stack that was new lie one behind the other: many a child is right behind its parent. */
static inline bool is_behind(uint32_t parent, uint64_t number)
{
	return parent >= ALLOT_NODE_FIRST && number == (uint64_t)parent + 1;
}

/* Whether what lies there is that child. */
static inline bool is_next(const struct allot_store *store, uint32_t parent, uint64_t address, uint32_t flags)
{
	return parent >= ALLOT_NODE_FIRST &&
	       allotp_store_has(store, ALLOT_REGION_NODES, ((uint64_t)parent + 2) * sizeof(struct allot_store_node)) &&
	       matches(store, parent + 1, parent, address, flags);
}

uint32_t allotp_tree_find(const struct allot_store *store, uint32_t parent, uint64_t address, uint32_t flags)
{
	uint32_t level, node;
	uint64_t h;

	if (is_next(store, parent, address, flags))
		return parent + 1;
	h = hash(parent, address);
	level = __atomic_load_n(&store->header->index_level, __ATOMIC_ACQUIRE);
	node = find_in(store, level, h, parent, address, flags);

	if (node == ALLOT_NODE_NONE && level &&
	    __builtin_expect(__atomic_load_n(&store->header->index_moving, __ATOMIC_ACQUIRE), 0))
		node = find_in(store, level - 1, h, parent, address, flags);
	return node;
}

/*
 * Puts a node into a table. Returns it, or the node that somebody else put there for the same child first, if the caller
 * cares (parent is not NONE).
 */
static uint32_t put(struct allot_store *store, uint32_t level, uint64_t h, uint32_t number, uint32_t parent,
		    uint64_t address, uint32_t flags)
{
	uint32_t *table = level_table(store, level);
	uint64_t mask = level_size(level) - 1;

	for (uint64_t i = place_of(h);; i++) {
		uint32_t found = __atomic_load_n(&table[i & mask], __ATOMIC_ACQUIRE);

		if (!found && __atomic_compare_exchange_n(&table[i & mask], &found, entry_of(h, number), false,
							  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return number;
		if (parent != ALLOT_NODE_NONE && found == entry_of(h, found & NUMBER_MASK) &&
		    matches(store, found & NUMBER_MASK, parent, address, flags))
			return found & NUMBER_MASK;
	}
}

/*
 * Makes the next level the one in use, copies all entries over, and gives the memory of the old table back. The new table
 * counts as half full from the start: what others put into it meanwhile must not take the room that the copies need.
 */
static void move_up(struct allot_store *store, uint32_t level)
{
	struct allot_header *header = store->header;
	const uint32_t *table = level_table(store, level);
	uint64_t size = level_size(level), moved = 0;

	__atomic_fetch_add(&header->index_used[level + 1], (uint32_t)size, __ATOMIC_RELAXED);
	__atomic_store_n(&header->index_level, level + 1, __ATOMIC_RELEASE);
	for (uint64_t i = 0; i < size; i++) {
		uint32_t number = __atomic_load_n(&table[i], __ATOMIC_ACQUIRE) & NUMBER_MASK;
		const struct allot_store_node *node = allotp_node(store, number);

		if (!number)
			continue;
		put(store, level + 1, hash(node->parent, node->address), number, ALLOT_NODE_NONE, 0, 0);
		moved++;
	}
	__atomic_fetch_sub(&header->index_used[level + 1], (uint32_t)(size - moved), __ATOMIC_RELAXED);
	__atomic_store_n(&header->index_moving, 0, __ATOMIC_RELEASE);
	/* Whoever still looks there finds nothing, and adds its node again. */
	allotp_sys_madvise(level_table(store, level), size * sizeof(uint32_t), MADV_REMOVE);
}

/* All tables are full, and the thread that makes the next one has not come to it yet. */
enum { NO_TABLE = LEVELS };

/* The table that takes a new node, or NO_TABLE; -1 when there is no memory for another. */
static int level_with_room(struct allot_store *store)
{
	struct allot_header *header = store->header;

	for (;;) {
		uint32_t level = __atomic_load_n(&header->index_level, __ATOMIC_ACQUIRE), none = 0;
		uint32_t used = __atomic_fetch_add(&header->index_used[level], 1, __ATOMIC_RELAXED);

		if (used < level_size(level) / 4 * 3)
			return (int)level;
		/* One thread makes the next table; meanwhile the others have most of a quarter of this one left. */
		if (!__atomic_compare_exchange_n(&header->index_moving, &none, 1, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED)) {
			if (used < level_size(level) / 16 * 15)
				return (int)level;
			__atomic_fetch_sub(&header->index_used[level], 1, __ATOMIC_RELAXED);
			return NO_TABLE;
		}
		__atomic_fetch_sub(&header->index_used[level], 1, __ATOMIC_RELAXED);
		/* Another thread may have made it in the meantime. */
		if (__atomic_load_n(&header->index_level, __ATOMIC_ACQUIRE) != level) {
			__atomic_store_n(&header->index_moving, 0, __ATOMIC_RELEASE);
		} else if (commit_level(store, level + 1)) {
			__atomic_store_n(&header->index_moving, 0, __ATOMIC_RELEASE);
			return -1;
		} else {
			move_up(store, level);
		}
	}
}

uint32_t allotp_tree_insert(struct allot_store *store, uint32_t parent, uint64_t address, uint32_t module,
			    uint32_t flags)
{
	uint64_t number = __atomic_load_n(&store->header->node_count, __ATOMIC_RELAXED);
	struct allot_store_node *node;
	int level = NO_TABLE;

	if (!is_behind(parent, number)) {
		/* Another thread may be adding the same stack. */
		if (is_next(store, parent, address, flags))
			return parent + 1;
		level = level_with_room(store);
	}
	if (level < 0)
		return ALLOT_NODE_NONE;
	number = __atomic_fetch_add(&store->header->node_count, 1, __ATOMIC_RELAXED);
	if (number > NUMBER_MASK ||
	    allotp_store_need(store, ALLOT_REGION_NODES, (number + 1) * sizeof(struct allot_store_node)))
		return ALLOT_NODE_NONE;
	node = allotp_node(store, number);
	node->address = address;
	node->module_flags = module << ALLOT_NODE_FLAG_BITS | flags;
	__atomic_store_n(&node->parent, parent, __ATOMIC_RELEASE);
	if (is_behind(parent, number))
		return (uint32_t)number;
	/* Somebody else may have taken the number behind the parent. */
	if (level == NO_TABLE)
		level = level_with_room(store);
	/* A node that is in no table is merely added again when it is next looked for. */
	if (level < 0 || level == NO_TABLE)
		return (uint32_t)number;
	return put(store, (uint32_t)level, hash(parent, address), (uint32_t)number, parent, address, flags);
}
