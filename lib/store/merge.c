/* SPDX-License-Identifier: MIT */
/* The merge of all rings: which event is applied next. */
#include "store/merge.h"

#include <sys/mman.h>

#include "common/sys.h"
#include "snapshot/snapshot.h"
#include "store/apply.h"
#include "store/live.h"
#include "store/ring.h"

/* A cursor in the heap. Among equal stamps those go first that give an address up: key is 2 × stamp, or one more. */
struct entry {
	uint64_t key;
	struct allot_cursor *cursor;
};

/*
 * The heap of cursors, and behind it the parked ones: those whose next event waits for one that another thread has
 * drawn a ticket for and not published yet, or that is further back in another ring.
 */
struct merge {
	struct entry *heap;
	uint64_t count, parked;
};

/* Room for so many cursors, and behind them as many entries. */
static struct allot_cursor *scratch(struct allot_store *store, uint64_t count)
{
	size_t size = count * (sizeof(struct allot_cursor) + sizeof(struct entry));
	void *memory;

	if (size <= store->scratch_size)
		return store->scratch;
	size = (2 * size + 65535) / 65536 * 65536;
	memory = allotp_sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (allotp_sys_failed(memory))
		return NULL;
	if (store->scratch)
		allotp_sys_munmap(store->scratch, store->scratch_size);
	store->scratch = memory;
	store->scratch_size = size;
	return memory;
}

/* Whether the first `bytes` of a region can be looked at; more may have been committed since the drain began. */
static bool has(struct allot_store *store, enum allot_region_id region, uint64_t bytes)
{
	return allotp_store_has(store, region, bytes) ||
	       (!allotp_store_sync(store) && allotp_store_has(store, region, bytes));
}

/* Points the cursor at its event, entering the ring's next segment if it lies there. False: nothing (valid) there. */
static bool load(struct allot_batch *batch, struct allot_cursor *cursor)
{
	struct allot_store *store = batch->store;
	uint32_t ordinal = (uint32_t)(cursor->number >> store->segment_shift);

	if (cursor->number >= cursor->limit)
		return false;
	if ((uint32_t)(cursor->head >> 32) != ordinal) {
		uint32_t old = (uint32_t)cursor->head;

		if ((uint32_t)(cursor->head >> 32) + 1 != ordinal || !allotp_segment(store, old)) {
			allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
			return false;
		}
		cursor->head = allotp_ring_next(store, cursor->head);
		/* It is drained, but as long as the batch is not committed it is not known to be. */
		if (cursor->changed)
			batch->released[batch->released_count++] = old;
		else
			cursor->left_behind = old;
	}
	cursor->event = NULL;
	if (has(store, ALLOT_REGION_SEGMENTS, (cursor->head & UINT32_MAX) * store->segment_bytes))
		cursor->event = allotp_ring_event(store, cursor->head, cursor->number);
	if (!cursor->event) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return false;
	}
	cursor->stop = (cursor->number | (store->segment_events - 1)) + 1;
	if (cursor->stop > cursor->limit)
		cursor->stop = cursor->limit;
	return true;
}

/* On to the slot's next event but count - 1. */
static inline bool advance(struct allot_batch *batch, struct allot_cursor *cursor, uint32_t count)
{
	cursor->number += count;
	if (__builtin_expect(cursor->number >= cursor->stop, 0))
		return load(batch, cursor);
	cursor->event += count;
	return true;
}

static bool gives_up(uint8_t op)
{
	return op == ALLOT_OP_FREE || op == ALLOT_OP_GIVE_UP || op == ALLOT_OP_UNMAP;
}

static inline uint64_t key_of(const struct allot_cursor *cursor)
{
	return cursor->event->stamp << 1 | !gives_up(cursor->event->op);
}

/* Whether all earlier events in the bucket of this one have been applied. A ticket that was passed over is late, not early. */
static inline bool has_turn(const struct allot_batch *batch, const struct allot_event *event)
{
	uint32_t turn;

	if (event->op >= ALLOT_OP_THREAD)
		return true;
	turn = batch->applied[allotp_event_bucket(event->address, event->op)];
	return (int32_t)(allotp_event_ticket(event) - turn) <= 0;
}

