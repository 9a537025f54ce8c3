/* SPDX-License-Identifier: MIT */
/*
 * What in a process is a root: every mapping that the program may have stored pointers in, less what is the allocator's,
 * allot's, or dead: stacks below their stack pointers, and stacks of threads that have ended, which glibc keeps.
 */
#ifndef ALLOT_SCAN_ROOTS_H
#define ALLOT_SCAN_ROOTS_H

#include "scan/mappings.h"
#include "scan/scan.h"

struct allot_range {
	uint64_t start, end;
};

/* Where libc's struct pthread has a thread's number, and the function that it began with, in bytes; 0: not known. */
struct allot_thread_fields {
	uint32_t tid, start_routine;
};

/*
 * A word that was in a register of a thread has this for the address where it is, and the thread's number below; 0 if it is what
 * is kept of a thread that has ended.
 */
#define ALLOT_SCAN_REGISTER (UINT64_C(1) << 63)

struct allot_roots {
	/* to be set by the caller */
	uint32_t pid;
	const uint64_t *held;          /* struct allot_held_thread, each with its words behind it */
	uint64_t held_count;           /* words */
	struct allot_range libc;       /* the module that malloc is in */
	struct allot_range loader;     /* ld.so */
	const struct allot_range *own; /* memory that is allot's */
	size_t own_count;
	int64_t own_thread_offset; /* allot's thread-local memory, from the thread pointer */
	size_t own_thread_size;
	struct allot_thread_fields thread_fields;
	const struct allot_range *more; /* what the program has named: also in blocks that nobody points to */
	size_t more_count;
	bool whole_heap; /* there are blocks that are not known: all of the heap's other memory is a root */
	bool threads;    /* there were threads, whose stacks may still be kept */
	/* private */
	struct allot_mappings mappings;
	struct allot_range *excluded;
	size_t excluded_count, excluded_room;
	/* results */
	uint64_t root_bytes, unreadable_bytes;
};

/* Reads the mappings. First of all, so that nothing which is mapped for the scan itself is there yet. 0 or a negative errno. */
int allotp_roots_begin(struct allot_roots *roots);
void allotp_roots_release(struct allot_roots *roots);

/* The engine's memory: that of this very process. */
struct allot_scan_memory allotp_roots_memory(struct allot_roots *roots);

/* Marks the blocks that cannot be read, and gives the engine all roots. After allotp_scan_begin. 0 or a negative errno. */
int allotp_roots_give(struct allot_roots *roots, struct allot_scan *scan);

#endif
