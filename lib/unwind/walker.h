/* SPDX-License-Identifier: MIT */
/* What a walker is made of, and the steps it takes. Private to the processor's own walker. */
#ifndef ALLOT_UNWIND_WALKER_H
#define ALLOT_UNWIND_WALKER_H

#include "unwind/cfi.h"
#include "unwind/code.h"
#include "unwind/memory.h"
#include "unwind/path.h"
#include "unwind/rule.h"
#include "unwind/walk.h"
#include "unwind/words.h"

/*
 * A frame of the walk. The step from it to its caller depends on ip, signal, sp, for some rules on fp, and on memory.
 * It is copied member by member where speed matters: a wide load right after narrow stores stalls.
 */
struct allotp_frame {
	uint64_t ip;
	uint64_t sp;
	uint64_t fp;
	uint64_t rule; /* how its caller was found, as allotp_rule_word; FULL: it is to be found again each time */
	uint32_t node;
	uint32_t words;  /* how many of the walker's words this frame and those outside of it depend on */
	bool signal;     /* interrupted at ip, which is no return address then */
	bool fp_matters; /* the frames from here on depend on fp; else it may have been anything */
	uint32_t hash;   /* of the addresses of this frame and those outside of it */
};

/* A line of the processor's cache full of answers of children(): which node the child of a parent is. */
#define ALLOTP_CHILD_WAYS 4

struct allotp_child_line {
	struct allotp_child {
		uint64_t address;
		uint32_t parent, node; /* parent 0: empty */
	} ways[ALLOTP_CHILD_WAYS];
} __attribute__((aligned(64)));

#define ALLOTP_CHILD_BITS 12 /* of the number of lines, at the most */
#define ALLOTP_CHILD_LEAST 6 /* and in the beginning */

#define ALLOTP_LINKS 32 /* that the tree is told at once */

enum allotp_step {
	ALLOTP_STEP_CALLER, /* there is a caller */
	ALLOTP_STEP_END,    /* this was the outermost frame */
	ALLOTP_STEP_STOP,   /* no way on: truncated */
};

struct allot_walker {
	struct allot_walk_memo memo; /* empty in the middle of a walk */
	bool busy;                   /* in the middle of a walk; else what is remembered is whole */
	/* the remembered walk */
	uint32_t count;  /* frames; 0: none remembered */
	uint32_t status; /* of the walk, as in its result */
	uint64_t stop;
	struct allotp_frame *frames; /* outermost first, limit of them; one more than that to build the next in */
	struct allotp_word *words;   /* in the order of the frames: of the outermost first */

	allot_walk_children *children;
	void *tree;
	uint32_t limit;

	struct allotp_word end_word; /* what END or STOP was decided by; address 0: by the outermost frame alone */

	uint64_t never;               /* is 0 */
	bool full_valid;              /* full belongs to this walk */
	struct allotp_registers full; /* all registers, in the last frame that needed them */
	struct allotp_memory memory;
	struct allotp_code code;
	struct allot_walk_link links[ALLOTP_LINKS];
	uint32_t learned;                                       /* children, since there are so many lines in use */
	uint32_t child_mask;                                    /* of the number of a line */
	struct allotp_child_line known[1 << ALLOTP_CHILD_BITS]; /* children, by a hash */
	struct allotp_paths paths;
	struct allotp_cfi_scratch scratch;
};

/*
 * The step from a frame whose rule is FULL or NONE, out of its unwind data, by a signal's frame, or by the frame
 * pointer. Fills in next's ip, sp, fp and signal; frame->rule gets the short form of what was done, if it has one. On
 * END and STOP, sets walker->end_word.
 */
enum allotp_step allotp_step_slow(struct allot_walker *walker, struct allotp_frame *frame, struct allotp_frame *next);

/*
 * Stands for words that can't be told: the comparison with it always fails, so the frame that depends on it is looked at
 * again in each walk.
 */
static inline struct allotp_word allotp_word_never(const struct allot_walker *walker)
{
	return (struct allotp_word){ .address = (uintptr_t)&walker->never, .value = 1 };
}

#endif
