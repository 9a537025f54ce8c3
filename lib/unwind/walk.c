/* SPDX-License-Identifier: MIT */
/*
 * The incremental walk. A step is a function of the frame (ip, sp and, for some, the frame pointer) and of the
 * words of memory it reads. So if a frame of this walk is one of the last walk's, and all words that were read from
 * there on are as they were, then all frames outside of it are as they were, and so is its node.
 */
#include "snapshot/snapshot.h"
#include "unwind/walker.h"

#include <string.h>

/* Paths start at the innermost frame or the second: many programs call malloc in a function of theirs like xmalloc. */
#define PATH_STARTS 2

/* Words that one frame can depend on: the CFA, the return address, the frame pointer. */
#define WORDS_PER_FRAME 3

int allotp_walk_prepare(void)
{
	return 0;
}

static size_t fixed_size(void)
{
	return (sizeof(struct allot_walker) + 63) / 64 * 64;
}

/* The frames of the last walk, those of the next, and the caller of the outermost one of them. */
static size_t frame_space(uint32_t limit)
{
	return (size_t)2 * limit + 1;
}

size_t allotp_walker_size(uint32_t limit)
{
	return fixed_size() + frame_space(limit) * sizeof(struct allotp_frame) +
	       (size_t)limit * WORDS_PER_FRAME * sizeof(struct allotp_word);
}

struct allot_walker *allotp_walker_init(void *memory, uint32_t limit, allot_walk_children *children, void *tree,
					const uint64_t *epoch)
{
	struct allot_walker *walker = memory;

	walker->limit = limit;
	walker->frames = (void *)((char *)memory + fixed_size());
	walker->words = (void *)(walker->frames + frame_space(limit));
	walker->children = children;
	walker->child_mask = (1u << ALLOTP_CHILD_LEAST) - 1;
	walker->tree = tree;
	walker->memo.epoch = epoch;
	walker->memo.seen = __atomic_load_n(epoch, __ATOMIC_ACQUIRE);
	return walker;
}

void allotp_walk_code_unloaded(void)
{
	allotp_rule_forget();
}

void allotp_walk_settle(struct allot_walker *walker)
{
	if (walker->memo.seen != __atomic_load_n(walker->memo.epoch, __ATOMIC_ACQUIRE))
		walker->memo.ip = 0;
}

static inline bool same_frame(const struct allotp_frame *remembered, uint64_t ip, uint64_t sp, uint64_t fp, bool signal)
{
	return remembered->sp == sp && remembered->ip == ip && remembered->signal == signal &&
	       (remembered->fp == fp || !remembered->fp_matters);
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
	uint64_t pc = frame->ip - !frame->signal, sp = frame->sp, fp = frame->fp;
	uint64_t cfa, ra_slot, ra, fp_slot;
	struct allotp_rule rule = allotp_rule_cached(pc);

	if (rule.kind == ALLOTP_RULE_UNKNOWN)
		rule = allotp_rule_get(pc, walker->memo.epoch, &walker->scratch);
	frame->rule = allotp_rule_word(rule);
	walker->end_word.address = 0;
	/* Multiplied unsigned: a negative distance wraps as it should. */
	if (rule.kind == ALLOTP_RULE_SP) {
		cfa = sp + (uint64_t)rule.cfa * 8;
		fp_slot = cfa - rule.fp * 8u;
	} else if (rule.kind == ALLOTP_RULE_FP) {
		cfa = fp + (uint64_t)rule.cfa * 8;
		fp_slot = cfa - rule.fp * 8u;
	} else if (rule.kind == ALLOTP_RULE_DEREF) {
		if (!read_word(walker, fp + (uint64_t)rule.cfa * 8, &cfa))
			return ALLOTP_STEP_STOP;
		walker->end_word = allotp_word_never(walker);
		fp_slot = fp;
	} else if (rule.kind == ALLOTP_RULE_END) {
		return ALLOTP_STEP_END;
	} else {
		return allotp_step_slow(walker, frame, next);
	}
	ra_slot = cfa - rule.ra * 8u;
	if (cfa <= sp || !read_word(walker, ra_slot, &ra) || (fp_slot != cfa && !read_word(walker, fp_slot, &fp)))
		return ALLOTP_STEP_STOP;
	next->ip = allotp_address_strip(ra);
	next->sp = cfa;
	next->fp = fp;
	next->signal = false;
	if (next->ip != 0)
		return ALLOTP_STEP_CALLER;
	if (rule.kind != ALLOTP_RULE_DEREF)
		walker->end_word = (struct allotp_word){ .address = ra_slot, .value = ra };
	return ALLOTP_STEP_END;
}

