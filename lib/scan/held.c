/* SPDX-License-Identifier: MIT */
/* What stopped threads held, on its way into the store. */
#include "scan/held.h"

#include <string.h>

static uint64_t *at(const struct allot_held *held, uint64_t word)
{
	return ALLOTP_AT(held->store, ALLOT_REGION_HELD, uint64_t, word);
}

int allotp_held_add(struct allot_held *held, uint64_t tid, uint64_t sp, uint64_t thread_pointer)
{
	const struct allot_held_thread thread = { .tid = tid, .sp = sp, .thread_pointer = thread_pointer };
	uint64_t words = sizeof(thread) / sizeof(uint64_t);
	int result = allotp_store_need(held->store, ALLOT_REGION_HELD, (held->used + words) * sizeof(uint64_t));

	if (result)
		return result;
	memcpy(at(held, held->used), &thread, sizeof(thread));
	held->head = held->used;
	held->used += words;
	held->threads++;
	return 0;
}

void allotp_held_signal_stack(struct allot_held *held, uint64_t start)
{
	struct allot_held_thread *thread = (void *)at(held, held->head);

	thread->signal_stack = start;
}

int allotp_held_words(struct allot_held *held, const void *words, size_t count)
{
	int result = allotp_store_need(held->store, ALLOT_REGION_HELD, (held->used + count) * sizeof(uint64_t));
	struct allot_held_thread *thread;

	if (result)
		return result;
	thread = (void *)at(held, held->head);
	for (size_t i = 0; i < count; i++) {
		uint64_t word;

		memcpy(&word, (const char *)words + i * sizeof(word), sizeof(word));
		/* No processor has user addresses above. */
		if (word < 4096 || word >> 56)
			continue;
		*at(held, held->used++) = word;
		thread->words++;
	}
	return 0;
}
