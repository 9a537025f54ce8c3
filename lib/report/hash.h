/* SPDX-License-Identifier: MIT */
/* A hash table of array indices: the owner keeps the things, the table only finds their numbers. */
#ifndef ALLOT_REPORT_HASH_H
#define ALLOT_REPORT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct allot_hash_slot {
	uint32_t hash;
	uint32_t number; /* 0: the slot is empty */
};

/* All zero is an empty table. Open addressing; nothing is ever removed. */
struct allot_hash {
	struct allot_hash_slot *slots;
	uint32_t size; /* power of two, or 0 */
	uint32_t used;
};

/* Is the thing of that number the one that is wanted? */
typedef bool allot_hash_match_fn(const void *things, uint32_t number, const void *wanted);

/* The number of the thing that has this hash and matches, or 0. */
uint32_t allotp_hash_find(const struct allot_hash *table, uint32_t hash, allot_hash_match_fn *match, const void *things,
			  const void *wanted);
/* Adds a number (not 0) that is not there yet. Returns 0 or -ENOMEM. */
int allotp_hash_add(struct allot_hash *table, uint32_t hash, uint32_t number);
void allotp_hash_release(struct allot_hash *table);

/* FNV-1a of 64 bits: goes on from a hash, or ALLOTP_HASH_START, with these bytes. Baselines keep what comes of it. */
#define ALLOTP_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t allotp_hash_chain(uint64_t hash, const void *bytes, size_t size);

/* Hashes bytes for a table; seed chains several pieces. */
uint32_t allotp_hash_bytes(uint32_t seed, const void *bytes, size_t size);

#endif