/*
 * Adds the words that the step from a frame to its caller depended on, to be compared in the reverse order. With them
 * frame->words, and whether its frame pointer matters.
 */
static inline void depend(struct allot_walker *walker, struct allotp_word *words, struct allotp_frame *frame,
			  const struct allotp_frame *caller)
{
	struct allotp_rule rule = allotp_rule_of_word(frame->rule);
	uint64_t ra_slot = caller->sp - rule.ra * 8u;
	uint32_t count = caller->words;

	/* What was stripped from ip is in memory still. */
	uint64_t ra = ALLOTP_RA_IS_IP ? caller->ip : 0;

	if (rule.kind == ALLOTP_RULE_FULL) {
		allotp_words_add(words, &count, allotp_word_never(walker).address, allotp_word_never(walker).value);
		frame->fp_matters = true;
	} else {
		if (!ALLOTP_RA_IS_IP)
			ra = allotp_memory_word(ra_slot);
		if (rule.kind == ALLOTP_RULE_DEREF) {
			if (caller->fp_matters)
				allotp_words_add(words, &count, frame->fp, caller->fp);
			allotp_words_add(words, &count, ra_slot, ra);
			allotp_words_add(words, &count, frame->fp + (uint64_t)rule.cfa * 8, caller->sp);
			frame->fp_matters = true;
		} else {
			if (rule.fp != 0 && caller->fp_matters)
				allotp_words_add(words, &count, caller->sp - rule.fp * 8u, caller->fp);
			allotp_words_add(words, &count, ra_slot, ra);
			frame->fp_matters = rule.kind == ALLOTP_RULE_FP || (rule.fp == 0 && caller->fp_matters);
		}
	}
	frame->words = count;
}

/*
 * The hash of a stack, from that of its frames but the innermost: it can be told, and what is remembered of it be fetched,
 * before the nodes of these frames are known.
 */
static inline uint32_t hash_frame(uint32_t callers, uint64_t address)
{
	return (callers ^ (uint32_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 32)) * UINT32_C(0x85ebca6b);
}

static inline struct allotp_child_line *child_line(struct allot_walker *walker, uint32_t hash)
{
	return &walker->known[hash >> (32 - ALLOTP_CHILD_BITS) & walker->child_mask];
}

/* What is known to be the child, or ALLOT_NODE_NONE. */
static inline uint32_t known_child(struct allot_walker *walker, uint32_t hash, uint32_t parent, uint64_t address)
{
	const struct allotp_child_line *line = child_line(walker, hash);

	for (unsigned way = 0; way < ALLOTP_CHILD_WAYS; way++)
		if (line->ways[way].address == address && line->ways[way].parent == parent)
			return line->ways[way].node;
	return ALLOT_NODE_NONE;
}

static inline void learn_child(struct allot_walker *walker, uint32_t hash, uint32_t parent, uint64_t address,
			       uint32_t node)
{
	struct allotp_child *child = &child_line(walker, hash)->ways[walker->learned % ALLOTP_CHILD_WAYS];

	child->address = address;
	child->parent = parent;
	child->node = node;
	/* Most threads need few. One line in two stays where it is looked for. */
	if (walker->learned++ / ALLOTP_CHILD_WAYS > 2 * walker->child_mask &&
	    walker->child_mask + 1 < 1u << ALLOTP_CHILD_BITS) {
		walker->child_mask = walker->child_mask * 2 + 1;
		walker->learned = 0;
	}
}

/* The child of a node, which is not a signal's. */
static uint32_t find_child(struct allot_walker *walker, uint32_t hash, uint32_t parent, uint64_t address)
{
	uint32_t node = known_child(walker, hash, parent, address);

	if (node != ALLOT_NODE_NONE)
		return node;
	walker->links[0].address = address;
	walker->links[0].flags = 0;
	if (!walker->children(walker->tree, parent, walker->links, 1))
		return ALLOT_NODE_NONE;
	node = walker->links[0].node;
	learn_child(walker, hash, parent, address, node);
	return node;
}

static inline uint32_t node_flags(const struct allotp_frame *frame)
{
	return frame->signal ? ALLOT_NODE_SIGNAL : 0;
}

/* Asks the tree for the nodes of some frames, the outermost first, of which it tells one at least unless it is full. */
static uint32_t ask_nodes(struct allot_walker *walker, uint32_t parent, const struct allotp_frame *frames,
			  uint32_t count)
{
	if (count > ALLOTP_LINKS)
		count = ALLOTP_LINKS;
	for (uint32_t i = 0; i < count; i++) {
		walker->links[i].address = frames[i].ip;
		walker->links[i].flags = node_flags(&frames[i]);
	}
	return walker->children(walker->tree, parent, walker->links, count);
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
	struct allotp_rule rule = allotp_rule_of_word(frame->rule);

	if (rule.kind == ALLOTP_RULE_DEREF)
		return allotp_memory_word(frame->fp);
	return rule.fp != 0 ? allotp_memory_word(caller->sp - rule.fp * 8u) : frame->fp;
}

