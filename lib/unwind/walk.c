/* SPDX-License-Identifier: MIT */
/*
 * The incremental walk. A step is a function of the frame (ip, sp and, for some, the frame pointer) and of the
 * words of memory it reads. So if a frame of this walk is one of the last walk's, and all words that were read from
 * there on are as they were, then all frames outside of it are as they were, and so is its node.
 */
#include "snapshot/snapshot.h"
#include "unwind/walker.h"

#include <string.h>

/* Words that one frame can depend on: the CFA, the return address, the frame pointer. */
#define WORDS_PER_FRAME 3

static size_t fixed_size(void)
{
	return (sizeof(struct allot_walker) + 63) / 64 * 64;
}

size_t allotp_walker_size(uint32_t limit)
{
	return fixed_size() + limit * (2 * sizeof(struct allotp_frame) + WORDS_PER_FRAME * sizeof(struct allotp_word));
}

struct allot_walker *allotp_walker_init(void *memory, uint32_t limit, allot_walk_child *child, void *tree,
					const _Atomic uint64_t *epoch)
{
	struct allot_walker *walker = memory;

	memset(walker, 0, sizeof(*walker));
	walker->limit = limit;
	walker->frames = (void *)((char *)memory + fixed_size());
	walker->words = (void *)(walker->frames + (size_t)2 * limit);
	walker->child = child;
	walker->tree = tree;
	walker->epoch = epoch;
	walker->seen = atomic_load(epoch);
	return walker;
}

void allotp_walk_code_unloaded(void)
{
	allotp_rule_forget();
}

static inline bool same_frame(const struct allotp_frame *remembered, const struct allotp_frame *frame)
{
	return remembered->sp == frame->sp && remembered->ip == frame->ip && remembered->signal == frame->signal &&
	       (remembered->fp == frame->fp || !remembered->fp_matters);
}

/*
 * Compares the first `count` words, innermost first, and returns how many are left at the first that differs; 0: none
 * does. It must stop there: the next word's address is known to be readable only if this one holds.
 */
__attribute__((no_sanitize("address"))) static inline uint32_t compare(const struct allotp_word *words, uint32_t count)
{
	while (count > 0 && *(const volatile uint64_t *)(uintptr_t)words[count - 1].address == words[count - 1].value)
		count--;
	return count;
}

/* Reads a saved word whose place a rule told. */
static inline bool read_word(struct allot_walker *walker, uint64_t address, uint64_t *out)
{
	if (address % 8 != 0 || (!allotp_extent_holds(&walker->memory.current, address, 8) &&
				 !allotp_memory_reach(&walker->memory, address, 8)))
		return false;
	*out = allotp_memory_word(address);
	return true;
}

/* The step from a frame by its short rule. Fills in next's ip, sp, fp and signal, and frame->rule. */
static inline enum allotp_step step(struct allot_walker *walker, struct allotp_frame *frame, struct allotp_frame *next)
{
	uint64_t pc = frame->ip - !frame->signal;
	struct allotp_rule rule = allotp_rule_cached(pc);
	uint64_t cfa, ra, fp_slot, fp = frame->fp;

	if (rule.kind == ALLOTP_RULE_UNKNOWN)
		rule = allotp_rule_get(pc, walker->epoch, &walker->scratch);
	frame->rule = rule;
	walker->end_word.address = 0;
	/* Multiplied unsigned: a negative distance wraps as it should. */
	switch (rule.kind) {
	case ALLOTP_RULE_SP:
		cfa = frame->sp + (uint64_t)rule.cfa * 8;
		fp_slot = cfa - rule.fp * 8u;
		break;
	case ALLOTP_RULE_FP:
		cfa = frame->fp + (uint64_t)rule.cfa * 8;
		fp_slot = cfa - rule.fp * 8u;
		break;
	case ALLOTP_RULE_DEREF:
		if (!read_word(walker, frame->fp + (uint64_t)rule.cfa * 8, &cfa))
			return ALLOTP_STEP_STOP;
		walker->end_word = allotp_word_never(walker);
		fp_slot = frame->fp;
		break;
	case ALLOTP_RULE_END:
		return ALLOTP_STEP_END;
	default:
		return allotp_step_slow(walker, frame, next);
	}
	if (cfa <= frame->sp || !read_word(walker, cfa - rule.ra * 8u, &ra) ||
	    (fp_slot != cfa && !read_word(walker, fp_slot, &fp)))
		return ALLOTP_STEP_STOP;
	next->ip = allotp_address_strip(ra);
	next->sp = cfa;
	next->fp = fp;
	next->signal = false;
	if (next->ip != 0)
		return ALLOTP_STEP_CALLER;
	if (rule.kind != ALLOTP_RULE_DEREF)
		walker->end_word = (struct allotp_word){.address = cfa - rule.ra * 8u, .value = ra};
	return ALLOTP_STEP_END;
}

