/* SPDX-License-Identifier: MIT */
/*
 * The short form of unwind data: one word for a program counter that says how to get from the frame to its
 * caller with nothing but the stack pointer and the frame pointer. A cache, shared by all threads, remembers the
 * rule of each program counter.
 */
#ifndef ALLOT_UNWIND_RULE_H
#define ALLOT_UNWIND_RULE_H

#include "unwind/cfi.h"
#include "unwind/registers.h"

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
 * The cache: cache lines of words, so that a rule is read and written at once. Addresses near each other share a line, as
 * the calls of a function often belong to one stack. A word's upper 35 bits are what the line does not say of the
 * address, a hash that can be undone, and so stand for it; its lower 29 bits are the rule in a packed form. A rule
 * that does not fit is not cached: frames of 256 KiB and more.
 *
 * Packed: the kind (3 bits), fp (5), ra (4), whether fp and ra are counted from where the CFA is counted from instead of
 * from the CFA (1), cfa (16). Some processors' frames have their record at the one end, others' at the other.
 */
#define ALLOTP_RULE_LINE_BITS 12
#define ALLOTP_RULE_WAYS 8
#define ALLOTP_RULE_NEAR_BITS (7 - ALLOTP_CODE_SHIFT)
#define ALLOTP_RULE_CODE_BITS 47 /* of an address, without ALLOTP_CODE_SHIFT: what is beyond is not cached */
#define ALLOTP_RULE_PACKED 29
#define ALLOTP_RULE_FP_MAX 31
#define ALLOTP_RULE_RA_MAX 15
#define ALLOTP_RULE_NO_FP ALLOTP_RULE_FP_MAX /* of fp counted from the other end, where 0 means something */

struct allotp_rule_line {
	uint64_t ways[ALLOTP_RULE_WAYS];
} __attribute__((aligned(64)));

extern struct allotp_rule_line allotp_rule_cache[1 << ALLOTP_RULE_LINE_BITS];

struct allotp_rule_place {
	uint64_t *line;
	uint64_t tag;   /* what the word has above the packed rule */
	unsigned first; /* the way that is looked at first */
};

static inline struct allotp_rule_place allotp_rule_place(uint64_t pc)
{
	uint64_t code = pc >> ALLOTP_CODE_SHIFT;
	/* One to one: the product of the upper bits with an odd number, modulo a power of 2, in the upper bits of the word. */
	uint64_t hash = (code >> ALLOTP_RULE_NEAR_BITS) * UINT64_C(0x9e3779b97f4a7c15)
			<< (64 - ALLOTP_RULE_CODE_BITS + ALLOTP_RULE_NEAR_BITS);

	return (struct allotp_rule_place){
		.line = allotp_rule_cache[hash >> (64 - ALLOTP_RULE_LINE_BITS)].ways,
		.tag = hash << ALLOTP_RULE_LINE_BITS | (code & ((1u << ALLOTP_RULE_NEAR_BITS) - 1))
							       << ALLOTP_RULE_PACKED,
		.first = (unsigned)(code ^ code >> 3 ^ code >> 5) % ALLOTP_RULE_WAYS,
	};
}

static inline bool allotp_rule_cacheable(uint64_t pc)
{
	return pc >> ALLOTP_CODE_SHIFT >> ALLOTP_RULE_CODE_BITS == 0;
}

static inline struct allotp_rule allotp_rule_unpack(uint64_t packed)
{
	struct allotp_rule rule = { .cfa = (int16_t)(packed >> 13),
				    .ra = packed >> 8 & ALLOTP_RULE_RA_MAX,
				    .fp = packed >> 3 & ALLOTP_RULE_FP_MAX,
				    .kind = packed & 7 };

	if (!ALLOTP_RECORD_AT_CFA && (packed >> 12 & 1)) {
		rule.ra = (uint16_t)(rule.cfa - rule.ra);
		rule.fp = rule.fp == ALLOTP_RULE_NO_FP ? 0 : (uint16_t)(rule.cfa - rule.fp);
	}
	return rule;
}

/* The cached rule, or one of kind UNKNOWN. */
static inline struct allotp_rule allotp_rule_cached(uint64_t pc)
{
	struct allotp_rule_place place = allotp_rule_place(pc);
	uint64_t packed = 0;

	for (unsigned way = 0; way < ALLOTP_RULE_WAYS; way++) {
		uint64_t rest = __atomic_load_n(&place.line[place.first ^ way], __ATOMIC_RELAXED) ^ place.tag;

		if (rest >> ALLOTP_RULE_PACKED == 0) {
			packed = allotp_rule_cacheable(pc) ? rest : 0;
			break;
		}
	}
	return allotp_rule_unpack(packed);
}

/* The rule for pc, from the cache or the unwind data. epoch is the counter of code unloadings; see below. */
struct allotp_rule allotp_rule_get(uint64_t pc, const uint64_t *epoch, struct allotp_cfi_scratch *scratch);

/*
 * Empties the cache. To be called after code was unloaded and the epoch was raised: a rule that another thread had read
 * before, and puts in afterwards, is taken out by that thread, because it sees the epoch change.
 */
void allotp_rule_forget(void);

#endif