/* The path that starts with this frame and holds, if there is one; its base is one of the first `kept` frames. */
static inline const struct allotp_path *find_path(const struct allot_walker *walker, uint32_t kept, uint64_t ip,
						  uint64_t sp, uint64_t fp)
{
	uint64_t tag = allotp_path_tag(ip, sp);
	uint32_t set = allotp_path_set(tag);

	for (unsigned way = 0; way < ALLOTP_PATH_WAYS; way++) {
		const struct allotp_path *path = &walker->paths.paths[set][way];
		const struct allotp_frame *base;

		if (walker->paths.tags[set][way] != tag || !allotp_path_starts(path, ip, sp, fp) ||
		    path->base >= kept || !allotp_words_hold(path->words, path->count))
			continue;
		base = &walker->frames[path->base];
		if (base->node == path->outer.node && base->sp == path->outer.sp && base->ip == path->outer.ip &&
		    base->fp_matters == path->outer.fp_matters && (base->fp == path->outer.fp || !base->fp_matters) &&
		    allotp_words_hold(walker->words, base->words))
			return path;
	}
	return NULL;
}

/* A walk under way. */
struct walk {
	uint32_t kept;  /* frames of the last walk that may still hold: frames[0, kept) */
	uint32_t first; /* the new ones: frames[first, end), the outermost first */
	uint32_t end;
	uint32_t status;                /* how the stack ends */
	const struct allotp_path *path; /* that the second of them starts, or NULL */
};

/*
 * Takes kept frames over as new ones, from the innermost, which is the same as frames[first], to the one that the
 * changed word belongs to: they are as they were, but have other callers. Then that one's caller is to be found anew.
 */
static void take_over(struct allot_walker *walker, struct walk *walk, uint32_t changed)
{
	struct allotp_frame *frames = walker->frames;

	frames[walk->first].rule = frames[--walk->kept].rule;
	while (walk->kept > 0 && changed <= frames[walk->kept - 1].words && walk->end - walk->first < walker->limit) {
		struct allotp_frame *caller = &frames[walk->first - 1];

		*caller = frames[--walk->kept];
		caller->fp = callers_fp(&frames[walk->first--], caller);
	}
}

/*
 * Whether a stack that ends like the remembered one can have this many frames. The frames of a limited walk are cut at a
 * place that depends on how many there are.
 */
static inline bool has_depth(const struct allot_walker *walker, uint32_t depth)
{
	return walker->status == ALLOT_WALK_LIMITED ? depth == walker->limit : depth <= walker->limit;
}

static inline uint32_t path_depth(const struct allotp_path *path)
{
	return path->base + 1 + path->frames;
}

/* Walks until the kept frames hold, or to the end. */
static void find_frames(struct allot_walker *walker, struct walk *walk, const struct allot_walk_start *start)
{
	struct allotp_frame *frames = walker->frames, *frame = &frames[--walk->first];
	enum allotp_step outcome;

	frame->ip = start->ip;
	frame->sp = start->sp;
	frame->fp = start->fp;
	frame->signal = false;
	for (;;) {
		while (walk->kept > 0 && frames[walk->kept - 1].sp < frame->sp)
			walk->kept--;
		if (walk->kept > 0 &&
		    same_frame(&frames[walk->kept - 1], frame->ip, frame->sp, frame->fp, frame->signal)) {
			uint32_t changed = allotp_words_compare(walker->words, frames[walk->kept - 1].words);

			if (changed == 0 && has_depth(walker, walk->end - walk->first - 1 + walk->kept)) {
				walk->first++;
				walk->status = walker->status;
				return;
			}
			take_over(walker, walk, changed);
			frame = &frames[walk->first];
		} else if (walk->end - walk->first == PATH_STARTS && !frame->signal) {
			/* The first frame was asked for before. */
			walk->path = find_path(walker, walk->kept, frame->ip, frame->sp, frame->fp);
			if (walk->path && has_depth(walker, path_depth(walk->path) + 1))
				return;
			walk->path = NULL;
		}
		outcome = step(walker, frame, frame - 1);
		if (outcome != ALLOTP_STEP_CALLER) {
			walk->status = outcome == ALLOTP_STEP_END ? ALLOT_WALK_COMPLETE : ALLOT_WALK_TRUNCATED;
			break;
		}
		if (walk->end - walk->first == walker->limit) {
			walk->status = ALLOT_WALK_LIMITED;
			break;
		}
		frame = &frames[--walk->first];
	}
	walk->kept = 0;
}

