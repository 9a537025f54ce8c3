/* SPDX-License-Identifier: MIT */
/* A stack of a snapshot as source-level frames, innermost first, inlined ones included. */
#ifndef ALLOT_REPORT_BACKTRACE_H
#define ALLOT_REPORT_BACKTRACE_H

#include "symbol/symbol.h"

/* A snapshot and what gives its addresses names; they go together everywhere in a report. */
struct allot_view {
	const struct allot_snapshot *snapshot;
	struct allot_resolver *resolver;
	allot_progress_fn *progress; /* told how far grouping is; may be NULL */
	void *context;               /* for progress */
};

/*
 * The node a person would call the allocation's own: the innermost that is not allot's or an allocation
 * function (malloc, operator new). If the stack is nothing else, its outermost node; if it has no frames, one
 * of the nodes below ALLOT_NODE_FIRST. Returns 0 and *origin, or -ENOMEM.
 */
int allotp_backtrace_origin(const struct allot_view *view, uint32_t stack, uint32_t *origin);

/* A place in a stack. Set node (and frame, to start at a caller into which calls were inlined) and go. */
struct allot_backtrace {
	uint32_t node;  /* node of the next frame; after the end, how the stack ends (ALLOT_NODE_ROOT …) */
	uint32_t frame; /* index of the next frame in the node's symbol */
	const struct allot_symbol *symbol; /* of the frame that was returned last */
};

/* Steps to the next frame. Returns 1 and *frame, 0 after the last frame, or -ENOMEM. */
int allotp_backtrace_next(struct allot_backtrace *backtrace, const struct allot_view *view,
			  const struct allot_frame **frame);

#endif
