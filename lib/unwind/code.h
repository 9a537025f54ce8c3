/* SPDX-License-Identifier: MIT */
/*
 * Whether an address lies in code. What is in no loaded file, but JIT-compiled, can be told from data only by the
 * permissions of its memory.
 */
#ifndef ALLOT_UNWIND_CODE_H
#define ALLOT_UNWIND_CODE_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOTP_CODE_RANGES 8

/* What is known of some mappings; one thread's. All zero: nothing. */
struct allotp_code {
	struct allotp_code_range {
		uint64_t low, high; /* both 0: none */
		uint32_t asked;     /* how often it was the answer, if it is no code */
		bool executable;
	} ranges[ALLOTP_CODE_RANGES];
	uint32_t next; /* the one to give up */
};

/*
 * Whether the address lies in executable memory. Reads /proc/self/maps, which takes some microseconds, where that is not
 * known, and again now and then for what was no code: a JIT compiler may make it so. Returns 1 or 0; or -EAGAIN if that
 * cannot be told.
 */
int allotp_code_at(struct allotp_code *code, uint64_t address);

#endif