/* Gives the outermost frame of a new walk what others depend on through their callers. */
static void depend_on_nobody(struct allot_walker *walker, struct allotp_frame *frame, const struct walk *walk)
{
	frame->words = 0;
	if (walk->status == ALLOT_WALK_LIMITED) { /* it is here because it has a caller */
		struct allotp_frame *caller = &walker->frames[walk->first - 1];

		caller->words = 0;
		caller->fp_matters = false;
		depend(walker, walker->words, frame, caller);
		return;
	}
	frame->fp_matters = allotp_rule_of_word(frame->rule).kind != ALLOTP_RULE_SP &&
			    allotp_rule_of_word(frame->rule).kind != ALLOTP_RULE_END;
	if (walker->end_word.address != 0)
		allotp_words_add(walker->words, &frame->words, walker->end_word.address, walker->end_word.value);
}

/*
 * Puts the new frames behind the kept ones, with all but their nodes, from the outermost inwards. Returns how many there are
 * then. Has their children fetched: they are all over the memory that programs use, too.
 */
static uint32_t place_frames(struct allot_walker *walker, const struct walk *walk)
{
	struct allotp_frame *frames = walker->frames;
	uint32_t hash = walk->kept > 0 ? frames[walk->kept - 1].hash : walk->status;
	uint32_t count = walk->kept;

	for (uint32_t i = walk->first; i < walk->end; i++, count++) {
		struct allotp_frame *frame = &frames[count];

		hash = hash_frame(hash, frames[i].ip);
		__builtin_prefetch(child_line(walker, hash));
		frame->ip = frames[i].ip;
		frame->sp = frames[i].sp;
		frame->fp = frames[i].fp;
		frame->rule = frames[i].rule;
		frame->signal = frames[i].signal;
		frame->hash = hash;
		if (count == 0)
			depend_on_nobody(walker, frame, walk);
		else
			depend(walker, walker->words, frame, frame - 1);
	}
	return count;
}

/* Finds the nodes of the frames behind the kept ones. Returns whether there was room. */
static bool find_nodes(struct allot_walker *walker, const struct walk *walk, uint32_t count)
{
	struct allotp_frame *frames = walker->frames;
	uint32_t parent = walk->kept > 0 ? frames[walk->kept - 1].node : root_of(walk->status);
	uint32_t asked = walk->kept, told = walk->kept; /* the tree has told of frames[asked, told) */

	for (uint32_t i = walk->kept; i < count; i++) {
		struct allotp_frame *frame = &frames[i];
		uint32_t node = ALLOT_NODE_NONE;

		if (i == told && !frame->signal)
			node = known_child(walker, frame->hash, parent, frame->ip);
		if (node != ALLOT_NODE_NONE) {
			told++;
		} else {
			if (i == told) {
				asked = i;
				told += ask_nodes(walker, parent, frame, count - i);
				if (told == i)
					return false;
			}
			node = walker->links[i - asked].node;
			if (!frame->signal) /* they are rare, and not worth a member */
				learn_child(walker, frame->hash, parent, frame->ip, node);
		}
		frame->node = parent = node;
	}
	return true;
}

static inline void describe_end(struct allotp_path_end *end, const struct allotp_frame *frame)
{
	end->ip = frame->ip;
	end->sp = frame->sp;
	end->fp = frame->fp;
	end->node = frame->node;
	end->fp_matters = frame->fp_matters;
}

/* Keeps the path from the frame, one of the remembered walk, to the base, if it is worth it. */
static void keep_path(struct allot_walker *walker, const struct allotp_frame *frame, uint32_t base)
{
	const struct allotp_frame *outer = &walker->frames[base];
	uint32_t count = frame->words - outer->words;
	struct allotp_path *path;

	if (count > ALLOTP_PATH_WORDS || frame->signal)
		return;
	path = allotp_path_place(&walker->paths, frame->ip, frame->sp);
	if (!path)
		return;
	describe_end(&path->inner, frame);
	describe_end(&path->outer, outer);
	path->base = base;
	path->frames = (uint32_t)(frame - outer);
	path->count = count;
	for (uint32_t i = 0; i < count; i++) {
		path->words[i].address = walker->words[outer->words + i].address;
		path->words[i].value = walker->words[outer->words + i].value;
	}
}

