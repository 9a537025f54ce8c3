/* SPDX-License-Identifier: MIT */
/* The store's stack tree to the snapshot's: only what sites need, each frame once, parents first. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

/* In renumbered[], before the node has its new number. */
#define REACHED UINT32_MAX

static void fetch_node(const struct allot_view *view, uint64_t index, struct allot_store_node *node)
{
	allotp_view_fetch(view, ALLOT_REGION_NODES, index, node, sizeof(*node));
}

int allotp_freeze_tree_open(struct allot_freeze_tree *tree, const struct allot_view *view)
{
	uint64_t count =
		allotp_view_filled(view, ALLOT_REGION_NODES, view->header->node_count, sizeof(struct allot_store_node));

	/* node numbers have 32 bits, and the highest is taken for REACHED */
	if (count > UINT32_MAX)
		return -EFBIG;
	if (count < ALLOT_NODE_FIRST)
		count = ALLOT_NODE_FIRST; /* these are never fetched */
	tree->renumbered = calloc(count, sizeof(*tree->renumbered));
	if (!tree->renumbered)
		return -ENOMEM;
	tree->count = count;
	tree->reached = 0;
	for (uint32_t i = 0; i < ALLOT_NODE_FIRST; i++)
		tree->renumbered[i] = i;
	return 0;
}

void allotp_freeze_tree_close(struct allot_freeze_tree *tree)
{
	free(tree->renumbered);
	tree->renumbered = NULL;
}

void allotp_freeze_tree_reach(struct allot_freeze_tree *tree, const struct allot_view *view, uint32_t stack)
{
	while (stack >= ALLOT_NODE_FIRST && !tree->renumbered[stack]) {
		struct allot_store_node node;

		tree->renumbered[stack] = REACHED;
		tree->reached++;
		fetch_node(view, stack, &node);
		if (node.parent >= stack)
			return; /* counted when it is copied */
		stack = node.parent;
	}
}

/* A node with the snapshot's numbers in it. What is wrong with it ends the stack there, or loses its module. */
static struct allot_node renumber(const struct allot_freeze_tree *tree, struct allot_view *view, uint64_t index,
				  const struct allot_store_node *stored, uint32_t module_count)
{
	struct allot_node node = {
		.address = stored->address,
		.parent = ALLOT_NODE_TRUNCATED,
		.module = stored->module_flags >> 8,
		.flags = stored->module_flags & ALLOT_NODE_SIGNAL,
	};

	if (stored->parent >= index || (stored->parent && !tree->renumbered[stored->parent]))
		view->corrupt++;
	else
		node.parent = tree->renumbered[stored->parent];
	if (node.module >= module_count) {
		view->corrupt++;
		node.module = 0;
	}
	return node;
}

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

/* Finds the node among those that the snapshot has, or adds it. Returns its number. Without a table, each is a new one. */
static uint32_t intern(uint32_t *table, uint64_t mask, struct allot_snapshot *snapshot, const struct allot_node *node)
{
	uint64_t hash = mix(mix(node->address) + ((uint64_t)node->parent << 32 | node->module << 8 | node->flags));

	for (uint64_t slot = hash & mask; table; slot = (slot + 1) & mask) {
		const struct allot_node *there = &snapshot->nodes[table[slot]];

		if (!table[slot]) {
			table[slot] = snapshot->node_count;
			break;
		}
		if (there->address == node->address && there->parent == node->parent && there->module == node->module &&
		    there->flags == node->flags)
			return table[slot];
	}
	snapshot->nodes[snapshot->node_count] = *node;
	return snapshot->node_count++;
}

int allotp_freeze_tree_copy(struct allot_freeze_tree *tree, struct allot_view *view, struct allot_snapshot *snapshot)
{
	struct allot_node *nodes = realloc(snapshot->nodes, (ALLOT_NODE_FIRST + tree->reached) * sizeof(*nodes));
	uint64_t slots = 16;
	uint32_t *table;

	if (!nodes)
		return -ENOMEM;
	snapshot->nodes = nodes;
	while (slots < tree->reached * 2)
		slots *= 2;
	/* Only two that walk at the same time, each with a slot of its own, can have added the same child. */
	table = view->header->slot_count > 1 ? calloc(slots, sizeof(*table)) : NULL;
	if (!table && view->header->slot_count > 1)
		return -ENOMEM;
	for (uint64_t i = ALLOT_NODE_FIRST; i < tree->count; i++) {
		struct allot_store_node stored;
		struct allot_node node;

		if (!tree->renumbered[i])
			continue;
		fetch_node(view, i, &stored);
		node = renumber(tree, view, i, &stored, snapshot->module_count);
		if (stored.module_flags == ALLOT_NODE_SCOPE) {
			/* What is no frame stands for its parent. */
			tree->renumbered[i] = node.parent;
			continue;
		}
		tree->renumbered[i] = intern(table, slots - 1, snapshot, &node);
	}
	free(table);
	return 0;
}
