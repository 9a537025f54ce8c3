/* SPDX-License-Identifier: MIT */
/* The stack of the calling thread as a node of the stack tree. */
#include "preload/capture.h"

#include "preload/config.h"
#include "preload/modules.h"
#include "preload/scopes.h"
#include "preload/state.h"
#include "preload/thread.h"
#include "preload/verify.h"
#include "snapshot/snapshot.h"
#include "store/tree.h"

uint32_t allotp_capture_children(void *store, uint32_t parent, struct allot_walk_link *links, uint32_t count)
{
	uint32_t i;

	links[0].node = allotp_tree_find(store, parent, links[0].address, links[0].flags);
	if (links[0].node != ALLOT_NODE_NONE)
		return 1;
	for (i = 0; i < count; i++) {
		struct allot_walk_link *link = &links[i];

		link->node = parent =
			allotp_tree_insert(store, parent, link->address, allotp_module_of(link->address), link->flags);
		if (parent == ALLOT_NODE_NONE)
			break;
	}
	return i;
}

static void count_truncated(uint64_t stop)
{
	struct allot_store *store = &allotp_state.store;
	uint32_t module = allotp_module_of(stop);

	__atomic_fetch_add(&store->header->truncated, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&allotp_module(store, module)->truncated, 1, __ATOMIC_RELAXED);
}

uint32_t allotp_capture_unusual(struct allot_context *context, const struct allot_walk_start *caller,
				const struct allot_walk_result *result)
{
	/* A stack that the tree has no room for is as good as cut at its innermost frame. */
	if (result->node == ALLOT_NODE_NONE)
		count_truncated(caller->ip);
	else if (result->status == ALLOT_WALK_LIMITED)
		__atomic_fetch_add(&allotp_state.store.header->limited, 1, __ATOMIC_RELAXED);
	else if (result->status != ALLOT_WALK_COMPLETE)
		count_truncated(result->stop);
	if (allotp_config.verify && ++context->walks % allotp_config.verify == 0)
		allotp_verify(caller, result);
	return allotp_thread.scope ? allotp_scopes_node(context, result->node, caller->sp) : result->node;
}
