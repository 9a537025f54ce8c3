/* SPDX-License-Identifier: MIT */
/*
 * Following pointers. Words come in by thousands of millions and most lead nowhere; the others each cost two cache misses,
 * which are taken some words ahead. Blocks wait to be looked into in a queue of numbers, so that a list may be as long as
 * it likes, and each is reached by as few pointers as there can be.
 */
#include <errno.h>
#include <string.h>

#include "scan/scan.h"

enum { CHUNK_BITS = 20, SHIFT_BITS = 8, STEP = ALLOT_SCAN_AHEAD / 4 };

enum { REACHING, PERHAPS, HOLDING, LEADING }; /* scan->phase */

enum { COUNT_SIZE = 8 }; /* of what stands before an array's first element */

static void hit(struct allot_scan *scan, uint32_t number, const struct allot_scan_candidate *candidate);

/* glibc's own words about free memory point to chunk headers, which overlap the last bytes of the block before. */
static bool is_next_chunk(const struct allot_scan *scan, const struct allot_scan_block *block, uint64_t word)
{
	uint64_t size = sizeof(uint64_t), chunk;
	const void *at = scan->memory.look(scan->memory.context, block->address - sizeof(uint64_t), &size);

	if (!at)
		return false;
	memcpy(&chunk, at, sizeof(chunk));
	return word == block->address - 2 * sizeof(uint64_t) + (chunk & ~UINT64_C(7));
}

/* The last of three steps. */
static inline void resolve(struct allot_scan *scan, const struct allot_scan_candidate *candidate)
{
	const struct allot_scan_block *block = &scan->blocks[candidate->next];
	uint64_t inside = candidate->word - block->address;

	/* Most often it is this one, and the next need not be fetched. */
	if (block->address <= candidate->word && inside < block->size) {
		hit(scan, candidate->next, candidate);
		return;
	}
	while (block->address <= candidate->word)
		block++;
	if (block == scan->blocks)
		return;
	block--;
	inside = candidate->word - block->address;
	if (inside < (block->size ? block->size : 1) ||
	    (inside == COUNT_SIZE && block->size == COUNT_SIZE && allotp_scan_is_empty_array(scan, block)))
		hit(scan, (uint32_t)(block - scan->blocks), candidate);
}

/* Takes a word in, and moves those before it on: first its cell is fetched, then the block, then it is looked at. */
static inline void take(struct allot_scan *scan, uint64_t word, uint64_t holder, uint64_t cell)
{
	uint32_t head = scan->head++;
	struct allot_scan_candidate *candidate = &scan->ahead[head % ALLOT_SCAN_AHEAD];

	candidate->word = word;
	candidate->holder = holder;
	candidate->cell = cell;
	__builtin_prefetch(&scan->cells[cell]);
	candidate = &scan->ahead[(head - STEP) % ALLOT_SCAN_AHEAD];
	candidate->next = scan->cells[candidate->cell];
	__builtin_prefetch(&scan->blocks[candidate->next]);
	candidate = &scan->ahead[(head - 2 * STEP) % ALLOT_SCAN_AHEAD];
	if (candidate->cell) {
		resolve(scan, candidate);
		candidate->cell = 0;
	}
}

/* Cell 0 belongs to no chunk, so it stands for no word. */
static void flush(struct allot_scan *scan)
{
	for (int i = 0; i < 2 * STEP; i++)
		take(scan, 0, 0, 0);
}

static inline void look_at(struct allot_scan *scan, uint64_t word, uint64_t holder)
{
	uint64_t chunk;

	if (__builtin_expect(word - scan->low >= scan->span, 1))
		return;
	chunk = scan->chunks[(word >> CHUNK_BITS) - scan->first_chunk];
	if (chunk)
		take(scan, word, holder,
		     (chunk >> SHIFT_BITS) + ((word & ((UINT64_C(1) << CHUNK_BITS) - 1)) >> (chunk & 0xff)));
}

