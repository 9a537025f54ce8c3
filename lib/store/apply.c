/* SPDX-License-Identifier: MIT */
/* What events do, in a batch. */
#include "store/apply.h"

#include "snapshot/snapshot.h"
#include "store/count.h"
#include "store/history.h"
#include "store/live.h"
#include "store/maps.h"

/* All events but a few pass these: calls, and what they save, would cost as much as the rest. */
#define INLINED static inline __attribute__((always_inline))

static inline uint64_t key_of(const struct allot_event *event)
{
	return allotp_live_key(allotp_event_address(event), event->domain);
}

/* Families with other bits around them. */
static inline void count_mismatch(struct allot_totals *totals, struct allot_batch_site *site, uint32_t family,
				  uint32_t free_family)
{
	if (__builtin_expect(!((family ^ free_family) & 3) || (free_family & 3) == ALLOT_FAMILY_ANY, 1))
		return;
	site->mismatched++;
	totals->tallies.mismatched++;
}

/* The site of a block; NULL in a damaged store. */
static inline struct allot_batch_site *site_of(struct allot_batch *batch, const struct allot_batch_block *block)
{
	struct allot_batch_site *site = allotp_batch_site(batch, block->site);

	if (__builtin_expect(!site, 0))
		allotp_store_lost(batch->store, ALLOT_LOST_CORRUPT, 1);
	return site;
}

/* A block at an address that was thought to be in use: its free was not seen. */
static void count_replaced(struct allot_batch *batch, const struct allot_batch_block *block)
{
	struct allot_batch_site *site = site_of(batch, block);

	batch->totals.tallies.double_allocations++;
	if (site)
		allotp_block_out(batch, site, block->size);
}

static inline void put_in(struct allot_batch *batch, struct allot_batch_block *block, uint64_t size, uint32_t site,
			  uint32_t slot_family)
{
	if (__builtin_expect(block->state & ALLOT_BLOCK_LIVE, 0))
		count_replaced(batch, block);
	allotp_batch_change(batch, block, block->state | ALLOT_BLOCK_LIVE);
	block->size = size;
	block->site = site;
	block->slot_family = slot_family;
}

/* One that the batch does not know; NULL: it is not stored either. */
static __attribute__((noinline)) struct allot_batch_block *fetch(struct allot_batch *batch, uint64_t key)
{
	const struct allot_live_entry *entry = allotp_live_find(batch->store, key);
	struct allot_batch_block *block;

	if (!entry)
		return NULL;
	block = allotp_batch_block(batch, key);
	block->size = entry->size;
	block->site = entry->site;
	block->slot_family = entry->slot_family;
	block->state |= ALLOT_BLOCK_LIVE | ALLOT_BLOCK_STORED;
	return block;
}

/* The live block of a key, or NULL. */
static inline struct allot_batch_block *find(struct allot_batch *batch, uint64_t key)
{
	struct allot_batch_block *block = allotp_batch_find(batch, key);

	if (__builtin_expect(block && block->state & ALLOT_BLOCK_LIVE, 1))
		return block;
	return block && block->state & (ALLOT_BLOCK_STORED | ALLOT_BLOCK_ABSENT) ? NULL : fetch(batch, key);
}

/* Takes a block out, uncounted. NULL: it is not known; else *site is where it was counted, NULL in a damaged store. */
INLINED struct allot_batch_block *take_out(struct allot_batch *batch, uint64_t key, struct allot_batch_site **site)
{
	struct allot_batch_block *block = find(batch, key);

	if (!block)
		return NULL;
	allotp_batch_change(batch, block, block->state & (uint8_t)~ALLOT_BLOCK_LIVE);
	*site = site_of(batch, block);
	return block;
}

INLINED void apply_alloc(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event,
			 bool sampled)
{
	struct allot_batch_site *site = allotp_batch_site_of(batch, event->stack, event->domain);
	uint64_t key = key_of(event), size = allotp_event_size(event);

	if (__builtin_expect(!site, 0)) {
		allotp_batch_out_of_room(batch);
		batch->end = 0;
		return;
	}
	put_in(batch, allotp_batch_block(batch, key), size, site->number,
	       allotp_slot_family(cursor->slot, event->family));
	if (sampled)
		allotp_sampled_in(batch, site, size, event->stamp);
	else
		allotp_count_in(batch, site, size, 1, event->stamp);
	cursor->last_alloc = key;
}

