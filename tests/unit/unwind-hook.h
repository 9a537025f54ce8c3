/* SPDX-License-Identifier: MIT */
/* A stand-in for a hook and for the stack tree: walks from its caller, and compares with the reference unwinder. */
#ifndef ALLOT_TESTS_UNWIND_HOOK_H
#define ALLOT_TESTS_UNWIND_HOOK_H

#include "unwind/walk.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* What hooks of this thread use. Each thread makes its own. */
struct hook {
	struct allot_walker *walker;
	struct allot_walk_result last;
	uint32_t limit;
	unsigned long walks;
	unsigned long same;      /* of hook_check: known without a walk */
	unsigned long differing; /* from the reference, or from what was known without a walk */
	char difference[4096];   /* the first one, in words */
	void *memory;            /* the walker's */
	size_t size;
	uint64_t *ours; /* room for stacks to be compared */
	void **theirs;
};

extern uint64_t hook_epoch;
extern jmp_buf *hook_escape;        /* if not NULL, the tree jumps there instead of answering */
extern bool hook_tree_full;         /* makes the tree refuse new and old nodes alike */
extern unsigned long hook_children; /* how often the tree was asked */

/* Opens the reference; returns whether it is there. */
bool hook_setup(void);

/* For main: whether the reference can't be used. Says so in TAP. */
bool hook_skips(void);

/* A new walker with this limit of frames. */
void hook_make(struct hook *hook, uint32_t limit);
void hook_release(struct hook *hook);

/* Walks from the function that called this. Only walks. */
void hook_walk(struct hook *hook);

/*
 * Walks, and compares the frames, and how the stack ends, with those of the reference unwinder, or else of libgcc's: each
 * of the two loses its way in places where the other does not. Stacks that neither can walk to the end count as
 * differing.
 */
void hook_check(struct hook *hook);

/* The frames of a node, innermost first; flags may be NULL. Returns how many, without the special one at the end. */
size_t hook_stack(uint32_t node, uint64_t *addresses, uint32_t *flags, size_t size);

/* The special node at the end of the stack. */
uint32_t hook_root(uint32_t node);

#endif
