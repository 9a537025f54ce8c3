/* SPDX-License-Identifier: MIT */
/*
 * A batch: what some thousand events do, worked out in the drainer's own memory. Most blocks die in the batch that they
 * were born in, and never get into the store; a site that is hit a thousand times is written once. Nothing in the store
 * changes before the batch is committed, so a drainer may die at any moment. For the drainer only.
 *
 * Between batches the drainer remembers the blocks that it has met, so that most of those that go are found without a
 * look into the live table.
 */
#ifndef ALLOT_STORE_BATCH_H
#define ALLOT_STORE_BATCH_H

#include <stddef.h>

#include "store/live.h"
#include "store/store.h"

#define ALLOT_BATCH_EVENTS 8192u
#define ALLOT_BATCH_BLOCK_BITS 15
#define ALLOT_BATCH_BLOCKS (1u << ALLOT_BATCH_BLOCK_BITS) /* places for them; half of them are used at the most */
#define ALLOT_BATCH_SITES (2 * ALLOT_BATCH_EVENTS) /* of each event, and of a block that it turns out to replace */
#define ALLOT_BATCH_SITES_DUE 2048u /* a batch with so many is to be committed: their counters take the most memory */
#define ALLOT_BATCH_STACK_BITS 12
#define ALLOT_BATCH_SAMPLES 16u
#define ALLOT_BATCH_RECORDS 16384u /* an event changes up to 3 * ALLOT_NESTING of them */

/* What is known of a block. */
enum {
	ALLOT_BLOCK_LIVE = 1,
	ALLOT_BLOCK_CHANGED = 2, /* it is in changed[] */
	ALLOT_BLOCK_STORED = 4,  /* the live table has an entry of it, */
	ALLOT_BLOCK_ABSENT = 8,  /* or has none; neither: nobody has looked yet */
	ALLOT_BLOCK_ROUND = 1 << 16, /* what rounds are counted by */
};

struct allot_batch_block {
	uint64_t key; /* as allotp_live_key */
	uint64_t size;
	uint32_t site;        /* its number */
	uint32_t slot_family; /* as in the live table */
	uint32_t state;       /* ALLOT_BLOCK_*, and a round: the place is empty if that is not the batch's */
	uint32_t place;       /* in the live table, if it is stored there: as allotp_live_place */
};
static_assert(sizeof(struct allot_batch_block) == 32, "two blocks are in a cache line");

/* In two cache lines, of which most events need the first. */
struct allot_batch_site {
	uint32_t number;
	uint16_t domain, scoped; /* as in the store */
	struct allot_site_counters counters;
	uint32_t mismatched;
	uint32_t place;                     /* in site_places[] */
	uint32_t scope, share, share_count; /* as in the store */
} __attribute__((aligned(64)));
static_assert(offsetof(struct allot_batch_site, counters.temporary_bytes) == 64,
	      "the first line has what most events need");

/* A scope, a budget or a share. */
struct allot_batch_record {
	struct allot_scoped scoped;
	uint32_t place; /* in record_places[] */
};

/* Which site a stack has in a domain. */
struct allot_batch_stack {
	uint32_t stack;
	uint16_t domain;
	uint16_t round; /* the index is that of a batch before if this is not the batch's; ALLOT_BATCH_NO_ROUND: none */
	uint32_t site;  /* its number, */
	uint32_t index; /* and where it is in sites[] */
};

#define ALLOT_BATCH_NO_ROUND UINT16_MAX

/* What is left to drain of one slot. */
struct allot_cursor {
	const struct allot_event *event; /* the next event */
	uint64_t number;                 /* its number in the slot */
	uint64_t stop;                   /* number of the first event that is not in this segment, or none of ours */
	uint64_t limit;                  /* number of the first event that is none of ours */
	uint64_t old;                    /* up to this number old blocks have been looked for; or none have */
	uint64_t head, last_alloc;       /* as in the slot */
	uint64_t given_up[3];
	uint32_t slot;
	uint32_t left_behind; /* a segment that is drained, to be released with the next commit; 0: none */
	bool changed;         /* since the last commit */
};

