/* SPDX-License-Identifier: MIT */
/*
 * glibc's struct pthread lies at the thread pointer. Its first words are public in effect, since compilers use them: its own
 * address, twice, with the table of dynamic thread-local memory between, and the guards that all threads share. Where
 * the stack is stands further behind, at a place that changes between releases; it can be told by its value.
 */
#include "scan/threads.h"

#include <string.h>

enum { SELF = 0, DTV = 1, SELF_AGAIN = 2, STACK_GUARD = 5, POINTER_GUARD = 6, HEAD = 7 };

/* Where struct pthread ends, at most; and how far behind it a stack ends. */
enum { MOST_WORDS = 288, BEHIND = 1 << 16 };

static bool has_words(const struct allot_mappings *mappings, uint64_t address, uint64_t words)
{
	const struct allot_mapping *mapping = address & 63 ? NULL : allotp_mappings_find(mappings, address);

	return mapping && mapping->readable && mapping->kind != ALLOT_MAPPING_OTHER &&
	       mapping->end - address >= words * sizeof(uint64_t);
}

/* The beginning and the size of the stack stand side by side: it ends right behind the struct. */
static struct allot_range stack_of(const struct allot_mappings *mappings, uint64_t pointer)
{
	const uint64_t *words = (const uint64_t *)(uintptr_t)pointer;

	for (size_t i = HEAD; has_words(mappings, pointer, i + 2) && i < MOST_WORDS; i++) {
		uint64_t start = words[i], size = words[i + 1], end = start + size;

		if (start && start < pointer && size >= 8192 && end > pointer + i * sizeof(*words) && end > start &&
		    end - pointer <= BEHIND && allotp_mappings_find(mappings, start))
			return (struct allot_range){ start, end };
	}
	return (struct allot_range){ 0, 0 };
}

struct allot_range allotp_threads_stack(const struct allot_mappings *mappings, const struct allot_held_thread *thread,
					uint32_t pid)
{
	for (size_t i = 0; thread->tid == pid && i < mappings->count; i++) {
		const struct allot_mapping *mapping = &mappings->list[i];

		if (mapping->kind == ALLOT_MAPPING_STACK)
			return (struct allot_range){ mapping->start, mapping->end };
	}
	return stack_of(mappings, thread->thread_pointer);
}

static bool is_live(const uint64_t *held, uint64_t held_count, uint64_t pointer)
{
	for (uint64_t at = 0; at < held_count;) {
		const struct allot_held_thread *thread = (const void *)&held[at];

		if (thread->thread_pointer == pointer)
			return true;
		at += sizeof(*thread) / sizeof(uint64_t) + thread->words;
	}
	return false;
}

/* Before where a thread began stands what it has returned; before that its own address, when nobody may join it. */
static uint64_t result_of(const struct allot_mappings *mappings, const struct allot_thread_fields *fields,
			  uint64_t pointer)
{
	enum { DETACHED = -3, RESULT = -2 };
	const uint64_t *words = (const uint64_t *)(uintptr_t)pointer + fields->start_routine / sizeof(*words);
	uint32_t tid;

	if (!fields->start_routine || fields->start_routine % sizeof(*words) || fields->tid > fields->start_routine ||
	    !has_words(mappings, pointer, fields->start_routine / sizeof(*words)))
		return 0;
	/* The kernel takes it away at the thread's end; who joins it puts another there. */
	memcpy(&tid, (const char *)(uintptr_t)pointer + fields->tid, sizeof(tid));
	return tid || words[DETACHED] == pointer ? 0 : words[RESULT];
}

void allotp_threads_dead(struct allot_mappings *mappings, const struct allot_thread_fields *fields,
			 const uint64_t *held, uint64_t held_count,
			 void (*found)(void *context, struct allot_range stack, uint64_t table, uint64_t result),
			 void *context)
{
	uint64_t guard, pointer_guard;

	__asm__("mov %%fs:40, %0" : "=r"(guard));
	__asm__("mov %%fs:48, %0" : "=r"(pointer_guard));
	for (size_t i = 0; i < mappings->count; i++) {
		const struct allot_mapping *mapping = &mappings->list[i];
		uint64_t start = mapping->start, end = mapping->end;

		if (mapping->kind != ALLOT_MAPPING_ANONYMOUS || mapping->shared || !mapping->writable ||
		    !mapping->readable)
			continue;
		for (; allotp_mappings_touched(mappings, mapping, &start, &end); start = end, end = mapping->end) {
			for (uint64_t at = (start + 63) & ~UINT64_C(63); at + 64 <= end; at += 64) {
				const uint64_t *words = (const uint64_t *)(uintptr_t)at;
				struct allot_range stack;

				if (words[SELF] != at || words[SELF_AGAIN] != at || words[STACK_GUARD] != guard ||
				    words[POINTER_GUARD] != pointer_guard || is_live(held, held_count, at))
					continue;
				stack = stack_of(mappings, at);
				if (stack.start)
					found(context, stack, words[DTV] - 16, result_of(mappings, fields, at));
			}
		}
	}
}

/* The table has its length before its beginning, and two words for each module, of which the first says where its part is. */
bool allotp_threads_local(const struct allot_mappings *mappings, const struct allot_held_thread *thread,
			  uint64_t address, uint32_t *module, uint64_t *place)
{
	enum { MOST_MODULES = 4096, MOST_BYTES = 1 << 24 };
	uint64_t pointer = thread->thread_pointer, nearest = 0, count;
	const uint64_t *table;

	if (!has_words(mappings, pointer, HEAD) || address >= pointer + MOST_WORDS * sizeof(uint64_t) ||
	    address + MOST_BYTES < pointer)
		return false;
	if (address >= pointer) {
		*module = 0;
		*place = address - pointer;
		return true;
	}
	table = (const uint64_t *)((const uint64_t *)(uintptr_t)pointer)[DTV];
	if ((uintptr_t)table & 7 || !allotp_mappings_find(mappings, (uintptr_t)(table - 2)))
		return false;
	count = table[-2];
	for (uint64_t i = 1; i <= count && i < MOST_MODULES && allotp_mappings_find(mappings, (uintptr_t)&table[2 * i]);
	     i++) {
		uint64_t part = table[2 * i];

		if (part > address || part <= nearest || part + MOST_BYTES < pointer)
			continue;
		nearest = part;
		*module = (uint32_t)i;
		*place = address - part;
	}
	return nearest != 0;
}