/*
 * A block is temporary if its thread allocated nothing between allocating and freeing it. What was allocated and not
 * sampled is known to the thread alone.
 */
static inline bool is_temporary(const struct allot_event *event, bool sampled)
{
	return !sampled || allotp_event_size(event);
}

INLINED void apply_free(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event,
			bool sampled)
{
	uint64_t key = key_of(event);
	struct allot_batch_site *site;
	const struct allot_batch_block *block = take_out(batch, key, &site);

	if (__builtin_expect(!block, 0)) {
		batch->totals.tallies.unknown_frees++;
		return;
	}
	if (__builtin_expect(site != NULL, 1)) {
		if (sampled)
			allotp_sampled_out(batch, site, block->size);
		else
			allotp_count_out(batch, site, block->size, 1);
		count_mismatch(&batch->totals, site, block->slot_family, event->family);
	}
	if (cursor->last_alloc != key)
		return;
	cursor->last_alloc = 0;
	if (site && allotp_slot_of(block->slot_family) == cursor->slot && is_temporary(event, sampled))
		allotp_block_temporary(batch, site, block->size);
}

static void apply_give_up(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	uint64_t key = key_of(event);
	struct allot_batch_site *site;
	const struct allot_batch_block *block = take_out(batch, key, &site);

	cursor->given_up[0] = block ? key : 0;
	if (!block) {
		batch->totals.tallies.unknown_frees++;
		return;
	}
	if (site)
		allotp_block_out(batch, site, block->size);
	cursor->given_up[1] = block->size;
	cursor->given_up[2] = (uint64_t)block->site << 32 | block->slot_family;
	if (cursor->last_alloc == key)
		cursor->last_alloc = 0;
}

static void apply_restore(struct allot_batch *batch, struct allot_cursor *cursor)
{
	uint64_t key = cursor->given_up[0], size = cursor->given_up[1];
	struct allot_batch_block *block;
	struct allot_batch_site *site;

	cursor->given_up[0] = 0;
	if (!key) {
		if (batch->totals.tallies
			    .unknown_frees) /* it was not freed after all; but all may be forgotten by now */
			batch->totals.tallies.unknown_frees--;
		return;
	}
	block = allotp_batch_block(batch, key);
	put_in(batch, block, size, (uint32_t)(cursor->given_up[2] >> 32), (uint32_t)cursor->given_up[2]);
	site = site_of(batch, block);
	if (site)
		allotp_block_back(batch, site, size);
}

/* The same of one of the program's own, of which nothing is told. */
static struct allot_batch_block *take_tracked(struct allot_batch *batch, uint64_t key, struct allot_batch_site **site)
{
	struct allot_batch_block *block = take_out(batch, key, site);

	if (block && *site)
		allotp_whole_out(batch, *site, block->size, 1);
	return block;
}

/* The block that is there already goes, quietly: that is what the program wants. */
static void apply_track(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	struct allot_batch_site *site = allotp_batch_site_of(batch, event->stack, event->domain), *old;
	uint64_t key = key_of(event), size = allotp_event_size(event);
	struct allot_batch_block *block;

	if (!site) {
		allotp_batch_out_of_room(batch);
		return;
	}
	take_tracked(batch, key, &old);
	block = allotp_batch_block(batch, key);
	/* It was looked for. */
	if (!(block->state & ALLOT_BLOCK_STORED))
		block->state |= ALLOT_BLOCK_ABSENT;
	put_in(batch, block, size, site->number, allotp_slot_family(cursor->slot, event->family));
	allotp_whole_in(batch, site, size, 1, event->stamp);
	cursor->last_alloc = key;
}

static void apply_untrack(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	uint64_t key = key_of(event);
	struct allot_batch_site *site;
	const struct allot_batch_block *block = take_tracked(batch, key, &site);

	if (!block || cursor->last_alloc != key)
		return;
	cursor->last_alloc = 0;
	if (site && allotp_slot_of(block->slot_family) == cursor->slot)
		allotp_whole_temporary(batch, site, block->size);
}