struct allot_batch {
	struct allot_batch_site sites[1 + ALLOT_BATCH_SITES]; /* the first is none */
	struct allot_store *store;
	uint64_t number;              /* the header's, after the last commit of ours */
	bool begun;                   /* there is one */
	uint32_t limit, record_limit; /* events in a batch; more records are too many */
	uint32_t end;                 /* events in this one: the limit, or 0 when something else is full */
	bool sampled;
	uint32_t dropping; /* the header's */

	uint32_t events, site_count, changed_count, cursor_count, released_count, record_count;
	uint32_t mark_count, sample_count;
	uint64_t dropped_marks;
	uint32_t repeat_name; /* the header's */
	bool repeated;        /* the history is another than the header's */
	bool turned;          /* the turns are */
	struct allot_store_history history;
	uint64_t next_sample;                                   /* stamp */
	struct allot_store_sample samples[ALLOT_BATCH_SAMPLES]; /* for the time series, after the commit */
	struct allot_totals totals;                             /* as they are after the events so far, */
	uint32_t applied[ALLOT_TICKETS];                        /* and these */

	uint32_t block_count;
	uint32_t round;      /* of blocks: a multiple of ALLOT_BLOCK_ROUND */
	uint16_t site_round; /* of stacks */
	struct allot_batch_stack stacks[1 << ALLOT_BATCH_STACK_BITS];
	uint16_t site_places[2 * ALLOT_BATCH_SITES];     /* a hash of sites' numbers to their index; 0: empty */
	uint16_t record_places[2 * ALLOT_BATCH_RECORDS]; /* the same of records */
	uint32_t changed[ALLOT_BATCH_EVENTS];            /* blocks */
	struct allot_cursor *cursors[ALLOT_BATCH_EVENTS];
	uint32_t released[2 * ALLOT_BATCH_EVENTS];                    /* segments */
	struct allot_store_variance variances[1 + ALLOT_BATCH_SITES]; /* of them, when blocks are sampled */
	struct allot_batch_record records[ALLOT_BATCH_RECORDS];
	struct allot_batch_block blocks[ALLOT_BATCH_BLOCKS];
};

/* An empty batch. NULL: there is no memory for it. It belongs to the store, and goes with it. */
struct allot_batch *allotp_batch_begin(struct allot_store *store);

/* The store was changed, but not by a batch: what drainers remember of it is old. By whoever has the drain lock. */
static inline void allotp_batch_outdate(struct allot_store *store)
{
	__atomic_fetch_add(&store->header->batch, 1, __ATOMIC_RELAXED);
}

/* Whether it has to be committed before the next event. */
static inline bool allotp_batch_is_full(const struct allot_batch *batch)
{
	return batch->events >= batch->end;
}

/* Whether there is a place to spare, beside those that the rest of its events may need. */
static inline bool allotp_batch_has_room(const struct allot_batch *batch)
{
	return batch->block_count + (batch->limit - batch->events) < ALLOT_BATCH_BLOCKS / 2;
}

/* Takes a point of the time series. */
void allotp_batch_sample(struct allot_batch *batch, uint64_t stamp);

/* Notes that an event of the cursor is in the batch. Before the cursor moves. */
static inline void allotp_batch_touch(struct allot_batch *batch, struct allot_cursor *cursor)
{
	if (__builtin_expect(cursor->changed, 1))
		return;
	cursor->changed = true;
	batch->cursors[batch->cursor_count++] = cursor;
}

/* Puts it into the store: all of it, or, should this process die meanwhile, whoever takes over finishes it. */
void allotp_batch_commit(struct allot_batch *batch);

/* Where an address is looked for first. */
static inline struct allot_batch_block *allotp_batch_home(struct allot_batch *batch, uint64_t address)
{
	return &batch->blocks[(uint32_t)(address >> 4) * UINT32_C(0x9e3779b1) >> (32 - ALLOT_BATCH_BLOCK_BITS)];
}

/* Whether there is a block at a place. */
static inline bool allotp_batch_has(const struct allot_batch *batch, const struct allot_batch_block *block)
{
	return (block->state ^ batch->round) < ALLOT_BLOCK_ROUND;
}

/* Where a key is, or an empty place for it. */
static inline struct allot_batch_block *allotp_batch_place(struct allot_batch *batch, uint64_t key)
{
	struct allot_batch_block *block = allotp_batch_home(batch, key);

	/* Half of the places are empty. */
	while (__builtin_expect(block->key != key, 0) && allotp_batch_has(batch, block)) {
		if (++block == batch->blocks + ALLOT_BATCH_BLOCKS)
			block = batch->blocks;
	}
	return block;
}

