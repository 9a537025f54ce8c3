/* SPDX-License-Identifier: MIT */
/*
 * The drain's inner loop. It keeps at hand what each event needs, and calls for nothing but a block or a site that the batch has not met.
 * Whatever else takes more than a look (an event whose turn has not come, a mismatch, a scope) ends it before that event, and
 * apply.c has it.
 */
#include "store/usual.h"

#include "store/count.h"

/* All events but a few pass these. */
#define INLINED static inline __attribute__((always_inline))

/* So many events ahead they are asked for, as the core of who wrote them has them; and what the batch knows of their blocks. */
enum { EVENTS_AHEAD = 48, BLOCKS_AHEAD = 8 };

struct run {
	struct allot_batch *batch;
	const struct allot_event *last; /* it ends behind this one, */
	uint64_t limit;              /* or before this stamp, or when the batch has all the sites that it is to have */
	struct allot_totals *totals; /* the batch's, which do not know of the run's events yet: */
	uint64_t events, live_bytes, live_blocks, ever_bytes;
	uint64_t last_alloc; /* the cursor's */
	uint32_t slot_family;
};

struct look {
	const struct allot_event *event;
	uint64_t stamp, key, what; /* its own */
};

/* ---- looking ---- */

INLINED struct look look_at(const struct allot_event *event)
{
	return (struct look){
		.event = event,
		.stamp = __atomic_load_n(&event->stamp, __ATOMIC_RELAXED),
		.key = __atomic_load_n(&event->key, __ATOMIC_RELAXED),
		.what = __atomic_load_n(&event->what, __ATOMIC_RELAXED),
	};
}

INLINED uint64_t size_of(const struct look *look)
{
	return look->what & ALLOT_LOW48;
}

INLINED uint32_t family_of(const struct look *look)
{
	return (uint32_t)(look->what >> 56);
}

INLINED uint32_t ticket_of(const struct look *look)
{
	return __atomic_load_n(&look->event->ticket, __ATOMIC_RELAXED);
}

/* What an event is but for the size, and the two bits that tell which functions it is of: compared as one. */
INLINED uint64_t kind_of(const struct look *look)
{
	return look->what >> 48 & ~(UINT64_C(3) << 8);
}

INLINED uint64_t kind(enum allot_op op, bool counted)
{
	return allotp_event_what(0, (uint8_t)op, counted ? ALLOT_COUNTED_EVENT : 0) >> 48;
}

/* The site of an event's stack, if nothing but that counts what is allocated there; else NULL. */
INLINED struct allot_batch_site *site_of_stack(const struct run *run, const struct look *look)
{
	uint32_t stack = __atomic_load_n(&look->event->stack, __ATOMIC_RELAXED);
	struct allot_batch_site *site = allotp_batch_site_of(run->batch, stack, (uint16_t)(look->key >> 48));

	return site && !site->scoped ? site : NULL;
}

/* Whether a place has a block, and a live one; its state with the batch's round off it. */
INLINED bool is_live(uint32_t state)
{
	return (state & (ALLOT_BLOCK_LIVE | ~(uint32_t)(ALLOT_BLOCK_ROUND - 1))) == ALLOT_BLOCK_LIVE;
}

/* ---- counting: as allotp_add_in() and its like do for one block ---- */

INLINED void remember_peak(struct run *run, struct allot_site_counters *counters)
{
	if (__builtin_expect(allotp_has_peak_value(run->totals, counters), 0)) {
		counters->peak_bytes = counters->ever_bytes - counters->freed_bytes;
		counters->peak_blocks = counters->ever_blocks - counters->freed_blocks;
	}
	counters->changed = ++run->events;
}

INLINED void count_in(struct run *run, struct allot_site_counters *counters, uint64_t size, uint64_t stamp)
{
	remember_peak(run, counters);
	counters->ever_bytes += size;
	counters->ever_blocks++;
	run->ever_bytes += size;
	run->live_bytes += size;
	run->live_blocks++;
	if (__builtin_expect(run->live_bytes <= run->totals->peak_bytes, 1))
		return;
	run->totals->peak_bytes = run->live_bytes;
	run->totals->peak_blocks = run->live_blocks;
	run->totals->peak_event = run->events;
	run->totals->peak_stamp = stamp;
}

INLINED void count_out(struct run *run, struct allot_site_counters *counters, uint64_t size)
{
	remember_peak(run, counters);
	counters->freed_bytes += size;
	counters->freed_blocks++;
	run->live_bytes -= size;
	run->live_blocks--;
}

/* ---- events; false: it is not a usual one, and nothing was done ---- */

INLINED bool alloc(struct run *run, const struct look *look, struct allot_batch_block *block)
{
	struct allot_batch *batch = run->batch;
	struct allot_batch_site *site = site_of_stack(run, look);
	uint32_t state = block->state ^ batch->round;
	uint64_t size = size_of(look);

	if (__builtin_expect(!site || is_live(state), 0))
		return false;
	if (state >= ALLOT_BLOCK_ROUND)
		allotp_batch_add(batch, block, look->key);
	allotp_batch_take_in(batch, block);
	block->size = size;
	block->site = site->number;
	block->slot_family = run->slot_family | (family_of(look) & 3);
	count_in(run, &site->counters, size, look->stamp);
	run->last_alloc = look->key;
	return true;
}

