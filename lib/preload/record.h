/* SPDX-License-Identifier: MIT */
/* Writing events: what the hooks call. Async-signal-safe, never waits, leaves errno alone. */
#ifndef ALLOT_PRELOAD_RECORD_H
#define ALLOT_PRELOAD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/layout.h"
#include "unwind/walk.h"

/* A block has appeared. NULL is ignored. Call after the real allocation. When blocks are sampled, it may not be recorded. */
void allotp_record_alloc(const void *block, size_t size, enum allot_family family, const struct allot_walk_start *caller);

/* The same for what a hook has got, unless it is nobody's or operator new has asked for it. Returns the block. */
void *allotp_record_got(void *block, size_t size, enum allot_family family, const struct allot_walk_start *caller);

/* The rest of the short way, see quick.h, when the stack is not the same as the last. Returns the block. */
struct allot_context;
void *allotp_record_changed(struct allot_context *context, void *block, size_t size, enum allot_family family,
			    const struct allot_walk_start *caller);

/* A block goes. NULL is ignored, and a block that was not sampled. Call before the real free. */
void allotp_record_free(const void *block, enum allot_family family);

/*
 * A block is handed to realloc, which may free it; and: it did not. Call before and after the real realloc; the second
 * only if the first was true.
 */
bool allotp_record_give_up(const void *block);
void allotp_record_restore(const void *block);

/* Mappings. Call after the real mmap, and before the real munmap. */
void allotp_record_map(const void *address, size_t size, const struct allot_walk_start *caller);
void allotp_record_unmap(const void *address, size_t size);

/*
 * Blocks of the program's own domains; every one is recorded. In a process that records. family: MALLOC for malloc's own
 * blocks, ANY for what lies in memory that is recorded otherwise, or not at all. False: there was no room.
 */
bool allotp_record_track(const void *block, size_t size, uint16_t domain, enum allot_family family,
			 const struct allot_walk_start *caller);
bool allotp_record_untrack(const void *block, uint16_t domain);

/*
 * Something that is neither of an address nor of a stack: THREAD, MARK, BUDGET, with a context of the calling thread. False:
 * there was no room for it.
 */
bool allotp_record_note(struct allot_context *context, enum allot_op op, uint64_t value);

#endif
