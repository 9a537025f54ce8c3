/* SPDX-License-Identifier: MIT */
/* The stack of the calling thread as a node of the stack tree. */
#ifndef ALLOT_PRELOAD_CAPTURE_H
#define ALLOT_PRELOAD_CAPTURE_H

#include "preload/context.h"
#include "preload/record.h"

/* The node of the caller's stack. Counts the walks that had to stop early. Async-signal-safe. */
uint32_t allotp_capture(struct allot_context *context, const struct allot_walk_start *caller);

/* The walker's way to the stack tree: finds or adds a child. */
uint32_t allotp_capture_child(void *store, uint32_t parent, uint64_t address, uint32_t flags);

#endif
