/* SPDX-License-Identifier: MIT */
/*
 * Why a block is still there: the pointers that lead to it from a root, into the store. One chain for each call site and class, of
 * the block that the fewest pointers lead to, and one for a block that somebody has asked for.
 */
#ifndef ALLOT_SCAN_CHAIN_H
#define ALLOT_SCAN_CHAIN_H

#include "scan/roots.h"
#include "store/store.h"

/* Links that are kept of a longer chain, at each end. */
enum { ALLOT_CHAIN_END = 16 };

struct allot_chains {
	struct allot_store *store;
	const struct allot_scan *scan; /* finished, with holders */
	const struct allot_roots *roots;
	const struct allot_map *maps; /* mappings with their sites, by address */
	uint64_t map_count;
	uint32_t (*module_of)(
		uintptr_t address); /* enters a module into the store; 0: there is none. NULL: nobody knows */
};

/* why: an address in the block that is asked for, or 0. 0 or a negative errno; what there is no room for is left out. */
int allotp_chains_tell(struct allot_chains *chains, uint64_t why);

#endif
