/* SPDX-License-Identifier: MIT */
/*
 * Which memory can be read without a fault. Rules read the stack at places that other people's unwind data
 * names; a wrong one must not kill the traced program. An *extent* is a range known to be readable. A page
 * outside all known extents is probed with a system call that fails instead of faulting.
 *
 * Nothing here allocates, locks or changes errno; all state is the caller's, and one thread's.
 */
#ifndef ALLOT_UNWIND_MEMORY_H
#define ALLOT_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOTP_PAGE UINT64_C(4096) /* probing by smaller pages than the kernel's is right, only slower */

struct allotp_extent {
	uint64_t low, high; /* [low, high); empty: both 0 */
};

#define ALLOTP_EXTENTS 4

struct allotp_memory {
	struct allotp_extent current;               /* where the walk is */
	struct allotp_extent known[ALLOTP_EXTENTS]; /* others, where it has been */
	uint32_t next;                              /* of known[], the one to give up */
};

/* Asks the kernel whether the 8 bytes at the address (rounded down to 8) can be read. About 150 ns. */
bool allotp_memory_probe(uint64_t address);

/* Whether size bytes at the address can be read; makes the extent larger, or another one current, if need be. */
bool allotp_memory_reach(struct allotp_memory *memory, uint64_t address, uint64_t size);

static inline bool allotp_extent_holds(const struct allotp_extent *extent, uint64_t address, uint64_t size)
{
	return address >= extent->low && address < extent->high && size <= extent->high - address;
}

/* Reads a word of the stack. Marked so that AddressSanitizer does not take it for an overflow. */
__attribute__((no_sanitize("address"))) static inline uint64_t allotp_memory_word(uint64_t address)
{
	return *(const volatile uint64_t *)(uintptr_t)address;
}

__attribute__((no_sanitize("address"))) static inline uint8_t allotp_memory_byte(uint64_t address)
{
	return *(const volatile uint8_t *)(uintptr_t)address;
}

#endif
