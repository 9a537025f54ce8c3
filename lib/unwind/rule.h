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

/* All distances are in words of 8 bytes. */
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

/* A rule as one word; 0 is that of kind UNKNOWN. */
static inline uint64_t allotp_rule_word(struct allotp_rule rule)
{
	return (uint64_t)(uint32_t)rule.cfa << 40 | (uint64_t)rule.ra << 24 | (uint64_t)rule.fp << 8 | rule.kind;
}

static inline struct allotp_rule allotp_rule_of_word(uint64_t word)
{
	return (struct allotp_rule){ .cfa = (int32_t)((int64_t)word >> 40),
				     .ra = (uint16_t)(word >> 24),
				     .fp = (uint16_t)(word >> 8),
				     .kind = (uint8_t)word };
}

/*
 * The cache: one word for a hash of pc, so that it is read and written at once. Its upper 33 bits are the rest of the
 * hash, which can be undone and so stands for pc; its lower 31 bits are the rule in a packed form. A rule that does not
 * fit is not cached: frames of 256 KiB and more.
 *
 * Packed: the kind (3 bits), fp (6), ra (5), whether fp and ra are counted from where the CFA is counted from instead of
 * from the CFA (1), cfa (16). Some processors' frames have their record at the one end, others' at the other.
 */
#define ALLOTP_RULE_BITS 15
#define ALLOTP_RULE_PACKED 31
#define ALLOTP_RULE_NO_FP 63 /* of fp counted from the other end, where 0 means something */

extern uint64_t allotp_rule_cache[1 << ALLOTP_RULE_BITS];

/* Hashes 48 bits to 48 bits, one to one. */
static inline uint64_t allotp_rule_hash(uint64_t pc)
{
	return (pc * UINT64_C(0x9e3779b97f4a7c15)) & ((UINT64_C(1) << 48) - 1);
}

static inline struct allotp_rule allotp_rule_unpack(uint64_t packed)
{
	struct allotp_rule rule = {
		.cfa = (int16_t)(packed >> 15), .ra = packed >> 9 & 31, .fp = packed >> 3 & 63, .kind = packed & 7
	};

	if (!ALLOTP_RECORD_AT_CFA && (packed >> 14 & 1)) {
		rule.ra = (uint16_t)(rule.cfa - rule.ra);
		rule.fp = rule.fp == ALLOTP_RULE_NO_FP ? 0 : (uint16_t)(rule.cfa - rule.fp);
	}
	return rule;
}

/* The cached rule, or one of kind UNKNOWN. */
static inline struct allotp_rule allotp_rule_cached(uint64_t pc)
{
	uint64_t hash = allotp_rule_hash(pc);
	uint64_t entry = __atomic_load_n(&allotp_rule_cache[hash >> (48 - ALLOTP_RULE_BITS)], __ATOMIC_RELAXED);

	/* The hash's upper bits, which chose the entry, are shifted out on one side; on the other, addresses end. */
	if ((entry ^ hash << ALLOTP_RULE_PACKED) >> ALLOTP_RULE_PACKED != 0 || pc >> 48 != 0)
		entry = 0;
	return allotp_rule_unpack(entry & ((UINT64_C(1) << ALLOTP_RULE_PACKED) - 1));
}

/* The rule for pc, from the cache or the unwind data. epoch is the counter of code unloadings; see below. */
struct allotp_rule allotp_rule_get(uint64_t pc, const uint64_t *epoch, struct allotp_cfi_scratch *scratch);

/*
 * Empties the cache. To be called after code was unloaded and the epoch was raised: a rule that another thread had read
 * before, and puts in afterwards, is taken out by that thread, because it sees the epoch change.
 */
void allotp_rule_forget(void);

#endif
