/* SPDX-License-Identifier: MIT */
/*
 * The short form of unwind data: one word for a program counter that says how to get from the frame to its
 * caller with nothing but the stack pointer and the frame pointer. A cache, shared by all threads, remembers the
 * rule of each program counter.
 */
#ifndef ALLOT_UNWIND_RULE_H
#define ALLOT_UNWIND_RULE_H

#include "unwind/cfi.h"

#include <stdint.h>

enum allotp_rule_kind {
	ALLOTP_RULE_UNKNOWN, /* not in the cache */
	ALLOTP_RULE_SP,      /* CFA is the stack pointer + cfa */
	ALLOTP_RULE_FP,      /* CFA is the frame pointer + cfa */
	ALLOTP_RULE_DEREF, /* CFA is the word at the frame pointer + cfa, and the caller's frame pointer the one at it */
	ALLOTP_RULE_END,   /* there is no caller */
	ALLOTP_RULE_FULL,  /* takes the full evaluation of cfi.h */
	ALLOTP_RULE_NONE,  /* there is no unwind data, or it is damaged */
};

/* All distances are in words of 8 bytes. Is passed around as one word, see allotp_rule_word. */
struct allotp_rule {
	int32_t cfa;  /* see the kinds */
	uint16_t ra;  /* the return address is saved this far below the CFA */
	uint16_t fp;  /* the frame pointer is saved this far below the CFA; 0: it has still the caller's value */
	uint8_t kind; /* enum allotp_rule_kind */
};

#define ALLOTP_RULE_CFA_MAX ((1 << 23) - 1) /* 64 MiB; what is beyond takes the full evaluation */

/* Finds the rule for pc in the unwind data. Any thread, may be slow (a microsecond). */
struct allotp_rule allotp_rule_find(uint64_t pc, struct allotp_cfi_scratch *scratch);

/* The short form of a row. */
struct allotp_rule allotp_rule_make(const struct allotp_cfi_row *row);

/*
 * The cache: an entry for a hash of pc, of two words that are written without a lock. `check` is pc mixed with the rule,
 * so that a reader that sees halves of two entries, or an empty one, does not take it for the rule of its pc.
 */
struct allotp_rule_entry {
	uint64_t check, rule; /* atomic */
};

#define ALLOTP_RULE_BITS 16

extern struct allotp_rule_entry allotp_rule_cache[1 << ALLOTP_RULE_BITS];

static inline uint64_t allotp_rule_word(struct allotp_rule rule)
{
	return (uint64_t)(uint32_t)rule.cfa << 40 | (uint64_t)rule.ra << 24 | (uint64_t)rule.fp << 8 | rule.kind;
}

static inline struct allotp_rule allotp_rule_of_word(uint64_t word)
{
	return (struct allotp_rule){.cfa = (int32_t)((int64_t)word >> 40),
	                            .ra = (uint16_t)(word >> 24),
	                            .fp = (uint16_t)(word >> 8),
	                            .kind = (uint8_t)word};
}

static inline uint64_t allotp_rule_check(uint64_t pc, uint64_t word)
{
	return pc ^ word * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct allotp_rule_entry *allotp_rule_entry(uint64_t pc)
{
	return &allotp_rule_cache[pc * UINT64_C(0x9e3779b97f4a7c15) >> (64 - ALLOTP_RULE_BITS)];
}

/* The cached rule's word, or 0, whose kind is UNKNOWN. The order of the two loads does not matter: see above. */
static inline uint64_t allotp_rule_cached(uint64_t pc)
{
	struct allotp_rule_entry *entry = allotp_rule_entry(pc);
	uint64_t word = __atomic_load_n(&entry->rule, __ATOMIC_RELAXED);

	if (__atomic_load_n(&entry->check, __ATOMIC_RELAXED) != allotp_rule_check(pc, word))
		word = 0;
	return word;
}

/*
 * The rule's word for pc, from the cache or the unwind data. epoch is the counter of code unloadings; see
 * allotp_rule_forget.
 */
uint64_t allotp_rule_get(uint64_t pc, const uint64_t *epoch, struct allotp_cfi_scratch *scratch);

/*
 * Empties the cache. To be called after code was unloaded and the epoch was raised: a rule that another thread had read
 * before, and puts in afterwards, is taken out by that thread, because it sees the epoch change.
 */
void allotp_rule_forget(void);

#endif