static void look_through(struct allot_scan *scan, uint64_t start, uint64_t end)
{
	start = (start + 7) & ~UINT64_C(7);
	end &= ~UINT64_C(7);
	while (start < end) {
		uint64_t size = end - start;
		const uint64_t *words = scan->memory.look(scan->memory.context, start, &size);

		for (uint64_t i = 0; words && i < size / sizeof(*words); i++)
			look_at(scan, words[i], start + i * sizeof(*words));
		if (words)
			scan->words += size / sizeof(*words);
		start += size;
	}
}

static void look_into(struct allot_scan *scan, uint32_t number)
{
	const struct allot_scan_block *block = &scan->blocks[number];

	if (block->flags & ALLOT_SCAN_UNREADABLE)
		return;
	scan->from = number;
	look_through(scan, block->address, block->address + block->size);
}

static void put_off(struct allot_scan *scan, uint32_t number)
{
	scan->queue[scan->queued++] = number;
}

/* Puts numbers about in order. */
static void order(uint32_t *to, const uint32_t *from, uint32_t used, uint32_t count)
{
	enum { BUCKETS = 2048 };
	uint32_t places[BUCKETS + 1] = { 0 }, shift = 0;

	while (count >> shift >= BUCKETS)
		shift++;
	for (uint32_t i = 0; i < used; i++)
		places[(from[i] >> shift) + 1]++;
	for (uint32_t i = 1; i < BUCKETS; i++)
		places[i] += places[i - 1];
	for (uint32_t i = 0; i < used; i++)
		to[places[from[i] >> shift]++] = from[i];
}

/*
 * Takes what waits in the queue up to there, as much as there is room for, more or less in the order of addresses: to go back
 * and forth between pages costs more than to read what is in them.
 */
static uint32_t take_batch(struct allot_scan *scan, uint32_t end)
{
	enum { FEW = 64 };
	uint32_t used = end - scan->looked;
	const uint32_t *from = scan->queue + scan->looked;

	used = used < ALLOT_SCAN_BATCH ? used : ALLOT_SCAN_BATCH;
	if (used < FEW)
		memcpy(scan->batch, from, used * sizeof(*from));
	else
		order(scan->batch, from, used, scan->count);
	scan->looked += used;
	return used;
}

/* Looks into a batch: what says where a block is, and its memory, are fetched ahead. */
static void look_into_batch(struct allot_scan *scan, uint32_t used)
{
	enum { FETCHED = 16 };
	uint32_t known = 0, fetched = 0;

	for (uint32_t i = 0; i < used; i++) {
		for (; known < used && known < i + 2 * FETCHED; known++)
			__builtin_prefetch(&scan->blocks[scan->batch[known]]);
		for (; fetched < used && fetched < i + FETCHED; fetched++)
			__builtin_prefetch((const void *)(uintptr_t)scan->blocks[scan->batch[fetched]].address);
		look_into(scan, scan->batch[i]);
	}
}

/* Looks into all that waits in the queue, by how far it is from where it began: what is on its way is further by one. */
static void drain(struct allot_scan *scan)
{
	uint32_t end = scan->looked;

	for (;;) {
		if (scan->looked == end) {
			flush(scan);
			end = scan->queued;
			if (scan->looked == end)
				break;
		}
		look_into_batch(scan, take_batch(scan, end));
	}
	scan->from = ALLOT_SCAN_NO_BLOCK;
}

static void reach(struct allot_scan *scan, uint32_t number, uint64_t holder)
{
	scan->blocks[number].flags |= ALLOT_SCAN_REACHED;
	if (scan->holders)
		scan->holders[number] = holder;
	put_off(scan, number);
}

