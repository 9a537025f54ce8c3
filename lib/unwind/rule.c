/* SPDX-License-Identifier: MIT */
/* Makes short rules of rows of unwind data, and keeps the cache of them. */
#include "unwind/rule.h"

#include "unwind/cursor.h"

struct allotp_rule_line allotp_rule_cache[1 << ALLOTP_RULE_LINE_BITS];

static const struct allotp_rule full = { .kind = ALLOTP_RULE_FULL };

/* Whether the offset is a whole number of words, and how many; limited to [low, high]. */
static bool words(int64_t offset, int64_t low, int64_t high, int64_t *out)
{
	if (offset % 8 != 0 || offset / 8 < low || offset / 8 > high)
		return false;
	*out = offset / 8;
	return true;
}

/* The value of a LEB128 number that is all of [at, end). */
static bool whole_sleb(const uint8_t *at, const uint8_t *end, int64_t *out)
{
	struct allotp_cursor cursor = { .at = at, .end = end };
	int64_t value = allotp_cursor_sleb(&cursor);

	if (cursor.bad || cursor.at != end)
		return false;
	*out = value;
	return true;
}

/*
 * What gcc writes for a function that aligns its stack: the CFA was saved below the frame pointer, the caller's frame
 * pointer right at it.
 */
static bool is_realigned(const struct allotp_cfi_row *row, int64_t *cfa)
{
	const uint8_t breg = 0x70 + ALLOTP_REGISTER_FP, deref = 0x06;
	const struct allotp_expression *where = &row->cfa.expression;
	const struct allotp_cfi_rule *fp = &row->registers[ALLOTP_REGISTER_FP];
	int64_t offset, zero;

	return row->cfa.how == ALLOTP_CFI_VALUE && where->size >= 3 && where->code[0] == breg &&
	       where->code[where->size - 1] == deref &&
	       whole_sleb(where->code + 1, where->code + where->size - 1, &offset) &&
	       words(offset, INT16_MIN, -1, cfa) && fp->how == ALLOTP_CFI_SLOT_AT && fp->expression.size >= 2 &&
	       fp->expression.code[0] == breg &&
	       whole_sleb(fp->expression.code + 1, fp->expression.code + fp->expression.size, &zero) && zero == 0;
}

struct allotp_rule allotp_rule_make(const struct allotp_cfi_row *row)
{
	const struct allotp_cfi_rule *ra = &row->registers[ALLOTP_REGISTER_RA];
	const struct allotp_cfi_rule *fp = &row->registers[ALLOTP_REGISTER_FP];
	const struct allotp_cfi_rule *sp = &row->registers[ALLOTP_REGISTER_SP];
	struct allotp_rule rule = { .kind = ALLOTP_RULE_FULL };
	int64_t cfa, ra_words, fp_words = 0;

	if (ra->how == ALLOTP_CFI_UNDEFINED)
		return (struct allotp_rule){ .kind = ALLOTP_RULE_END };
	if (row->signal || sp->how != ALLOTP_CFI_SAME || ra->how != ALLOTP_CFI_SLOT ||
	    !words(-ra->offset, 1, UINT16_MAX, &ra_words))
		return full;
	if (is_realigned(row, &cfa)) {
		rule.kind = ALLOTP_RULE_DEREF;
	} else {
		if (row->cfa.how != ALLOTP_CFI_OFFSET ||
		    !words(row->cfa.offset, -ALLOTP_RULE_CFA_MAX, ALLOTP_RULE_CFA_MAX, &cfa))
			return full;
		if (row->cfa_register == ALLOTP_REGISTER_SP)
			rule.kind = ALLOTP_RULE_SP;
		else if (row->cfa_register == ALLOTP_REGISTER_FP)
			rule.kind = ALLOTP_RULE_FP;
		else
			return full;
		if (fp->how == ALLOTP_CFI_SLOT ? !words(-fp->offset, 1, UINT16_MAX, &fp_words)
					       : fp->how != ALLOTP_CFI_SAME)
			return full;
	}
	rule.cfa = (int32_t)cfa;
	rule.ra = (uint16_t)ra_words;
	rule.fp = (uint16_t)fp_words;
	return rule;
}

struct allotp_rule allotp_rule_find(uint64_t pc, struct allotp_cfi_scratch *scratch)
{
	struct allotp_object object;

	if (allotp_object_find(pc, &object) != 0 || allotp_cfi_find(&object, pc, scratch) != 0)
		return (struct allotp_rule){ .kind = ALLOTP_RULE_NONE };
	return allotp_rule_make(&scratch->row);
}

/* The rule in the cache's form; 0 if it does not fit. */
static uint64_t pack(struct allotp_rule rule)
{
	bool low = !ALLOTP_RECORD_AT_CFA && rule.ra > ALLOTP_RULE_RA_MAX;
	unsigned ra = rule.ra, fp = rule.fp;

	if (rule.cfa < INT16_MIN || rule.cfa > INT16_MAX)
		return 0;
	if (low) {
		ra = (unsigned)(rule.cfa - (int)ra);
		fp = fp == 0 ? ALLOTP_RULE_NO_FP : (unsigned)(rule.cfa - (int)fp);
	}
	if (ra > ALLOTP_RULE_RA_MAX || fp > ALLOTP_RULE_FP_MAX || (low && rule.fp != 0 && fp == ALLOTP_RULE_NO_FP))
		return 0;
	return (uint64_t)(uint16_t)rule.cfa << 13 | (uint64_t)low << 12 | ra << 8 | fp << 3 | rule.kind;
}

/* The word that a rule is put into: one that is free, or else the one that is looked at first. */
static uint64_t *room_in(const struct allotp_rule_place *place)
{
	for (unsigned way = 0; way < ALLOTP_RULE_WAYS; way++) {
		uint64_t *entry = &place->line[place->first ^ way];

		if (__atomic_load_n(entry, __ATOMIC_RELAXED) == 0)
			return entry;
	}
	return &place->line[place->first];
}

struct allotp_rule allotp_rule_get(uint64_t pc, const uint64_t *epoch, struct allotp_cfi_scratch *scratch)
{
	struct allotp_rule_place place = allotp_rule_place(pc);
	struct allotp_rule rule = allotp_rule_cached(pc);
	uint64_t *entry, before, packed;

	if (rule.kind != ALLOTP_RULE_UNKNOWN)
		return rule;
	before = __atomic_load_n(epoch, __ATOMIC_SEQ_CST);
	rule = allotp_rule_find(pc, scratch);
	packed = pack(rule);
	/* Code without unwind data may be JIT-compiled, and make room for something else without a word to us. */
	if (rule.kind == ALLOTP_RULE_NONE || packed == 0 || !allotp_rule_cacheable(pc))
		return rule;
	/*
	 * All sequentially consistent, as the raising of the epoch is and the stores of allotp_rule_forget after it: if
	 * this store comes after that one's, this load comes after the raising, and sees it.
	 */
	entry = room_in(&place);
	__atomic_store_n(entry, place.tag | packed, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(epoch, __ATOMIC_SEQ_CST) != before)
		__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
	return rule;
}

void allotp_rule_forget(void)
{
	for (unsigned i = 0; i < 1 << ALLOTP_RULE_LINE_BITS; i++)
		for (unsigned way = 0; way < ALLOTP_RULE_WAYS; way++)
			if (__atomic_load_n(&allotp_rule_cache[i].ways[way], __ATOMIC_SEQ_CST) != 0)
				__atomic_store_n(&allotp_rule_cache[i].ways[way], 0, __ATOMIC_SEQ_CST);
}
