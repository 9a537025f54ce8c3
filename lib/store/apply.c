/* SPDX-License-Identifier: MIT */
/* What events do, in a batch. */
#include "store/apply.h"

#include "snapshot/snapshot.h"
#include "store/count.h"
#include "store/history.h"
#include "store/live.h"
#include "store/maps.h"
#include "store/usual.h"

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
	allotp_batch_take_in(batch, block);
	block->size = size;
	block->site = site;
	block->slot_family = slot_family;
}

/* The live block of a key, or NULL. */
static inline struct allot_batch_block *find(struct allot_batch *batch, uint64_t key)
{
	struct allot_batch_block *block = allotp_batch_find(batch, key);

	if (__builtin_expect(block && block->state & ALLOT_BLOCK_LIVE, 1))
		return block;
	return block && block->state & (ALLOT_BLOCK_STORED | ALLOT_BLOCK_ABSENT) ? NULL
										 : allotp_batch_fetch(batch, key);
}

/* Takes a block out, uncounted. NULL: it is not known; else *site is where it was counted, NULL in a damaged store. */
static struct allot_batch_block *take_out(struct allot_batch *batch, uint64_t key, struct allot_batch_site **site)
{
	struct allot_batch_block *block = find(batch, key);

	if (!block)
		return NULL;
	allotp_batch_take_out(batch, block);
	*site = site_of(batch, block);
	return block;
}

