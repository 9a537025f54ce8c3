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
 * Whether all of them are as they were. Compared with memory from the last to the first, and no further than to one that
 * differs: the next word's address is known to be readable only if this one holds.
 */
static inline bool allotp_words_hold(const struct allotp_word *words, const struct allotp_word *end)
{
	/* This is what most of recording a block is. */
	for (; end - words >= 8; end -= 8)
		if (!allotp_word_holds(&end[-1]) || !allotp_word_holds(&end[-2]) || !allotp_word_holds(&end[-3]) ||
		    !allotp_word_holds(&end[-4]) || !allotp_word_holds(&end[-5]) || !allotp_word_holds(&end[-6]) ||
		    !allotp_word_holds(&end[-7]) || !allotp_word_holds(&end[-8]))
			return false;
	for (; end != words; end--)
		if (!allotp_word_holds(&end[-1]))
			return false;
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