/* The block of a key, or NULL if the batch does not know it. */
static inline struct allot_batch_block *allotp_batch_find(struct allot_batch *batch, uint64_t key)
{
	struct allot_batch_block *block = allotp_batch_place(batch, key);

	return __builtin_expect(allotp_batch_has(batch, block), 1) ? block : NULL;
}

/* Makes a block at the empty place for its key: not live, and nobody knows whether it is stored. */
static inline void allotp_batch_add(struct allot_batch *batch, struct allot_batch_block *block, uint64_t key)
{
	block->key = key;
	block->place = 0;
	block->state = batch->round;
	batch->block_count++;
}

/* The block of a key, or a new one. */
static inline struct allot_batch_block *allotp_batch_block(struct allot_batch *batch, uint64_t key)
{
	struct allot_batch_block *block = allotp_batch_place(batch, key);

	if (__builtin_expect(!allotp_batch_has(batch, block), 0))
		allotp_batch_add(batch, block, key);
	return block;
}

/* A block that is stored, and that the batch does not know, or not where; NULL: it is not stored. */
struct allot_batch_block *allotp_batch_fetch(struct allot_batch *batch, uint64_t key);

/* A block lives from now on, or no more. */

static inline void allotp_batch_change(struct allot_batch *batch, struct allot_batch_block *block)
{
	if (!(block->state & ALLOT_BLOCK_CHANGED))
		batch->changed[batch->changed_count++] = (uint32_t)(block - batch->blocks);
}

static inline void allotp_batch_take_in(struct allot_batch *batch, struct allot_batch_block *block)
{
	allotp_batch_change(batch, block);
	block->state |= ALLOT_BLOCK_LIVE | ALLOT_BLOCK_CHANGED;
}

static inline void allotp_batch_take_out(struct allot_batch *batch, struct allot_batch_block *block)
{
	allotp_batch_change(batch, block);
	block->state = (block->state & ~(uint32_t)ALLOT_BLOCK_LIVE) | ALLOT_BLOCK_CHANGED;
}

/* The slow parts of the two below. */
struct allot_batch_site *allotp_batch_find_site(struct allot_batch *batch, uint32_t number);
struct allot_batch_site *allotp_batch_learn_stack(struct allot_batch *batch, uint32_t stack, uint16_t domain);

/* Where a site is looked for first. Their numbers are consecutive, and most stores have fewer than there are places. */
static inline uint32_t allotp_batch_site_place(uint32_t number)
{
	return number & (2 * ALLOT_BATCH_SITES - 1);
}

/* The site of that number; NULL if the store has none. */
static inline struct allot_batch_site *allotp_batch_site(struct allot_batch *batch, uint32_t number)
{
	uint64_t index = batch->site_places[allotp_batch_site_place(number)];
	struct allot_batch_site *site = &batch->sites[index];

	return __builtin_expect(site->number == number, 1) ? site : allotp_batch_find_site(batch, number);
}

static inline struct allot_batch_stack *allotp_batch_stack(struct allot_batch *batch, uint32_t stack)
{
	return &batch->stacks[stack * UINT32_C(0x9e3779b1) >> (32 - ALLOT_BATCH_STACK_BITS)];
}

/* Whether that is what the stack has in the domain, and its site is in the batch. */
static inline bool allotp_batch_knows(const struct allot_batch *batch, const struct allot_batch_stack *known,
				      uint32_t stack, uint16_t domain)
{
	return known->stack == stack && known->domain == domain && known->round == batch->site_round;
}

/* The site of a stack in a domain, made if need be. NULL: the store is full. */
static inline struct allot_batch_site *allotp_batch_site_of(struct allot_batch *batch, uint32_t stack, uint16_t domain)
{
	const struct allot_batch_stack *known = allotp_batch_stack(batch, stack);

	if (__builtin_expect(allotp_batch_knows(batch, known, stack, domain), 1))
		return &batch->sites[known->index];
	return allotp_batch_learn_stack(batch, stack, domain);
}

/* There is no room in the store: from now on nothing is recorded. */
void allotp_batch_out_of_room(struct allot_batch *batch);

#endif