static void apply_mark(struct allot_batch *batch, const struct allot_cursor *cursor, const struct allot_event *event)
{
	struct allot_store *store = batch->store;
	uint32_t count = batch->mark_count;

	if (allotp_history_has(batch, allotp_event_address(event))) {
		allotp_history_repeat(batch, event->stamp);
		return;
	}
	/* That one is missing spoils no counter. */
	if (count >= ALLOT_MARKS ||
	    allotp_store_need(store, ALLOT_REGION_MARKS, ((uint64_t)count + 1) * sizeof(struct allot_store_mark))) {
		batch->dropped_marks++;
		return;
	}
	*ALLOTP_AT(store, ALLOT_REGION_MARKS, struct allot_store_mark, count) = (struct allot_store_mark){
		.stamp = event->stamp,
		.live_bytes = batch->totals.ever_bytes - batch->totals.freed_bytes,
		.name = (uint32_t)allotp_event_address(event),
		.slot = cursor->slot,
	};
	batch->mark_count = count + 1;
}

/* One more event. How many allocations and frees there were is a sum over the sites, unless it is estimated. */
static inline void tally(struct allot_batch *batch, uint8_t op)
{
	struct allot_totals *totals = &batch->totals;

	totals->tallies.events++;
	if (__builtin_expect(!batch->sampled, 1))
		return;
	if (op == ALLOT_OP_ALLOC || op == ALLOT_OP_MAP || op == ALLOT_OP_TRACK)
		totals->samples.allocated++;
	else if (op == ALLOT_OP_FREE || op == ALLOT_OP_GIVE_UP || op == ALLOT_OP_UNMAP || op == ALLOT_OP_UNTRACK)
		totals->samples.freed++;
	else if (op == ALLOT_OP_RESTORE)
		totals->samples.freed--;
}

/* Maps are changed in the store at once, so such an event is a batch of its own. */
static void apply_mapping(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	struct allot_remapping *mapping = &batch->store->header->mapping;

	mapping->slot = cursor->slot;
	mapping->number = cursor->number;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	mapping->active = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (event->op == ALLOT_OP_MAP)
		allotp_maps_add(batch, cursor->slot, event);
	else
		allotp_maps_remove(batch, allotp_event_address(event), allotp_event_size(event));
}

static void apply_seldom(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	switch (event->op) {
	case ALLOT_OP_ALLOC:
		apply_alloc(batch, cursor, event, batch->sampled);
		break;
	case ALLOT_OP_FREE:
		apply_free(batch, cursor, event, batch->sampled);
		break;
	case ALLOT_OP_GIVE_UP:
		apply_give_up(batch, cursor, event);
		break;
	case ALLOT_OP_RESTORE:
		apply_restore(batch, cursor);
		break;
	case ALLOT_OP_MAP:
	case ALLOT_OP_UNMAP:
		apply_mapping(batch, cursor, event);
		break;
	case ALLOT_OP_TRACK:
		apply_track(batch, cursor, event);
		break;
	case ALLOT_OP_UNTRACK:
		apply_untrack(batch, cursor, event);
		break;
	case ALLOT_OP_THREAD:
		cursor->last_alloc = 0;
		break;
	case ALLOT_OP_MARK:
		apply_mark(batch, cursor, event);
		break;
	case ALLOT_OP_BUDGET:
		allotp_scoped_budget(batch, allotp_event_address(event));
		break;
	}
}

static void drop(struct allot_batch *batch)
{
	if (batch->dropping == ALLOT_DROPPING_FULL)
		allotp_store_lost(batch->store, ALLOT_LOST_STORE_FULL, 1);
}

