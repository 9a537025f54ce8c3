/* SPDX-License-Identifier: MIT */
/* What stopped threads held, on its way into the store. For one writer at a time. */
#ifndef ALLOT_SCAN_HELD_H
#define ALLOT_SCAN_HELD_H

#include "store/store.h"

/* Bytes below the stack pointer that a function may use without telling. */
#define ALLOT_RED_ZONE 128

struct allot_held {
	struct allot_store *store;
	uint64_t used; /* words */
	uint64_t head; /* where the newest thread begins */
	uint32_t threads;
};

/*
 * Adds a thread. sp: the lowest address of its stack that is in use. 0, or a negative errno when the store has no room; so
 * does allotp_held_words, which keeps those words that may be pointers.
 */
int allotp_held_add(struct allot_held *held, uint64_t tid, uint64_t sp, uint64_t thread_pointer);
/* Where the stack that the newest thread has for its signal handlers begins; 0: it has none. */
void allotp_held_signal_stack(struct allot_held *held, uint64_t start);
int allotp_held_words(struct allot_held *held, const void *words, size_t count);

#endif
