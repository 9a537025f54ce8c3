/* SPDX-License-Identifier: MIT */
/* A context: one ring's writing end, and the walker that remembers the last stack seen there. */
#ifndef ALLOT_PRELOAD_CONTEXT_H
#define ALLOT_PRELOAD_CONTEXT_H

#include "store/ring.h"
#include "unwind/walk.h"

struct allot_context {
	struct allot_producer producer;
	struct allot_walker *walker; /* in memory[]; NULL: never used */
	uint32_t store;      /* which of this process's and its ancestors' stores the producer writes to */
	uint32_t generation; /* what allot_state's was when the walker began */
	uint64_t walks; /* counted in verify mode */
	_Alignas(64) unsigned char memory[];
};

#endif