/* The words that the step from frame to caller depended on, put behind the others; the innermost to be compared last. */
static inline uint32_t add_words(struct allot_walker *walker, uint32_t count, const struct allotp_frame *frame,
				 const struct allotp_frame *caller)
{
	struct allotp_word *words = walker->words;
	uint64_t slot = caller->sp - frame->rule.ra * 8u;

	switch (frame->rule.kind) {
	case ALLOTP_RULE_SP:
	case ALLOTP_RULE_FP:
		if (frame->rule.fp != 0 && caller->fp_matters)
			words[count++] = (struct allotp_word){caller->sp - frame->rule.fp * 8u, caller->fp};
		break;
	case ALLOTP_RULE_DEREF:
		if (caller->fp_matters)
			words[count++] = (struct allotp_word){frame->fp, caller->fp};
		break;
	default:
		words[count++] = allotp_word_never(walker);
		return count;
	}
	/* What is stripped from ip is in memory. */
	words[count++] = (struct allotp_word){slot, ALLOTP_RA_IS_IP ? caller->ip : allotp_memory_word(slot)};
	if (frame->rule.kind == ALLOTP_RULE_DEREF)
		words[count++] = (struct allotp_word){frame->fp + (uint64_t)frame->rule.cfa * 8, caller->sp};
	return count;
}

static inline bool fp_matters(const struct allotp_frame *frame, const struct allotp_frame *caller)
{
	if (frame->rule.kind != ALLOTP_RULE_SP)
		return frame->rule.kind != ALLOTP_RULE_END;
	return caller && frame->rule.fp == 0 && caller->fp_matters;
}

static inline uint32_t find_child(struct allot_walker *walker, uint32_t parent, uint64_t address, uint32_t flags)
{
	uint64_t hash = (address ^ (uint64_t)parent << 32) * UINT64_C(0x9e3779b97f4a7c15);
	struct allotp_child *child = &walker->children[hash >> (64 - ALLOTP_CHILD_BITS)];
	uint32_t node;

	/* Frames with flags are rare, and not worth a member. */
	if (child->address == address && child->parent == parent && child->node != 0 && flags == 0)
		return child->node;
	node = walker->child(walker->tree, parent, address, flags);
	if (flags == 0)
		*child = (struct allotp_child){.address = address, .parent = parent, .node = node};
	return node;
}

static uint32_t root_of(uint32_t status)
{
	switch (status) {
	case ALLOT_WALK_COMPLETE:
		return ALLOT_NODE_ROOT;
	case ALLOT_WALK_LIMITED:
		return ALLOT_NODE_LIMIT;
	default:
		return ALLOT_NODE_TRUNCATED;
	}
}

/* The frame pointer in the frame that called `frame`, read again: it may not have mattered in the last walk. */
static uint64_t callers_fp(const struct allotp_frame *frame, const struct allotp_frame *caller)
{
	switch (frame->rule.kind) {
	case ALLOTP_RULE_DEREF:
		return allotp_memory_word(frame->fp);
	case ALLOTP_RULE_SP:
	case ALLOTP_RULE_FP:
		if (frame->rule.fp != 0)
			return allotp_memory_word(caller->sp - frame->rule.fp * 8u);
		return frame->fp;
	default:
		return caller->fp;
	}
}

/* A walk under way: frames [0, kept) of the last one may still hold, the new ones are [first, 2 * limit). */
struct walk {
	struct allotp_frame *frames;
	uint32_t kept;
	uint32_t first;
	uint32_t status;
};

static inline uint32_t walked(const struct allot_walker *walker, const struct walk *walk)
{
	return 2 * walker->limit - walk->first;
}

/*
 * Takes kept frames over as new ones, from the innermost to the one that the changed word belongs to: they are as they
 * were, but have other callers. Then that one's caller is to be found anew.
 */
static void take_over(struct allot_walker *walker, struct walk *walk, struct allotp_frame *frame, uint32_t changed)
{
	struct allotp_frame *taken = &walk->frames[--walk->first];

	*taken = walk->frames[--walk->kept];
	taken->fp = frame->fp;
	while (walk->kept > 0 && changed <= walk->frames[walk->kept - 1].words && walked(walker, walk) < walker->limit) {
		struct allotp_frame *caller = &walk->frames[--walk->first];

		*caller = walk->frames[--walk->kept];
		caller->fp = callers_fp(taken, caller);
		taken = caller;
	}
}