static void apply_other(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	batch->events++;
	if (event->op == ALLOT_OP_NONE || event->op >= ALLOT_OPS) {
		allotp_store_lost(batch->store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	if (batch->dropping) {
		drop(batch);
		return;
	}
	tally(batch, event->op);
	apply_seldom(batch, cursor, event);
}

/* It is the turn of who comes behind so many. */
static inline void pass_turn(struct allot_batch *batch, const struct allot_event *event, uint32_t count)
{
	allotp_turn_pass(allotp_turn_of(batch->applied, event), allotp_event_ticket(event) + count);
	batch->turned = true;
}

/* A point of the history is made of what the store has. */
static bool makes_point(const struct allot_batch *batch, const struct allot_event *event)
{
	return event->op == ALLOT_OP_MARK && allotp_history_has(batch, allotp_event_address(event)) &&
	       allotp_history_is_due(batch);
}

/* Reads an event, and only once: whoever writes events may still be at it, in a broken program. First what tells its place, */
static inline void look_at(struct allot_event *event, const struct allot_event *from)
{
	event->stamp = __atomic_load_n(&from->stamp, __ATOMIC_RELAXED);
	event->op = __atomic_load_n(&from->op, __ATOMIC_RELAXED);
	event->family = __atomic_load_n(&from->family, __ATOMIC_RELAXED);
	event->address = __atomic_load_n(&from->address, __ATOMIC_RELAXED);
	event->size = __atomic_load_n(&from->size, __ATOMIC_RELAXED);
}

/* then what it is about. */
static inline void look_closer(struct allot_event *event, const struct allot_event *from)
{
	event->stack = __atomic_load_n(&from->stack, __ATOMIC_RELAXED);
	event->domain = __atomic_load_n(&from->domain, __ATOMIC_RELAXED);
}

/* Any other. Maps are changed in the store at once, so such an event is a batch of its own; so is one that makes a point. */
static __attribute__((noinline)) void apply_unusual(struct allot_batch *batch, struct allot_cursor *cursor)
{
	struct allot_event event;
	bool alone;

	look_at(&event, cursor->event);
	look_closer(&event, cursor->event);
	alone = event.op == ALLOT_OP_MAP || event.op == ALLOT_OP_UNMAP || makes_point(batch, &event);
	if (alone)
		allotp_batch_commit(batch);
	allotp_batch_touch(batch, cursor);
	apply_other(batch, cursor, &event);
	cursor->event++;
	cursor->number++;
	if (allotp_event_has_ticket(&event))
		pass_turn(batch, &event, 1);
	if (alone)
		batch->end = 0;
}

/* ---- the usual ---- */

/* So many events ahead their memory is asked for, which the program's core has; and the blocks of those that come sooner. */
enum { EVENTS_AHEAD = 40, BLOCKS_AHEAD = 6 };

static inline bool takes_out(const struct allot_event *event)
{
	return event->op == ALLOT_OP_FREE || event->op == ALLOT_OP_GIVE_UP;
}

/* Blocks that have grown old are far away. The events go from `at` to `end`. */
static __attribute__((noinline)) void look_for_old(struct allot_batch *batch, const struct allot_event *at,
						   const struct allot_event *end)
{
	enum { KNOWN_AHEAD = 24, HOME_AHEAD = 16 };
	const struct allot_event *later = at + KNOWN_AHEAD, *sooner = at + HOME_AHEAD;

	if (end - at <= KNOWN_AHEAD)
		return;
	__builtin_prefetch(allotp_batch_home(batch, key_of(later)), 1);
	if (takes_out(later))
		allotp_live_prefetch_directory(batch->store, key_of(later));
	if (takes_out(sooner) && !allotp_batch_find(batch, key_of(sooner)))
		allotp_live_prefetch(batch->store, key_of(sooner));
}

static inline bool is_counted(uint8_t family)
{
	return family & ALLOT_COUNTED_EVENT;
}

/* An allocation and its own free, one right behind the other: most blocks of many programs. */
static inline bool is_pair(const struct allot_event *event, const struct allot_event *next, uint64_t limit,
			   bool counted)
{
	if ((event->address ^ next->address) & ALLOT_LOW48 || next->op != ALLOT_OP_FREE ||
	    event->domain != next->domain || next->stamp >= limit || is_counted(next->family) != counted)
		return false;
	return counted || allotp_event_ticket(event) + 1 == allotp_event_ticket(next);
}

/* Applies both. False: it cannot be done at once, and nothing was. */
INLINED bool apply_pair(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event,
			uint8_t free_family)
{
	const struct allot_batch_block *block = allotp_batch_find(batch, key_of(event));
	uint64_t size = allotp_event_size(event);
	struct allot_batch_site *site;

	/* An allocator whose calloc calls its own malloc by name: the block is there already. */
	if (block && block->state & ALLOT_BLOCK_LIVE)
		return false;
	site = allotp_batch_site_of(batch, event->stack, event->domain);
	if (!site)
		return false;
	batch->totals.tallies.events++;
	allotp_count_in(batch, site, size, 1, event->stamp);
	batch->totals.tallies.events++;
	allotp_count_out(batch, site, size, 1);
	allotp_count_temporary(batch, site, size, 1);
	count_mismatch(&batch->totals, site, event->family, free_family);
	cursor->last_alloc = 0;
	return true;
}

/* On to another event of the segment. */
static inline void move_to(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	uint64_t count = (uint64_t)(event - cursor->event);

	cursor->event = event;
	cursor->number += count;
	batch->events += (uint32_t)count;
}

/* Whether it is applied by what follows. */
static inline bool is_usual(uint8_t op)
{
	return op == ALLOT_OP_ALLOC || op == ALLOT_OP_FREE;
}

/* The turns of the event's bucket, and its ticket; if it is counted, neither matters. */
INLINED uint32_t *turn_of(struct allot_batch *batch, const struct allot_event *event, uint32_t *ticket, bool counted)
{
	*ticket = counted ? 0 : allotp_event_ticket(event);
	return counted ? NULL : &batch->applied[allotp_address_bucket(event->address)];
}

/*
 * Applies allocations and frees, `most` at the most: the cursor's event, which is one, and those behind it that are older than
 * the limit, as far as their turns have come and there is room in the batch. There is a loop for events that are counted, and
 * one for those that have tickets.
 */
INLINED void apply_usual(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint64_t most,
			 const bool counted)
{
	const struct allot_event *at = cursor->event, *end = at + most;
	const struct allot_event *last_ahead = most > BLOCKS_AHEAD ? end - BLOCKS_AHEAD : at;
	bool far = allotp_live_is_far(batch->store);
	struct allot_event event;
	uint32_t ticket, *turn;

	look_at(&event, at);
	turn = turn_of(batch, &event, &ticket, counted);
	do {
		uint32_t count = 1;

		look_closer(&event, at);
		__builtin_prefetch(at + EVENTS_AHEAD);
		if (at < last_ahead)
			__builtin_prefetch(allotp_batch_home(batch, at[BLOCKS_AHEAD].address), 1);
		if (far)
			look_for_old(batch, at, end);
		if (event.op == ALLOT_OP_FREE) {
			batch->totals.tallies.events++;
			apply_free(batch, cursor, &event, false);
		} else if (at + 1 < end && is_pair(&event, at + 1, limit, counted) &&
			   apply_pair(batch, cursor, &event, at[1].family)) {
			count = 2;
		} else {
			batch->totals.tallies.events++;
			apply_alloc(batch, cursor, &event, false);
		}
		if (!counted)
			allotp_turn_pass(turn, ticket + count);
		at += count;
		if (at == end || !batch->end)
			break;
		look_at(&event, at);
		turn = turn_of(batch, &event, &ticket, counted);
	} while (is_usual(event.op) && event.stamp < limit && is_counted(event.family) == counted &&
		 (counted || (int32_t)(ticket - *turn) <= 0));
	if (!counted)
		batch->turned = true;
	move_to(batch, cursor, at);
}

static __attribute__((noinline)) void apply_counted(struct allot_batch *batch, struct allot_cursor *cursor,
						    uint64_t limit, uint64_t most)
{
	apply_usual(batch, cursor, limit, most, true);
}

/* ---- many ---- */

/* Applies the cursor's event, and those behind it that are as usual as this one. */
static inline void apply_some(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit)
{
	uint64_t most = cursor->stop - cursor->number, room = batch->end - batch->events;
	uint64_t stamp = __atomic_load_n(&cursor->event->stamp, __ATOMIC_RELAXED);

	if (!is_usual(__atomic_load_n(&cursor->event->op, __ATOMIC_RELAXED)) || batch->dropping || batch->sampled) {
		apply_unusual(batch, cursor);
	} else {
		allotp_batch_touch(batch, cursor);
		if (most > room)
			most = room;
		if (__builtin_expect(stamp >= batch->next_sample, 0))
			most = 1;
		limit >>= 1;
		if (limit > batch->next_sample)
			limit = batch->next_sample;
		if (is_counted(__atomic_load_n(&cursor->event->family, __ATOMIC_RELAXED)))
			apply_counted(batch, cursor, limit, most);
		else
			apply_usual(batch, cursor, limit, most, false);
	}
	if (__builtin_expect(stamp >= batch->next_sample, 0))
		allotp_batch_sample(batch, stamp);
}

bool allotp_apply_run(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint64_t *applied)
{
	uint64_t first = cursor->number;
	bool left;

	do {
		if (__builtin_expect(allotp_batch_is_full(batch), 0))
			allotp_batch_commit(batch);
		apply_some(batch, cursor, limit);
		left = cursor->number < cursor->stop || allotp_cursor_load(batch, cursor);
	} while (left && allotp_cursor_key(cursor) < limit && allotp_cursor_has_turn(batch, cursor));
	*applied += cursor->number - first;
	return left;
}