INLINED bool go(struct run *run, const struct look *look, struct allot_batch_block *block)
{
	struct allot_batch *batch = run->batch;
	struct allot_batch_site *site;

	if (__builtin_expect(!allotp_batch_has(batch, block), 0))
		block = allotp_batch_fetch(batch, look->key);
	if (__builtin_expect(!block || !is_live(block->state ^ batch->round), 0))
		return false;
	site = allotp_batch_site(batch, block->site);
	if (__builtin_expect(!site || site->scoped || (block->slot_family ^ family_of(look)) & (3 | ALLOT_KEPT_BLOCK),
			     0))
		return false;
	allotp_batch_take_out(batch, block);
	count_out(run, &site->counters, block->size);
	if (run->last_alloc != look->key)
		return true;
	run->last_alloc = 0;
	if ((block->slot_family ^ run->slot_family) <= 3)
		allotp_add_temporary(run->totals, &site->counters, block->size, 1);
	return true;
}

/* Whether the next event, of the same block, frees what this one has allocated, and there are no others in between. */
INLINED bool is_freed_at_once(const struct run *run, const struct look *look, bool counted)
{
	struct look next = look_at(look->event + 1);

	return kind_of(&next) == kind(ALLOT_OP_FREE, counted) && next.stamp < run->limit &&
	       !((next.what ^ look->what) >> 56 & 3) && (counted || ticket_of(&next) == ticket_of(look) + 1);
}

/* An allocation and its own free, one right behind the other: most blocks of many programs. */
INLINED bool pass_by(struct run *run, const struct look *look, const struct allot_batch_block *block)
{
	struct allot_batch_site *site = site_of_stack(run, look);
	uint64_t size = size_of(look);

	/* An allocator whose calloc calls its own malloc by name: the block is there already. */
	if (!site || is_live(block->state ^ run->batch->round))
		return false;
	count_in(run, &site->counters, size, look->stamp);
	count_out(run, &site->counters, size);
	allotp_add_temporary(run->totals, &site->counters, size, 1);
	run->last_alloc = 0;
	return true;
}

/* ---- many ---- */

static inline struct run begin(struct allot_batch *batch, const struct allot_cursor *cursor, uint64_t limit,
			       uint32_t most)
{
	const struct allot_totals *totals = &batch->totals;

	return (struct run){
		.batch = batch,
		.last = cursor->event + most - 1,
		.limit = limit,
		.totals = &batch->totals,
		.events = totals->tallies.events,
		.live_bytes = totals->ever_bytes - totals->freed_bytes,
		.live_blocks = totals->ever_blocks - totals->freed_blocks,
		.ever_bytes = totals->ever_bytes,
		.last_alloc = cursor->last_alloc,
		.slot_family = allotp_slot_family(cursor->slot, 0),
	};
}

/* Each event was a block that came or one that went, so what came is told by how many they were and how many more there are. */
static inline uint32_t finish(const struct run *run, struct allot_cursor *cursor)
{
	struct allot_totals *totals = run->totals;
	uint64_t count = run->events - totals->tallies.events;
	uint64_t more = run->live_blocks - (totals->ever_blocks - totals->freed_blocks);

	totals->tallies.events = run->events;
	totals->ever_bytes = run->ever_bytes;
	totals->freed_bytes = run->ever_bytes - run->live_bytes;
	totals->ever_blocks += (count + more) / 2;
	totals->freed_blocks += (count - more) / 2;
	cursor->last_alloc = run->last_alloc;
	if (count)
		allotp_batch_touch(run->batch, cursor);
	allotp_cursor_move(run->batch, cursor, (uint32_t)count);
	return (uint32_t)count;
}

/* Asks for the memory that later events will need. */
INLINED void look_ahead(const struct run *run, const struct allot_event *event)
{
	__builtin_prefetch(event + EVENTS_AHEAD);
	if (event + BLOCKS_AHEAD <= run->last)
		__builtin_prefetch(allotp_batch_home(run->batch, event[BLOCKS_AHEAD].key), 1);
}

/* There is a loop for events that are counted, and one for those that have tickets. */
INLINED uint32_t run_events(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint32_t most,
			    const bool counted)
{
	struct run run = begin(batch, cursor, limit, most);

	for (const struct allot_event *event = cursor->event; event <= run.last && batch->end; event++) {
		struct look look = look_at(event);
		uint32_t *turn = &batch->applied[allotp_key_bucket(look.key)], turns = 1;
		struct allot_batch_block *block;

		if (__builtin_expect(look.stamp >= run.limit || (!counted && ticket_of(&look) != *turn), 0))
			break;
		look_ahead(&run, event);
		block = allotp_batch_place(batch, look.key);
		if (kind_of(&look) == kind(ALLOT_OP_FREE, counted)) {
			if (!go(&run, &look, block))
				break;
		} else if (__builtin_expect(kind_of(&look) != kind(ALLOT_OP_ALLOC, counted), 0)) {
			break;
		} else if (event != run.last && __atomic_load_n(&event[1].key, __ATOMIC_RELAXED) == look.key &&
			   is_freed_at_once(&run, &look, counted)) {
			if (!pass_by(&run, &look, block))
				break;
			event++;
			turns = 2;
		} else if (!alloc(&run, &look, block)) {
			break;
		}
		if (!counted)
			*turn += turns;
	}
	return finish(&run, cursor);
}

static __attribute__((noinline)) uint32_t run_counted(struct allot_batch *batch, struct allot_cursor *cursor,
						      uint64_t limit, uint32_t most)
{
	return run_events(batch, cursor, limit, most, true);
}

static __attribute__((noinline)) uint32_t run_ticketed(struct allot_batch *batch, struct allot_cursor *cursor,
						       uint64_t limit, uint32_t most)
{
	batch->turned = true;
	return run_events(batch, cursor, limit, most, false);
}

uint32_t allotp_usual_run(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint32_t most)
{
	return allotp_event_family(cursor->event) & ALLOT_COUNTED_EVENT ? run_counted(batch, cursor, limit, most)
									: run_ticketed(batch, cursor, limit, most);
}
