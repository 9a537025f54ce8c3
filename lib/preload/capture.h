/* SPDX-License-Identifier: MIT */
/* The stack of the calling thread as a node of the stack tree. */
#ifndef ALLOT_PRELOAD_CAPTURE_H
#define ALLOT_PRELOAD_CAPTURE_H

#include "preload/config.h"
#include "preload/context.h"
#include "preload/thread.h"
#include "snapshot/snapshot.h"

/* What there is to do besides the walk: stacks that are cut are counted, some are verified, and scopes have nodes of their own. */
uint32_t allotp_capture_unusual(struct allot_context *context, const struct allot_walk_start *caller,
				const struct allot_walk_result *result);

/* The node of the caller's stack, after its walk. Async-signal-safe. */
static inline uint32_t allotp_capture_walked(struct allot_context *context, const struct allot_walk_start *caller,
					     const struct allot_walk_result *walked)
{
	if (__builtin_expect(walked->node == ALLOT_NODE_NONE || walked->status != ALLOT_WALK_COMPLETE ||
				     allotp_config.verify || allotp_thread.scope,
			     0))
		return allotp_capture_unusual(context, caller, walked);
	return walked->node;
}

/* The node of the caller's stack. Async-signal-safe. */
static inline uint32_t allotp_capture(struct allot_context *context, const struct allot_walk_start *caller)
{
	struct allot_walk_result result;

	allotp_walk(context->walker, caller, &result);
	return allotp_capture_walked(context, caller, &result);
}

/* The same on the short way, which knows that the stack is not the same as the last. */
static inline uint32_t allotp_capture_changed(struct allot_context *context, const struct allot_walk_start *caller)
{
	uint32_t node = allotp_walk_path(context->walker, caller);
	struct allot_walk_result result;

	if (__builtin_expect(node != ALLOT_NODE_NONE, 1))
		return node;
	allotp_walk_changed(context->walker, caller, &result);
	return allotp_capture_walked(context, caller, &result);
}

/* The walker's way to the stack tree, see allot_walk_children. */
uint32_t allotp_capture_children(void *store, uint32_t parent, struct allot_walk_link *links, uint32_t count);

#endif
