/* SPDX-License-Identifier: MIT */
/* The merge of all rings: which event is applied next. */
#include "store/merge.h"

#include <sys/mman.h>

#include "common/sys.h"
#include "snapshot/snapshot.h"
#include "store/apply.h"
#include "store/ring.h"
#include "store/window.h"

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

/* Which entry is the second in line; 0: there is none. */
static inline uint64_t find_second(const struct merge *merge)
{
	if (merge->count < 2)
		return 0;
	return merge->count > 2 && merge->heap[2].key < merge->heap[1].key ? 2 : 1;
}

/* The first key that is neither the top's nor the second's to run up to: that of the third in line, or the cut. */
static inline uint64_t limit_of_two(const struct merge *merge, uint64_t second, uint64_t cut)
{
	const uint64_t others[3] = { 3 - second, 2 * second + 1, 2 * second + 2 };
	uint64_t limit = cut >= UINT64_MAX / 2 ? UINT64_MAX : (cut << 1) + 2;

	for (int i = 0; i < 3 && second; i++) {
		if (others[i] < merge->count && merge->heap[others[i]].key < limit)
			limit = merge->heap[others[i]].key;
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

static void unpark_ready(struct allot_batch *batch, struct merge *merge)
{
	for (uint64_t i = merge->count; i < merge->count + merge->parked; i++) {
		if (allotp_cursor_has_turn(batch, merge->heap[i].cursor))
			unpark(merge, i);
	}
}

/* Drops an entry that is used up from the top of the heap, or the second. */
static void drop(struct merge *merge, uint64_t i)
{
	merge->heap[i] = merge->heap[--merge->count];
	/* The parked ones stay right behind the heap. */
	merge->heap[merge->count] = merge->heap[merge->count + merge->parked];
}

/* Where the oldest of the parked entries is; behind the heap, if there are none. */
static uint64_t oldest_parked(const struct merge *merge)
{
	uint64_t oldest = merge->count;

	for (uint64_t i = merge->count; i < merge->count + merge->parked; i++) {
		if (merge->heap[i].key < merge->heap[oldest].key)
			oldest = i;
	}
	return oldest;
}

/*
 * When everything that is left waits: a ticket was drawn by a thread that was killed, or jumped away in a signal handler,
 * before it could publish. The oldest goes first then, if it has waited for so long that there is no other way.
 */
static bool force(struct merge *merge, uint64_t overdue)
{
	uint64_t oldest = oldest_parked(merge);

	if (!merge->parked || merge->heap[oldest].key >> 1 > overdue)
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

/* Everything that can be drained: a cursor for each slot that has something, in a heap. */
static void collect(struct allot_batch *batch, struct merge *merge)
{
	struct allot_store *store = batch->store;
	uint64_t slots = __atomic_load_n(&store->header->slot_count, __ATOMIC_ACQUIRE), events = 0;
	struct allot_cursor *cursors;

	if (slots > allotp_capacity(store, ALLOT_REGION_SLOTS, sizeof(struct allot_slot)) ||
	    !allotp_store_reaches(store, ALLOT_REGION_SLOTS, slots * sizeof(struct allot_slot))) {
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
		/* Partner of the release in publish. */
		uint64_t limit = __atomic_load_n(&slot->published, __ATOMIC_ACQUIRE), left, most;

		/* Not looked at before it has published something: it may be about to become somebody's ring. */
		if (limit <= slot->consumed)
			continue;
		allotp_cursor_begin(cursor, slot, (uint32_t)i, limit);
		left = limit - cursor->number;
		most = most_events(store);
		if (left > most || events > most - left) {
			allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
			continue;
		}
		if (!allotp_cursor_load(batch, cursor))
			continue;
		events += left;
		merge->heap[merge->count++] = (struct entry){ allotp_cursor_key(cursor), cursor };
	}
	for (uint64_t i = merge->count / 2; i-- > 0;)
		sift_down(merge->heap, merge->count, i);
}

/* Applies the events of an entry, the top or the second, up to a key. Returns how many. */
static uint64_t run(struct allot_batch *batch, struct merge *merge, uint64_t i, uint64_t limit)
{
	struct allot_cursor *cursor = merge->heap[i].cursor;
	uint64_t applied = 0;

	if (allotp_apply_run(batch, cursor, limit, &applied))
		merge->heap[i].key = allotp_cursor_key(cursor);
	else
		drop(merge, i);
	sift_down(merge->heap, merge->count, i);
	return applied;
}

/* Applies the top's next event, and more; it has its turn, or is forced. */
static uint64_t run_top(struct allot_batch *batch, struct merge *merge, uint64_t cut)
{
	uint64_t second = find_second(merge), limit = limit_of_two(merge, second, cut), window, applied = 0;
	struct entry *heap = merge->heap;

	/* What waits is older: after each event it may have its turn. */
	if (merge->parked)
		return run(batch, merge, 0, heap[0].key + 1);
	if (!second)
		return run(batch, merge, 0, limit);
	window = allotp_window_end(batch, heap[0].cursor, heap[second].cursor, limit >> 1) << 1;
	if (heap[second].key < window && allotp_cursor_has_turn(batch, heap[second].cursor)) {
		applied = run(batch, merge, second, window);
		limit = window;
	} else if (heap[second].key < limit) {
		limit = heap[second].key;
	}
	return applied + run(batch, merge, 0, limit);
}

uint64_t allotp_merge(struct allot_store *store, uint64_t cut, uint64_t overdue)
{
	struct merge merge = { 0 };
	struct allot_batch *batch;
	uint64_t applied = 0, waiting = UINT64_MAX;

	if (allotp_store_sync(store))
		return 0;
	batch = allotp_batch_begin(store);
	if (!batch)
		return 0;
	collect(batch, &merge);
	for (;;) {
		if (!merge.count || merge.heap[0].key >> 1 > cut) {
			if (!force(&merge, overdue))
				break;
		} else if (!allotp_cursor_has_turn(batch, merge.heap[0].cursor)) {
			park(&merge);
			continue;
		}
		applied += run_top(batch, &merge, cut);
		if (merge.parked)
			unpark_ready(batch, &merge);
	}
	allotp_batch_commit(batch);
	if (merge.parked)
		waiting = merge.heap[oldest_parked(&merge)].key >> 1;
	__atomic_store_n(&store->oldest_waiting, waiting, __ATOMIC_RELAXED); /* a test watches it */
	return applied;
}
