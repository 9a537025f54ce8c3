/* SPDX-License-Identifier: MIT */
/*
 * The walk: from the frame that called a hook to the node of its stack in the tree. Incremental: each thread's
 * walker remembers its last walk, and only what changed since is walked again. The result is the same as that of a
 * whole walk; see ARCHITECTURE.md for why.
 *
 * Everything here may be called inside malloc and inside a signal handler: no allocation, no lock, no loader's lock,
 * errno as it was. (Except the generic walker, for processors without one of their own: it goes through libunwind,
 * which takes the loader's lock.)
 */
#ifndef ALLOT_UNWIND_WALK_H
#define ALLOT_UNWIND_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/words.h"

/* One thread's walker. One walk at a time: a walk in a signal handler that interrupts one needs another walker. */
struct allot_walker;

/* The frame that the walk starts with: the hook's caller, as it is while the hook runs. */
struct allot_walk_start {
	uint64_t ip; /* where the hook returns to */
	uint64_t sp; /* what the stack pointer is then: the hook's CFA */
	uint64_t fp; /* the frame pointer register's value then: rbp, x29 */
};

/*
 * The start that is the caller of the function it is used in, which must not be inlined. That function gets a frame
 * pointer by it, however it is compiled. The generic walker needs nothing but ip.
 */
#if defined(__x86_64__)
#define ALLOTP_WALK_START()                                                                                            \
	(struct allot_walk_start)                                                                                      \
	{                                                                                                              \
		.ip = (uintptr_t)__builtin_return_address(0), .sp = (uintptr_t)__builtin_frame_address(0) + 16,        \
		.fp = *(const uint64_t *)__builtin_frame_address(0),                                                   \
	}
#elif defined(__aarch64__)
#ifdef __clang__ /* its __builtin_dwarf_cfa is the frame pointer, which it sets right below the CFA */
#define ALLOTP_WALK_CFA() ((uintptr_t)__builtin_frame_address(0) + 16)
#else
#define ALLOTP_WALK_CFA() ((uintptr_t)__builtin_dwarf_cfa())
#endif
#define ALLOTP_WALK_START()                                                                                            \
	(struct allot_walk_start)                                                                                      \
	{                                                                                                              \
		.ip = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)), .sp = ALLOTP_WALK_CFA(),  \
		.fp = *(const uint64_t *)__builtin_frame_address(0),                                                   \
	}
#else
#define ALLOTP_WALK_START() ((struct allot_walk_start){ .ip = (uintptr_t)__builtin_return_address(0) })
#endif

enum allot_walk_status {
	ALLOT_WALK_COMPLETE,  /* up to the thread's first frame */
	ALLOT_WALK_TRUNCATED, /* unwind data was missing or broken */
	ALLOT_WALK_LIMITED,   /* the innermost frames, as many as the limit says */
};

struct allot_walk_result {
	uint32_t node;   /* of the innermost frame; ALLOT_NODE_NONE: the tree has no room */
	uint32_t depth;  /* frames */
	uint32_t status; /* enum allot_walk_status */
	uint64_t stop;   /* TRUNCATED: the address of the outermost frame, where no way on was found */
};

/* A frame to be found in the tree. */
struct allot_walk_link {
	uint64_t address;
	uint32_t flags; /* may have ALLOT_NODE_SIGNAL */
	uint32_t node;  /* the answer */
};

/*
 * Looks up the first link as a child of a node, or adds it, and then all the others, too, each as a child of the one before:
 * what is new has no children. Returns how many of the links, at least one, have got their nodes: 1 if the first one
 * was there; 0 if there is no room. The parent of an outermost frame is ALLOT_NODE_ROOT, ALLOT_NODE_TRUNCATED or
 * ALLOT_NODE_LIMIT. The walker remembers the answers until code is unloaded.
 */
typedef uint32_t allot_walk_children(void *tree, uint32_t parent, struct allot_walk_link *links, uint32_t count);

/*
 * Once, outside of any hook, before the first walk: it may allocate. Returns 0, or -ENOENT if there is nothing to walk with:
 * the generic walker needs libunwind. All walks are truncated at their first frame then.
 */
int allotp_walk_prepare(void);

#define ALLOT_WALK_LIMIT_MAX 65535

/*
 * How much memory a walker for stacks of up to `limit` frames (1 to ALLOT_WALK_LIMIT_MAX) takes, at the most: it is
 * touched only as far as stacks are deep, so it should be mapped and left to be backed as needed. Much of it is a
 * fixed part of some kilobytes.
 */
size_t allotp_walker_size(uint32_t limit);

/*
 * Makes a walker of memory of that size, aligned to 64 bytes, of which as much is zeroed as a limit of 1 takes. To be done again for another thread: a walker
 * knows its thread's stacks. *epoch (atomic) is raised whenever code was unloaded; see allotp_walk_code_unloaded.
 */
struct allot_walker *allotp_walker_init(void *memory, uint32_t limit, allot_walk_children *children, void *tree,
					const uint64_t *epoch);

/*
 * What a walker begins with: the innermost frame of its last walk, if that was complete, for a look whether this walk would
 * be the same that needs no call.
 */
struct allot_walk_memo {
	uint64_t ip, sp, fp; /* ip 0: there is none */
	const struct allotp_word *words;
	uint32_t count; /* of the words */
	uint32_t node;
	bool fp_matters; /* else fp may have been anything */
	uint64_t seen;   /* the epoch of that walk */
	const uint64_t *epoch;
};

/*
 * The node of a stack that is the same as the last; 0: it may not be, walk. If code may have been unloaded since the last
 * walk, allotp_walk_settle goes before.
 */
__attribute__((always_inline)) static inline uint32_t allotp_walk_again(const struct allot_walker *walker,
									const struct allot_walk_start *start)
{
	const struct allot_walk_memo *memo = (const struct allot_walk_memo *)(const void *)walker;

	if (memo->ip != start->ip || memo->sp != start->sp || (memo->fp != start->fp && memo->fp_matters) ||
	    !allotp_words_hold(memo->words, memo->count))
		return 0;
	return memo->node;
}

/* The same, for stacks that were walked before the last one. After allotp_walk_again. */
uint32_t allotp_walk_path(const struct allot_walker *walker, const struct allot_walk_start *start);

/* Forgets the last walk if the epoch was raised since. */
void allotp_walk_settle(struct allot_walker *walker);

/* Walks. Returns result->node. */
uint32_t allotp_walk(struct allot_walker *walker, const struct allot_walk_start *start,
		     struct allot_walk_result *result);

/* The same, when allotp_walk_again and allotp_walk_path have found nothing. */
uint32_t allotp_walk_changed(struct allot_walker *walker, const struct allot_walk_start *start,
			     struct allot_walk_result *result);

/*
 * Drops what is known about code. After dlclose: first raise *epoch, sequentially consistent, then call this. All walkers
 * see the epoch at their next walk and forget their frames.
 */
void allotp_walk_code_unloaded(void);

#endif