static void hit_reaching(struct allot_scan *scan, uint32_t number, const struct allot_scan_candidate *candidate)
{
	struct allot_scan_block *block = &scan->blocks[number];
	uint64_t inside = candidate->word - block->address;

	if (block->flags & ALLOT_SCAN_REACHED)
		return;
	if (!inside || inside == block->size || block->flags & ALLOT_SCAN_HEADED ||
	    scan->root_kind & ALLOT_SCAN_LOADERS || allotp_scan_is_start(scan, block, inside)) {
		reach(scan, number, candidate->holder);
		return;
	}
	if (block->flags & ALLOT_SCAN_NOTED ||
	    (scan->root_kind & ALLOT_SCAN_ALLOCATORS && is_next_chunk(scan, block, candidate->word)))
		return;
	block->flags |= ALLOT_SCAN_NOTED;
	if (scan->holders)
		scan->holders[number] = candidate->holder;
	scan->later[scan->later_used++] = number;
}

static void hit(struct allot_scan *scan, uint32_t number, const struct allot_scan_candidate *candidate)
{
	struct allot_scan_block *block = &scan->blocks[number];
	uint32_t from;

	if (scan->phase == REACHING) {
		hit_reaching(scan, number, candidate);
		return;
	}
	if (block->flags & (ALLOT_SCAN_REACHED | ALLOT_SCAN_PERHAPS))
		return;
	switch (scan->phase) {
	case PERHAPS:
		block->flags |= ALLOT_SCAN_PERHAPS;
		if (scan->holders)
			scan->holders[number] = candidate->holder;
		put_off(scan, number);
		break;
	case HOLDING:
		/* Words are on their way for a while: whose this one is tells only its address. */
		from = allotp_scan_find(scan, candidate->holder);
		if (from == ALLOT_SCAN_NO_BLOCK)
			break;
		if (from != number)
			block->flags |= ALLOT_SCAN_HELD;
		if (scan->edge)
			scan->edge(scan->edge_context, from, candidate->holder - scan->blocks[from].address, number,
				   candidate->word - block->address);
		break;
	default:
		if (block->flags & ALLOT_SCAN_LED)
			break;
		block->flags |= ALLOT_SCAN_LED;
		scan->leaders[number] = scan->leader;
		put_off(scan, number);
	}
}

void allotp_scan_root(struct allot_scan *scan, uint64_t start, uint64_t end, unsigned int kind)
{
	if (scan->root_kind != kind)
		flush(scan);
	scan->root_kind = kind;
	look_through(scan, start, end);
}

void allotp_scan_root_word(struct allot_scan *scan, uint64_t word, uint64_t holder)
{
	if (scan->root_kind)
		flush(scan);
	scan->root_kind = 0;
	look_at(scan, word, holder);
}

void allotp_scan_root_block(struct allot_scan *scan, uint32_t block, uint64_t holder)
{
	if (!(scan->blocks[block].flags & ALLOT_SCAN_REACHED))
		reach(scan, block, holder);
}

static bool is_lost(const struct allot_scan_block *block)
{
	return !(block->flags & (ALLOT_SCAN_REACHED | ALLOT_SCAN_PERHAPS));
}

/* Everything that a leader leads to and nobody before it. */
static void lead(struct allot_scan *scan, uint32_t leader)
{
	scan->leader = leader;
	scan->leaders[leader] = leader;
	scan->blocks[leader].flags |= ALLOT_SCAN_LED;
	put_off(scan, leader);
	drain(scan);
}

/*
 * What no leader leads to: cycles that nothing else points to, and what hangs on them. A search in depth, begun at each block
 * in the order of addresses, leaves them in such an order that, taken backwards, each block not yet led by another is the
 * first of a cycle that no other cycle leads to.
 */
static bool next_lost(struct allot_scan *scan, uint32_t number, uint64_t *offset, uint32_t *child)
{
	const struct allot_scan_block *block = &scan->blocks[number];

	while (*offset + sizeof(uint64_t) <= block->size && !(block->flags & ALLOT_SCAN_UNREADABLE)) {
		uint64_t size = block->size - *offset;
		const uint64_t *words = scan->memory.look(scan->memory.context, block->address + *offset, &size);
		uint64_t count = size / sizeof(*words);

		for (uint64_t i = 0; words && i < count; i++) {
			*child = allotp_scan_find(scan, words[i]);
			if (*child == ALLOT_SCAN_NO_BLOCK || !is_lost(&scan->blocks[*child]) ||
			    scan->blocks[*child].flags & (ALLOT_SCAN_LED | ALLOT_SCAN_NOTED))
				continue;
			*offset += (i + 1) * sizeof(*words);
			return true;
		}
		*offset += size < sizeof(*words) ? sizeof(*words) : size;
	}
	return false;
}

