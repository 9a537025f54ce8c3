/* SPDX-License-Identifier: MIT */
/* The words of memory that frames depend on: what they were, and whether they still are. */
#ifndef ALLOT_UNWIND_WORDS_H
#define ALLOT_UNWIND_WORDS_H

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

/*
 * Compares the first `count` words with memory, the last first, and returns how many are left at the first that differs;
 * 0: none does. It must stop there: the next word's address is known to be readable only if this one holds.
 */
__attribute__((no_sanitize("address"))) static inline uint32_t allotp_words_compare(const struct allotp_word *words,
										    uint32_t count)
{
	const struct allotp_word *word = words + count;

	for (; word != words; word--)
		if (*(const volatile uint64_t *)(uintptr_t)word[-1].address != word[-1].value)
			break;
	return (uint32_t)(word - words);
}

#endif
