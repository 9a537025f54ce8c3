/* SPDX-License-Identifier: MIT */
/*
 * What a store should say after some events, counted the naive way: each event changes a plain array of blocks and plain
 * sums, and at each new peak all sites are copied.
 */
#ifndef ALLOT_TESTS_STORE_MODEL_H
#define ALLOT_TESTS_STORE_MODEL_H

#include "store-fixture.h"

#define MODEL_STACKS 48
#define MODEL_DOMAINS 2
#define MODEL_SITES (MODEL_STACKS * MODEL_DOMAINS)
#define MODEL_SLOTS 8

struct model_count {
	uint64_t bytes, blocks;
	struct allot_spread variance; /* when blocks are sampled */
};

struct model_site {
	struct model_count ever, freed, temporary, peak;
	uint64_t mismatched;
};

struct model_block {
	bool live;
	bool reserved; /* given up, and going to be restored: nobody else may have it */
	uint8_t family;
	uint32_t slot;
	uint32_t site; /* stack * MODEL_DOMAINS + domain */
	uint64_t size;
};

struct model_event {
	enum allot_op op;
	uint32_t slot;
	uint32_t block;
	uint64_t size;
	uint32_t stack; /* 0 to MODEL_STACKS - 1 */
	enum allot_family family;
	bool restores;  /* of a GIVE_UP: the realloc is going to fail, and RESTORE follows */
	bool temporary; /* of a FREE of a sampled block: as far as the thread knows */
};

struct store_model {
	uint32_t block_count;
	struct model_block *blocks;
	uint64_t sampling_bytes; /* 0: every block is recorded */
	uint32_t nodes[MODEL_STACKS];
	struct model_site sites[MODEL_SITES];
	struct model_count ever, freed, temporary, peak;
	uint64_t events, unknown_frees, mismatched, double_allocations, marks;
	uint64_t allocating, freeing; /* events */
	bool any_peak;                /* the stamps were not in order: the peak may be another */
	bool with_maps;               /* there are mappings, too, and so other totals */
	struct model_slot {
		uint32_t last_alloc;      /* block + 1; 0: none */
		uint32_t given_up;        /* block + 1 */
		bool restores;            /* the realloc that gave it up is going to fail */
		struct model_block taken; /* what GIVE_UP took; not live: it was unknown */
	} slots[MODEL_SLOTS];
};

/* A model of a store in which nothing has happened, whose stack tree gets the stacks. */
void model_init(struct store_model *model, struct allot_store *store, uint32_t blocks);
void model_free(struct store_model *model);

/* From now on blocks are sampled, in the store and in the model; before anything has happened in either. */
void model_sample(struct store_model *model, struct allot_store *store, uint64_t sampling_bytes);

/* Even blocks are of domain 0, odd ones of another at the same addresses. */
uint64_t model_address(uint32_t block);

/* Makes up an event that can happen now. */
struct model_event model_random_event(const struct store_model *model, uint64_t *random, uint32_t slots);

void model_apply(struct store_model *model, const struct model_event *event);

/* Forgets everything but how many events there were; and: what is live now is the peak. */
void model_clear(struct store_model *model);
void model_reset_peak(struct store_model *model);

/* Adds what one thread counted with a model of its own, over the same blocks, each of which only its owner touches. */
void model_merge(struct store_model *into, const struct store_model *model);

/* The same event for fixture_write. */
struct fixture_event model_encode(const struct store_model *model, const struct model_event *event, uint64_t stamp);

/* Which of the model's sites it is; -1: none. */
int64_t model_site_index(const struct store_model *model, const struct allot_store_site *site);

/* NULL if the store says the same, else what differs; valid until the next call. */
const char *model_difference(const struct store_model *model, const struct allot_store *store);

#endif