/*
 * `later` gets the blocks in the order in which the search leaves them; NOTED means that it was there. What is left of the queue is
 * its stack: none of its blocks was put there.
 */
static void search(struct allot_scan *scan, uint32_t root)
{
	uint32_t depth = 0, child, *stack = scan->queue + scan->queued;

	scan->blocks[root].flags |= ALLOT_SCAN_NOTED;
	stack[depth] = root;
	/* Blocks that are not aligned hold their pointers at aligned addresses all the same. */
	scan->path[depth++] = -scan->blocks[root].address & 7;
	while (depth) {
		uint32_t top = stack[depth - 1];

		if (next_lost(scan, top, &scan->path[depth - 1], &child)) {
			scan->blocks[child].flags |= ALLOT_SCAN_NOTED;
			stack[depth] = child;
			scan->path[depth++] = -scan->blocks[child].address & 7;
		} else {
			depth--;
			scan->later[scan->later_used++] = top;
		}
	}
}

static int lead_cycles(struct allot_scan *scan)
{
	size_t size = scan->count * sizeof(*scan->path);

	scan->path = allotp_scan_map_large(size);
	if (!scan->path)
		return -ENOMEM;
	scan->later_used = 0;
	for (uint32_t i = 0; i < scan->count; i++)
		scan->blocks[i].flags &= ~(uint32_t)ALLOT_SCAN_NOTED;
	for (uint32_t i = 0; i < scan->count; i++) {
		if (is_lost(&scan->blocks[i]) && !(scan->blocks[i].flags & (ALLOT_SCAN_LED | ALLOT_SCAN_NOTED)))
			search(scan, i);
	}
	while (scan->later_used) {
		uint32_t number = scan->later[--scan->later_used];

		if (!(scan->blocks[number].flags & ALLOT_SCAN_LED))
			lead(scan, number);
	}
	allotp_scan_unmap(scan->path, size);
	return 0;
}

static int find_leaders(struct allot_scan *scan)
{
	bool cycles = false;

	scan->phase = HOLDING;
	for (uint32_t i = 0; i < scan->count; i++) {
		if (is_lost(&scan->blocks[i]))
			look_into(scan, i);
	}
	flush(scan);
	scan->phase = LEADING;
	for (uint32_t i = 0; i < scan->count; i++) {
		if (is_lost(&scan->blocks[i]) && !(scan->blocks[i].flags & (ALLOT_SCAN_HELD | ALLOT_SCAN_LED)))
			lead(scan, i);
	}
	for (uint32_t i = 0; i < scan->count && !cycles; i++)
		cycles = is_lost(&scan->blocks[i]) && !(scan->blocks[i].flags & ALLOT_SCAN_LED);
	return cycles ? lead_cycles(scan) : 0;
}

int allotp_scan_finish(struct allot_scan *scan)
{
	flush(scan);
	scan->root_kind = 0;
	drain(scan);
	scan->reached = scan->queued;
	scan->phase = PERHAPS;
	for (uint32_t i = 0; i < scan->later_used; i++) {
		struct allot_scan_block *block = &scan->blocks[scan->later[i]];

		if (block->flags & (ALLOT_SCAN_REACHED | ALLOT_SCAN_PERHAPS))
			continue;
		block->flags |= ALLOT_SCAN_PERHAPS;
		put_off(scan, scan->later[i]);
	}
	drain(scan);
	scan->possible = scan->queued - scan->reached;
	return find_leaders(scan);
}