static void apply_alloc(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	struct allot_batch_site *site = allotp_batch_site_of(batch, event->stack, allotp_event_domain(event));
	uint64_t key = event->key, size = allotp_event_size(event);

	if (__builtin_expect(!site, 0)) {
		allotp_batch_out_of_room(batch);
		batch->end = 0;
		return;
	}
	put_in(batch, allotp_batch_block(batch, key), size, site->number,
	       allotp_slot_family(cursor->slot, allotp_event_family(event)));
	allotp_block_in(batch, site, size, event->stamp);
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

static void apply_free(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	uint64_t key = event->key;
	struct allot_batch_site *site;
	const struct allot_batch_block *block = take_out(batch, key, &site);

	if (__builtin_expect(!block, 0)) {
		batch->totals.tallies.unknown_frees++;
		return;
	}
	if (__builtin_expect(site != NULL, 1)) {
		allotp_block_out(batch, site, block->size);
		count_mismatch(&batch->totals, site, block->slot_family, allotp_event_family(event));
	}
	if (cursor->last_alloc != key)
		return;
	cursor->last_alloc = 0;
	if (site && allotp_slot_of(block->slot_family) == cursor->slot && is_temporary(event, batch->sampled))
		allotp_block_temporary(batch, site, block->size);
}

static void apply_give_up(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	uint64_t key = event->key;
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
	struct allot_batch_site *site = allotp_batch_site_of(batch, event->stack, allotp_event_domain(event)), *old;
	uint64_t key = event->key, size = allotp_event_size(event);
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
	put_in(batch, block, size, site->number, allotp_slot_family(cursor->slot, allotp_event_family(event)));
	allotp_whole_in(batch, site, size, 1, event->stamp);
	cursor->last_alloc = key;
}

static void apply_untrack(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	uint64_t key = event->key;
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
	if (allotp_event_op(event) == ALLOT_OP_MAP)
		allotp_maps_add(batch, cursor->slot, event);
	else
		allotp_maps_remove(batch, allotp_event_address(event), allotp_event_size(event));
}

static void apply_by_op(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	switch (allotp_event_op(event)) {
	case ALLOT_OP_ALLOC:
		apply_alloc(batch, cursor, event);
		break;
	case ALLOT_OP_FREE:
		apply_free(batch, cursor, event);
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

static void apply(struct allot_batch *batch, struct allot_cursor *cursor, const struct allot_event *event)
{
	if (allotp_event_op(event) == ALLOT_OP_NONE || allotp_event_op(event) >= ALLOT_OPS) {
		allotp_store_lost(batch->store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	if (batch->dropping) {
		drop(batch);
		return;
	}
	tally(batch, allotp_event_op(event));
	apply_by_op(batch, cursor, event);
}

/* A point of the history is made of what the store has. */
static bool makes_point(const struct allot_batch *batch, const struct allot_event *event)
{
	return allotp_event_op(event) == ALLOT_OP_MARK && allotp_history_has(batch, allotp_event_address(event)) &&
	       allotp_history_is_due(batch);
}

/* Reads an event, and only once: whoever writes events may still be at it, in a broken program. */
static inline struct allot_event look_at(const struct allot_event *from)
{
	return (struct allot_event){
		.stamp = __atomic_load_n(&from->stamp, __ATOMIC_RELAXED),
		.ticket = __atomic_load_n(&from->ticket, __ATOMIC_RELAXED),
		.stack = __atomic_load_n(&from->stack, __ATOMIC_RELAXED),
		.key = __atomic_load_n(&from->key, __ATOMIC_RELAXED),
		.what = __atomic_load_n(&from->what, __ATOMIC_RELAXED),
	};
}

/* It is the next one's turn. */
static inline void pass_turn(struct allot_batch *batch, const struct allot_event *event)
{
	if (!allotp_event_has_ticket(event))
		return;
	allotp_turn_pass(allotp_turn_of(batch->applied, event), event->ticket + 1);
	batch->turned = true;
}

/* Applies the cursor's event, whatever it is. A mapping is a batch of its own; so is a mark that makes a point. */
static __attribute__((noinline)) void apply_one(struct allot_batch *batch, struct allot_cursor *cursor)
{
	struct allot_event event = look_at(cursor->event);
	uint8_t op = allotp_event_op(&event);
	bool alone = op == ALLOT_OP_MAP || op == ALLOT_OP_UNMAP || makes_point(batch, &event);

	if (alone)
		allotp_batch_commit(batch);
	allotp_batch_touch(batch, cursor);
	apply(batch, cursor, &event);
	if (alone)
		batch->end = 0;
	allotp_cursor_move(batch, cursor, 1);
	pass_turn(batch, &event);
}

/* ---- many ---- */

static inline bool takes_out(const struct allot_event *event)
{
	uint8_t op = allotp_event_op(event);

	return op == ALLOT_OP_FREE || op == ALLOT_OP_GIVE_UP;
}

/* The block that an event takes out, if the batch does not know it; else 0. */
static inline uint64_t unknown_block(struct allot_batch *batch, const struct allot_event *from)
{
	struct allot_event event = look_at(from);

	return takes_out(&event) && !allotp_batch_find(batch, event.key) ? event.key : 0;
}

/*
 * Blocks that have grown old are far away. Some events ahead it is asked for what tells where they are stored, then for those;
 * then the batch knows them. A chunk of events at a time.
 */
static __attribute__((noinline)) void look_for_old(struct allot_batch *batch, struct allot_cursor *cursor)
{
	enum { CHUNK = 8, PAGES_AHEAD = 3 * CHUNK, STORED_AHEAD = 2 * CHUNK, BLOCKS_AHEAD = CHUNK };
	const struct allot_event *at = cursor->event;
	uint64_t left = cursor->stop - cursor->number, key;

	for (uint32_t i = PAGES_AHEAD; i < PAGES_AHEAD + CHUNK && i < left; i++) {
		__builtin_prefetch(allotp_batch_home(batch, at[i].key), 1);
		if (takes_out(&at[i]))
			allotp_live_prefetch_directory(batch->store, at[i].key);
	}
	for (uint32_t i = STORED_AHEAD; i < STORED_AHEAD + CHUNK && i < left; i++) {
		key = unknown_block(batch, &at[i]);
		if (key)
			allotp_live_prefetch(batch->store, key);
	}
	for (uint32_t i = BLOCKS_AHEAD; i < BLOCKS_AHEAD + CHUNK && i < left; i++) {
		key = allotp_batch_has_room(batch) ? unknown_block(batch, &at[i]) : 0;
		if (key)
			allotp_batch_fetch(batch, key);
	}
	cursor->old = cursor->number + CHUNK;
}

/* Applies the cursor's event, and those behind it that are older than the stamp and as usual as this one. */
static inline void apply_some(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit)
{
	uint64_t most = batch->end - batch->events, stamp = __atomic_load_n(&cursor->event->stamp, __ATOMIC_RELAXED);

	if (most > cursor->stop - cursor->number)
		most = cursor->stop - cursor->number;
	if (allotp_live_is_far(batch->store)) {
		if (cursor->number >= cursor->old)
			look_for_old(batch, cursor);
		if (most > cursor->old - cursor->number)
			most = cursor->old - cursor->number;
	}
	if (limit > batch->next_sample)
		limit = batch->next_sample;
	if (batch->dropping || batch->sampled || !allotp_usual_run(batch, cursor, limit, (uint32_t)most))
		apply_one(batch, cursor);
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
		apply_some(batch, cursor, limit >> 1);
		left = cursor->number < cursor->stop || allotp_cursor_load(batch, cursor);
	} while (left && allotp_cursor_key(cursor) < limit && allotp_cursor_has_turn(batch, cursor));
	*applied += cursor->number - first;
	return left;
}
