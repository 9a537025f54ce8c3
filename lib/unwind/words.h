/* SPDX-License-Identifier: MIT */
/* The words of memory that frames depend on: what they were, and whether they still are. */
#ifndef ALLOT_UNWIND_WORDS_H
#define ALLOT_UNWIND_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct allotp_word {
	uint64_t address, value;
};

static inline void allotp_words_add(struct allotp_word *words, uint32_t *count, uint64_t address, uint64_t value)
{
	struct allotp_word *word = &words[(*count)++];

	word->address = address;
	word->value = value;
}

/* Whether a word is as it was. */
__attribute__((no_sanitize("address"))) static inline bool allotp_word_holds(const struct allotp_word *word)
{
	return *(const volatile uint64_t *)(uintptr_t)word->address == word->value;
}

/*
 * Whether the first `count` words are as they were. Compared with memory from the last to the first, and no further than to one
 * that differs: the next word's address is known to be readable only if this one holds.
 */
__attribute__((always_inline)) static inline bool allotp_words_hold(const struct allotp_word *words, uint32_t count)
{
	const struct allotp_word *word = words + count;

#define HOLDS(n) allotp_word_holds(&word[-(n)])
	/* This is what most of recording a block is. */
	if (count & 1) {
		if (!HOLDS(1))
			return false;
		word -= 1;
	}
	if (count & 2) {
		if (!HOLDS(1) || !HOLDS(2))
			return false;
		word -= 2;
	}
	if (count & 4) {
		if (!HOLDS(1) || !HOLDS(2) || !HOLDS(3) || !HOLDS(4))
			return false;
		word -= 4;
	}
	for (; word != words; word -= 8)
		if (!HOLDS(1) || !HOLDS(2) || !HOLDS(3) || !HOLDS(4) || !HOLDS(5) || !HOLDS(6) || !HOLDS(7) ||
		    !HOLDS(8))
			return false;
#undef HOLDS
	return true;
}

/*
 * Compares the first `count` words with memory, the last first, and returns how many are left at the first that differs;
 * 0: none does. It must stop there: the next word's address is known to be readable only if this one holds.
 */
static inline uint32_t allotp_words_compare(const struct allotp_word *words, uint32_t count)
{
	const struct allotp_word *word = words + count;

	/* Four at a time: this is what most of recording a block is. */
	while (word - words >= 4 && allotp_word_holds(&word[-1]) && allotp_word_holds(&word[-2]) &&
	       allotp_word_holds(&word[-3]) && allotp_word_holds(&word[-4]))
		word -= 4;
	while (word != words && allotp_word_holds(&word[-1]))
		word--;
	return (uint32_t)(word - words);
}

#endif