static void memorize(struct allot_walker *walker)
{
	struct allot_walk_memo *memo = &walker->memo;
	const struct allotp_frame *innermost;

	if (walker->status != ALLOT_WALK_COMPLETE || !walker->count)
		return;
	innermost = &walker->frames[walker->count - 1];
	memo->sp = innermost->sp;
	memo->fp = innermost->fp;
	memo->fp_matters = innermost->fp_matters;
	memo->words = walker->words;
	memo->count = innermost->words;
	memo->node = innermost->node;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memo->ip = innermost->ip;
}

static inline void tell(const struct allot_walker *walker, uint32_t node, uint32_t depth,
			struct allot_walk_result *result)
{
	result->node = node;
	result->depth = depth;
	result->status = walker->status;
	result->stop = walker->stop;
}

/* All that depends on code, or on what the tree said of it. */
static void forget(struct allot_walker *walker)
{
	walker->count = 0;
	walker->memo.ip = 0;
	memset(walker->known, 0, (walker->child_mask + (size_t)1) * sizeof(walker->known[0]));
	memset(&walker->paths, 0, sizeof(walker->paths));
}

/* The epoch is raised before the code is unloaded, by a thread that this one then learns of the new code from. */
static inline void look_at_epoch(struct allot_walker *walker)
{
	uint64_t epoch = __atomic_load_n(walker->memo.epoch, __ATOMIC_ACQUIRE);

	if (walker->memo.seen != epoch) {
		forget(walker);
		walker->memo.seen = epoch;
	}
}

uint32_t allotp_walk_changed(struct allot_walker *walker, const struct allot_walk_start *start,
			     struct allot_walk_result *result)
{
	uint32_t end = (uint32_t)frame_space(walker->limit);
	struct walk walk = { .first = end, .end = end, .status = ALLOT_WALK_TRUNCATED };
	uint32_t count, node;

	look_at_epoch(walker);
	walk.kept = walker->count;
	if (walker->busy) { /* a signal handler jumped out of the last walk, which left things half done */
		forget(walker);
		walker->memory = (struct allotp_memory){ .next = 0 };
		walker->code = (struct allotp_code){ .next = 0 };
		walk.kept = 0;
	}
	walker->busy = true;
	walker->memo.ip = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	walker->full_valid = false;
	find_frames(walker, &walk, start);
	if (walk.path) {
		/* What was remembered stays so, and the path. */
		node = find_child(walker, hash_frame(walk.path->inner.node, start->ip), walk.path->inner.node,
				  start->ip);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		walker->busy = false;
		memorize(walker);
		tell(walker, node, path_depth(walk.path) + 1, result);
		return node;
	}
	count = place_frames(walker, &walk);
	if (!find_nodes(walker, &walk, count))
		count = 0;
	walker->status = walk.status;
	walker->stop = 0;
	if (walk.status == ALLOT_WALK_TRUNCATED)
		walker->stop = walker->frames[0].ip;
	node = count > 0 ? walker->frames[count - 1].node : ALLOT_NODE_NONE;
	if (walk.kept > 0)
		for (uint32_t i = 0; i < PATH_STARTS && walk.kept + i < count; i++)
			keep_path(walker, &walker->frames[count - 1 - i], walk.kept - 1);
	walker->count = count;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	walker->busy = false;
	memorize(walker);
	tell(walker, node, count, result);
	return node;
}

uint32_t allotp_walk(struct allot_walker *walker, const struct allot_walk_start *start,
		     struct allot_walk_result *result)
{
	const struct allotp_path *path;

	look_at_epoch(walker);
	if (walker->count > 0 && !walker->busy) {
		const struct allotp_frame *innermost = &walker->frames[walker->count - 1];

		if (same_frame(innermost, start->ip, start->sp, start->fp, false) &&
		    allotp_words_compare(walker->words, innermost->words) == 0) {
			tell(walker, innermost->node, walker->count, result);
			return innermost->node;
		}
		path = find_path(walker, walker->count, start->ip, start->sp, start->fp);
		if (path && has_depth(walker, path_depth(path))) {
			tell(walker, path->inner.node, path_depth(path), result);
			return path->inner.node;
		}
	}
	return allotp_walk_changed(walker, start, result);
}

uint32_t allotp_walk_path(const struct allot_walker *walker, const struct allot_walk_start *start)
{
	const struct allotp_path *path;

	/* In the middle of a walk, or when its end is to be told each time, there is no memo either. */
	if (!walker->memo.ip)
		return 0;
	path = find_path(walker, walker->count, start->ip, start->sp, start->fp);
	/* It is as deep as when it was kept: not beyond the limit. */
	return path ? path->inner.node : 0;
}
