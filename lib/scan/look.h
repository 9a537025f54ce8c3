/* SPDX-License-Identifier: MIT */
/*
 * A look for leaks: in a copy of the program that fork has made, with the threads' registers in the store. Takes the live
 * blocks from the store, whose drain lock the caller has, and leaves there what it finds.
 */
#ifndef ALLOT_SCAN_LOOK_H
#define ALLOT_SCAN_LOOK_H

#include "scan/roots.h"
#include "store/store.h"

struct allot_look {
	struct allot_store *store;
	struct allot_roots roots; /* as far as the caller sets it, but for held, which is the store's */
	unsigned int heuristics;
	uint64_t why; /* an address in the block whose chain is wanted, whatever its site; 0: none */
	uint32_t (*module_of)(uintptr_t address); /* as in struct allot_chains */
};

/*
 * Gives the drain lock up as soon as the blocks are copied, in any case. Returns 0 or a negative errno; either way the
 * header's leaks says what there is to say.
 */
int allotp_look(struct allot_look *look, uint64_t held_words);

/* Says that there will be no look, and why: an errno, and enum allot_look_step. */
void allotp_look_failed(struct allot_store *store, int result, uint32_t step);

#endif