/* Lets the entry at i, whose key has grown, sink to its place. */
static inline void sift_down(struct entry *heap, uint64_t count, uint64_t i)
{
	struct entry sinking;

	if (i >= count)
		return;
	sinking = heap[i];
	for (;;) {
		uint64_t child = 2 * i + 1;

		if (child + 1 < count && heap[child + 1].key < heap[child].key)
			child++;
		if (child >= count || sinking.key <= heap[child].key)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = sinking;
}

static void sift_up(struct entry *heap, uint64_t i)
{
	struct entry rising = heap[i];

	while (i && rising.key < heap[(i - 1) / 2].key) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = rising;
}

/* An allocation and its own free, one right behind the other: most blocks of many programs. */
static inline bool is_pair(const struct allot_cursor *cursor, uint64_t limit)
{
	const struct allot_event *event = cursor->event;

	return event[0].op == ALLOT_OP_ALLOC && cursor->stop - cursor->number >= 2 && event[1].op == ALLOT_OP_FREE &&
	       allotp_event_address(&event[0]) == allotp_event_address(&event[1]) &&
	       event[0].domain == event[1].domain && event[1].stamp << 1 < limit &&
	       allotp_event_ticket(&event[0]) + 1 == allotp_event_ticket(&event[1]);
}

static inline void look_for(struct allot_batch *batch, const struct allot_event *event,
			    void (*prefetch)(const struct allot_store *store, uint64_t key))
{
	uint64_t key = allotp_live_key(allotp_event_address(event), event->domain);

	if (!allotp_batch_find(batch, key))
		prefetch(batch->store, key);
}

/* Blocks that have grown old are far away: their memory is asked for some events ahead. */
static inline void look_ahead(struct allot_batch *batch, const struct allot_cursor *cursor)
{
	enum { PAGE_AHEAD = 16, ENTRY_AHEAD = 8, MANY_PAGES = 256 };
	const struct allot_event *page = cursor->event + PAGE_AHEAD, *entry = cursor->event + ENTRY_AHEAD;

	if (batch->store->header->page_count < MANY_PAGES || cursor->stop - cursor->number <= PAGE_AHEAD)
		return;
	if (page->op == ALLOT_OP_FREE || page->op == ALLOT_OP_GIVE_UP)
		look_for(batch, page, allotp_live_prefetch_page);
	if (entry->op == ALLOT_OP_FREE || entry->op == ALLOT_OP_GIVE_UP)
		look_for(batch, entry, allotp_live_prefetch_entry);
}

/* What must be in the store by itself: what was before it is committed first, and it is, too. */
static void commit_alone(struct allot_batch *batch, struct allot_cursor *cursor)
{
	struct allot_event event = *cursor->event;

	allotp_batch_commit(batch);
	allotp_batch_touch(batch, cursor);
	allotp_apply(batch, cursor, &event);
}

static inline bool is_mapping(uint8_t op)
{
	return op == ALLOT_OP_MAP || op == ALLOT_OP_UNMAP;
}

/* Applies the cursor's next event, or two. Returns how many. */
static inline uint32_t apply_next(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit)
{
	/* Whoever wrote it may still be at it, in a broken program: so it is looked at once. */
	struct allot_event event = *cursor->event;

	if (allotp_batch_is_full(batch))
		allotp_batch_commit(batch);
	allotp_batch_touch(batch, cursor);
	if (event.op == ALLOT_OP_ALLOC && is_pair(cursor, limit) && allotp_apply_pair(batch, cursor, cursor->event))
		return 2;
	allotp_apply(batch, cursor, &event);
	return 1;
}

/*
 * Applies events of the cursor as long as each has its turn and a key below the limit; the first one is known to.
 * False: used up.
 */
static bool run(struct allot_batch *batch, struct allot_cursor *cursor, uint64_t limit, uint64_t *applied)
{
	do {
		uint64_t stamp = cursor->event->stamp;
		bool mapping = is_mapping(cursor->event->op), left;
		uint32_t count = 1;

		look_ahead(batch, cursor);
		if (mapping)
			commit_alone(batch, cursor);
		else
			count = apply_next(batch, cursor, limit);
		*applied += count;
		left = advance(batch, cursor, count);
		if (__builtin_expect(stamp >= batch->next_sample, 0))
			allotp_batch_sample(batch, stamp);
		if (__builtin_expect(mapping, 0))
			allotp_batch_commit(batch);
		if (!left)
			return false;
	} while (key_of(cursor) < limit && has_turn(batch, cursor->event));
	return true;
}

/* The first key that is not the top's to run up to: that of the next in line, or the cut. */
static inline uint64_t limit_of(const struct merge *merge, uint64_t cut)
{
	uint64_t limit = cut >= UINT64_MAX / 2 ? UINT64_MAX : (cut << 1) + 2;

	for (uint64_t i = 1; i < 3 && i < merge->count; i++) {
		if (merge->heap[i].key < limit)
			limit = merge->heap[i].key;
	}
	return limit;
}

static void park(struct merge *merge)
{
	struct entry waits = merge->heap[0];

	merge->heap[0] = merge->heap[--merge->count];
	merge->heap[merge->count] = waits;
	merge->parked++;
	sift_down(merge->heap, merge->count, 0);
}

/* Takes the parked entry at heap[i] back among the others. */
static void unpark(struct merge *merge, uint64_t i)
{
	struct entry moved = merge->heap[i];

	merge->heap[i] = merge->heap[merge->count];
	merge->heap[merge->count] = moved;
	merge->parked--;
	sift_up(merge->heap, merge->count++);
}

static void unpark_ready(const struct allot_batch *batch, struct merge *merge)
{
	for (uint64_t i = merge->count; i < merge->count + merge->parked; i++) {
		if (has_turn(batch, merge->heap[i].cursor->event))
			unpark(merge, i);
	}
}

/* Drops an entry that is used up from the top of the heap. */
static void drop(struct merge *merge)
{
	merge->heap[0] = merge->heap[--merge->count];
	/* The parked ones stay right behind the heap. */
	merge->heap[merge->count] = merge->heap[merge->count + merge->parked];
}

/*
 * When everything that is left waits: a ticket was drawn by a thread that was killed, or jumped away in a signal handler,
 * before it could publish. The oldest goes first then, if it has waited for so long that there is no other way.
 */
static bool force(struct merge *merge, uint64_t overdue)
{
	uint64_t oldest = merge->count;

	if (!merge->parked)
		return false;
	for (uint64_t i = merge->count; i < merge->count + merge->parked; i++) {
		if (merge->heap[i].key < merge->heap[oldest].key)
			oldest = i;
	}
	if (merge->heap[oldest].key >> 1 > overdue)
		return false;
	unpark(merge, oldest);
	return true;
}

/*
 * How many events there can be in the rings. What is published lies in segments that were counted before; a damaged
 * store that claims more would keep the drain going round for ever.
 */
static uint64_t most_events(const struct allot_store *store)
{
	uint64_t count = __atomic_load_n(&store->header->segment_count, __ATOMIC_RELAXED);
	uint64_t capacity = allotp_capacity(store, ALLOT_REGION_SEGMENTS, store->segment_bytes);

	return (count < capacity ? count : capacity) << store->segment_shift;
}

static void begin_cursor(struct allot_cursor *cursor, const struct allot_slot *slot, uint32_t number)
{
	*cursor = (struct allot_cursor){
		.slot = number,
		.number = slot->consumed,
		.head = slot->head ? slot->head : slot->first,
		.last_alloc = slot->last_alloc,
		.given_up = { slot->given_up[0], slot->given_up[1], slot->given_up[2] },
	};
}

/* Everything that can be drained: a cursor for each slot that has something, in a heap. */
static void collect(struct allot_batch *batch, struct merge *merge)
{
	struct allot_store *store = batch->store;
	uint64_t slots = __atomic_load_n(&store->header->slot_count, __ATOMIC_ACQUIRE), events = 0;
	struct allot_cursor *cursors;

	if (slots > allotp_capacity(store, ALLOT_REGION_SLOTS, sizeof(struct allot_slot)) ||
	    !has(store, ALLOT_REGION_SLOTS, slots * sizeof(struct allot_slot))) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	cursors = scratch(store, slots);
	if (!cursors)
		return;
	merge->heap = (struct entry *)(void *)(cursors + slots);
	/* Newer slots first: what a thread or handler did before it began another is then seen to be published. */
	for (uint64_t i = slots; i-- > 0;) {
		struct allot_slot *slot = allotp_slot(store, i);
		struct allot_cursor *cursor = &cursors[merge->count];
		uint64_t left, most;

		begin_cursor(cursor, slot, (uint32_t)i);
		/* Partner of the release in publish. */
		cursor->limit = __atomic_load_n(&slot->published, __ATOMIC_ACQUIRE);
		if (cursor->limit <= cursor->number)
			continue;
		left = cursor->limit - cursor->number;
		most = most_events(store);
		if (left > most || events > most - left) {
			allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
			continue;
		}
		if (!load(batch, cursor))
			continue;
		events += left;
		merge->heap[merge->count++] = (struct entry){ key_of(cursor), cursor };
	}
	for (uint64_t i = merge->count / 2; i-- > 0;)
		sift_down(merge->heap, merge->count, i);
}

static uint64_t oldest_parked(const struct merge *merge)
{
	uint64_t oldest = UINT64_MAX;

	for (uint64_t i = merge->count; i < merge->count + merge->parked; i++) {
		if (merge->heap[i].key >> 1 < oldest)
			oldest = merge->heap[i].key >> 1;
	}
	return oldest;
}

uint64_t allotp_merge(struct allot_store *store, uint64_t cut, uint64_t overdue)
{
	struct merge merge = { 0 };
	struct allot_batch *batch;
	uint64_t applied = 0;
	bool forced = false;

	if (allotp_store_sync(store))
		return 0;
	batch = allotp_batch_begin(store);
	if (!batch)
		return 0;
	collect(batch, &merge);
	for (;;) {
		struct allot_cursor *cursor;

		if (!merge.count || merge.heap[0].key >> 1 > cut) {
			forced = force(&merge, overdue);
			if (!forced)
				break;
		}
		cursor = merge.heap[0].cursor;
		if (!forced && !has_turn(batch, cursor->event)) {
			park(&merge);
			continue;
		}
		forced = false;
		if (run(batch, cursor, limit_of(&merge, cut), &applied))
			merge.heap[0].key = key_of(cursor);
		else
			drop(&merge);
		sift_down(merge.heap, merge.count, 0);
		if (merge.parked)
			unpark_ready(batch, &merge);
	}
	allotp_batch_commit(batch);
	store->oldest_waiting = oldest_parked(&merge);
	return applied;
}