/* Walks until the frames kept hold, or to the end. Leaves in walk what is new. */
static void find_frames(struct allot_walker *walker, struct walk *walk, const struct allot_walk_start *start)
{
	struct allotp_frame frame = {.ip = start->ip, .sp = start->sp, .fp = start->fp};
	struct allotp_frame *frames = walk->frames;
	enum allotp_step outcome;

	for (;;) {
		while (walk->kept > 0 && frames[walk->kept - 1].sp < frame.sp)
			walk->kept--;
		if (walk->kept > 0 && same_frame(&frames[walk->kept - 1], &frame)) {
			uint32_t changed = compare(walker->words, frames[walk->kept - 1].words);
			uint32_t total = walked(walker, walk) + walk->kept;

			/* The frames of a limited walk are cut at a place that depends on how many there are. */
			if (changed == 0 && (walker->status == ALLOT_WALK_LIMITED ? total == walker->limit
									       : total <= walker->limit)) {
				walk->status = walker->status;
				return;
			}
			take_over(walker, walk, &frame, changed);
		} else {
			frames[--walk->first] = frame;
		}
		outcome = step(walker, &frames[walk->first], &frame);
		if (outcome != ALLOTP_STEP_CALLER) {
			walk->status = outcome == ALLOTP_STEP_END ? ALLOT_WALK_COMPLETE : ALLOT_WALK_TRUNCATED;
			break;
		}
		if (walked(walker, walk) == walker->limit) {
			walk->status = ALLOT_WALK_LIMITED;
			walker->beyond = frame;
			break;
		}
	}
	walk->kept = 0;
}

/* Gives the outermost frame of a new walk what it has no caller for. */
static void finish_outermost(struct allot_walker *walker, struct allotp_frame *frame, uint32_t status)
{
	frame->words = 0;
	frame->fp_matters = fp_matters(frame, NULL);
	if (status == ALLOT_WALK_LIMITED)
		frame->words = add_words(walker, 0, frame, &walker->beyond);
	else if (walker->end_word.address != 0)
		walker->words[frame->words++] = walker->end_word;
}

/* Finds the nodes of the new frames, from the outermost inwards, and puts them behind the kept ones. */
static uint32_t remember(struct allot_walker *walker, struct walk *walk)
{
	struct allotp_frame *frames = walk->frames;
	uint32_t parent = walk->kept > 0 ? frames[walk->kept - 1].node : root_of(walk->status);
	uint32_t count = walk->kept;

	for (uint32_t i = walk->first; i < 2 * walker->limit; i++) {
		struct allotp_frame *frame = &frames[count];

		*frame = frames[i];
		if (count == 0) {
			finish_outermost(walker, frame, walk->status);
		} else {
			const struct allotp_frame *caller = &frames[count - 1];

			frame->words = add_words(walker, caller->words, frame, caller);
			frame->fp_matters = fp_matters(frame, caller);
		}
		frame->node = find_child(walker, parent, frame->ip, frame->signal ? ALLOT_NODE_SIGNAL : 0);
		if (frame->node == ALLOT_NODE_NONE)
			return 0;
		parent = frame->node;
		count++;
	}
	return count;
}

static void tell(const struct allot_walker *walker, struct allot_walk_result *result)
{
	*result = (struct allot_walk_result){.node = walker->frames[walker->count - 1].node,
					     .depth = walker->count,
					     .status = walker->status,
					     .stop = walker->stop};
}

__attribute__((noinline)) static uint32_t walk_changed(struct allot_walker *walker,
						       const struct allot_walk_start *start,
						       struct allot_walk_result *result)
{
	struct walk walk = {.frames = walker->frames, .kept = walker->count, .first = 2 * walker->limit};

	/* If a signal handler jumps out of this, nothing half done must stay remembered. */
	walker->count = 0;
	atomic_signal_fence(memory_order_seq_cst);
	walker->full_valid = false;
	if (allotp_memory_enter(&walker->memory, start->sp)) {
		find_frames(walker, &walk, start);
		walk.kept = remember(walker, &walk);
	} else {
		walk.kept = 0;
		walk.status = ALLOT_WALK_TRUNCATED;
	}
	if (walk.kept == 0) {
		*result = (struct allot_walk_result){.node = ALLOT_NODE_NONE, .status = walk.status};
		return ALLOT_NODE_NONE;
	}
	walker->status = walk.status;
	walker->stop = walk.status == ALLOT_WALK_TRUNCATED ? walker->frames[0].ip : 0;
	atomic_signal_fence(memory_order_seq_cst);
	walker->count = walk.kept;
	tell(walker, result);
	return result->node;
}

uint32_t allotp_walk(struct allot_walker *walker, const struct allot_walk_start *start,
		     struct allot_walk_result *result)
{
	const struct allotp_frame frame = {.ip = start->ip, .sp = start->sp, .fp = start->fp};
	/* Raised before the code is unloaded, by a thread that this one then learns of the new code from. */
	uint64_t epoch = atomic_load_explicit(walker->epoch, memory_order_acquire);

	if (walker->seen != epoch) {
		walker->count = 0;
		memset(walker->children, 0, sizeof(walker->children));
		walker->seen = epoch;
	}
	if (walker->count > 0) {
		const struct allotp_frame *innermost = &walker->frames[walker->count - 1];

		if (same_frame(innermost, &frame) && compare(walker->words, innermost->words) == 0) {
			tell(walker, result);
			return innermost->node;
		}
	}
	return walk_changed(walker, start, result);
}
