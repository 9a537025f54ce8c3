/* SPDX-License-Identifier: MIT */
/*
 * Paths. Programs allocate from a few dozen places in turn, whose stacks differ in their innermost frames only. One
 * remembered walk alone would have these walked again and again, so a walker also remembers the ways that led into it.
 *
 * A path goes from a frame to one of the remembered walk, the base. If the words of memory it depends on are as they
 * were, and so is the base, then its node is what it was.
 */
#ifndef ALLOT_UNWIND_PATH_H
#define ALLOT_UNWIND_PATH_H

#include "unwind/words.h"

#include <stdbool.h>
#include <stdint.h>

/* What a path knows of the frame at either end. */
struct allotp_path_end {
	uint64_t ip, sp, fp;
	uint32_t node;
	bool fp_matters; /* else fp may have been anything */
};

#define ALLOTP_PATH_WORDS 16

struct allotp_path {
	struct allotp_path_end inner, outer; /* inner.ip 0: there is no path here */
	uint32_t base;                       /* the index of the outer end in the remembered walk */
	uint32_t frames;                     /* inside of the base */
	uint32_t count;                      /* of words, those of the outermost frames first */
	struct allotp_word words[ALLOTP_PATH_WORDS];
};

#define ALLOTP_PATH_BITS 7
#define ALLOTP_PATH_WAYS 4

/* All paths of a walker, by a hash of the ip and sp of their inner ends. Zeroed memory is empty. */
struct allotp_paths {
	uint64_t tags[1 << ALLOTP_PATH_BITS]
		     [ALLOTP_PATH_WAYS];     /* hashes; apart, so that a miss touches little memory */
	uint8_t next[1 << ALLOTP_PATH_BITS]; /* the way to be given up next */
	struct allotp_path paths[1 << ALLOTP_PATH_BITS][ALLOTP_PATH_WAYS];
};

static inline uint64_t allotp_path_tag(uint64_t ip, uint64_t sp)
{
	uint64_t hash = (ip ^ sp << 29 ^ sp >> 35) * UINT64_C(0x9e3779b97f4a7c15);

	return hash | 1; /* 0 is that of no path */
}

static inline uint32_t allotp_path_set(uint64_t tag)
{
	return (uint32_t)(tag >> (64 - ALLOTP_PATH_BITS));
}

/* Whether the path starts with that frame. */
static inline bool allotp_path_starts(const struct allotp_path *path, uint64_t ip, uint64_t sp, uint64_t fp)
{
	return path->inner.ip == ip && path->inner.sp == sp && (path->inner.fp == fp || !path->inner.fp_matters);
}

/*
 * Where to put a path that starts there, or NULL: a path is kept only from the second time on that a walk was made from
 * its start in vain, for there are programs whose stacks hardly ever come back.
 */
struct allotp_path *allotp_path_place(struct allotp_paths *paths, uint64_t ip, uint64_t sp);

#endif
