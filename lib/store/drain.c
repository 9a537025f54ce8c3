/* SPDX-License-Identifier: MIT */
/* The drain: who may, and the merge of all rings by stamp. */
#include "store/drain.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/sys.h"
#include "snapshot/snapshot.h"
#include "store/apply.h"
#include "store/live.h"
#include "store/ring.h"

/* ---- the lock: pid | tid << 22 | low bits of the pid namespace << 44; the kernel's pids have 22 bits ---- */

enum { PID_BITS = 22, NAMESPACE_SHIFT = 44 };

static uint64_t owner_word(const struct allot_store *store)
{
	if (store->quiet)
		return store->header->pid | store->pid_namespace << NAMESPACE_SHIFT;
	return (uint64_t)allotp_sys_getpid() | (uint64_t)allotp_sys_gettid() << PID_BITS |
	       store->pid_namespace << NAMESPACE_SHIFT;
}

static bool owner_is_dead(const struct allot_store *store, uint64_t owner, uint64_t me)
{
	uint32_t mask = (1u << PID_BITS) - 1;

	/* The pids of another namespace mean nothing here. */
	if (store->quiet || !(me >> NAMESPACE_SHIFT) || owner >> NAMESPACE_SHIFT != me >> NAMESPACE_SHIFT)
		return false;
	return (owner & mask) != (me & mask) && allotp_sys_kill((int)(owner & mask), 0) == -ESRCH;
}

/* ---- the time series ---- */

static struct allot_store_sample *series(const struct allot_store *store)
{
	return ALLOTP_AT(store, ALLOT_REGION_SERIES, struct allot_store_sample, 0);
}

/*
 * Drops every other point of a full series. If a drainer died doing it, the stamps fall back where it had come to; the
 * point before may be half copied.
 */
static void halve_series(struct allot_header *header, struct allot_store_sample *samples)
{
	uint32_t i = 0;

	while (i + 1 < ALLOT_SAMPLES && samples[i].stamp <= samples[i + 1].stamp)
		i++;
	if (i + 1 == ALLOT_SAMPLES)
		i = 0;
	for (; i < ALLOT_SAMPLES / 2; i++)
		samples[i] = samples[2 * i + 1];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	header->sample_count = ALLOT_SAMPLES / 2;
	header->sample_interval *= 2;
}

static void recover_series(struct allot_store *store)
{
	if (store->header->sample_count == ALLOT_SAMPLES &&
	    allotp_store_has(store, ALLOT_REGION_SERIES, ALLOT_SAMPLES * sizeof(struct allot_store_sample)))
		halve_series(store->header, series(store));
}

/* ---- taking the lock ---- */

static int take_over(struct allot_store *store, bool recover)
{
	int result = allotp_store_sync(store);

	if (result) {
		allotp_drain_unlock(store);
		return result;
	}
	if (recover) {
		allotp_live_recover(store);
		allotp_apply_recover(store);
		recover_series(store);
	}
	return 0;
}

int allotp_drain_lock(struct allot_store *store)
{
	uint64_t owner = 0, me;

	/* The common refusal costs no system call. */
	if (__atomic_load_n(&store->header->lock, __ATOMIC_RELAXED) && store->guest &&
	    (__atomic_load_n(&store->header->lock, __ATOMIC_RELAXED) & ((1u << PID_BITS) - 1)) == store->header->pid)
		return -EBUSY;
	me = owner_word(store);
	if (__atomic_compare_exchange_n(&store->header->lock, &owner, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return take_over(store, store->header->journal.active || store->header->journal.page);
	if (!owner_is_dead(store, owner, me) ||
	    !__atomic_compare_exchange_n(&store->header->lock, &owner, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return -EBUSY;
	return take_over(store, true);
}

int allotp_drain_lock_by_force(struct allot_store *store)
{
	uint64_t before = __atomic_exchange_n(&store->header->lock, owner_word(store), __ATOMIC_ACQUIRE);

	return take_over(store, before || store->header->journal.active || store->header->journal.page);
}

void allotp_drain_unlock(struct allot_store *store)
{
	__atomic_store_n(&store->header->lock, 0, __ATOMIC_RELEASE);
}

/* ---- the merge ---- */

/* What is left to drain of one slot. */
struct cursor {
	uint64_t stamp;                  /* of its next event */
	const struct allot_event *event; /* the next event */
	uint64_t number;                 /* its number in the slot */
	uint64_t stop;                   /* number of the first event that is not in this segment, or none of ours */
	uint64_t limit;                  /* number of the first event that is none of ours */
	uint32_t slot;
};

static struct cursor *scratch(struct allot_store *store, uint64_t count)
{
	size_t size = count * sizeof(struct cursor);
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

/* Points the cursor at its event, entering the ring's next segment if it lies there. False: nothing (valid) there. */
static bool load(struct allot_store *store, struct cursor *cursor)
{
	struct allot_slot *slot = allotp_slot(store, cursor->slot);
	uint32_t events = store->header->segment_events;
	uint32_t ordinal = (uint32_t)(cursor->number / events);
	struct allot_segment *segment;

	if (cursor->number >= cursor->limit)
		return false;
	if (!slot->head)
		slot->head = slot->first;
	if ((uint32_t)(slot->head >> 32) != ordinal) {
		uint32_t old = (uint32_t)slot->head;

		segment = allotp_segment(store, old);
		if (!segment || (uint32_t)(slot->head >> 32) + 1 != ordinal) {
			allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
			return false;
		}
		slot->head = (uint64_t)ordinal << 32 | __atomic_load_n(&segment->next, __ATOMIC_ACQUIRE);
		/* Dying here loses a segment, nothing else. */
		allotp_segment_release(store, old);
	}
	segment = allotp_segment(store, (uint32_t)slot->head);
	if (!segment)
		return false;
	cursor->event = &segment->events[cursor->number & (events - 1)];
	cursor->stamp = cursor->event->stamp;
	cursor->stop = (cursor->number | (events - 1)) + 1;
	if (cursor->stop > cursor->limit)
		cursor->stop = cursor->limit;
	return true;
}

/* On to the slot's next event but count - 1. */
static inline bool advance(struct allot_store *store, struct cursor *cursor, uint32_t count)
{
	cursor->number += count;
	if (__builtin_expect(cursor->number >= cursor->stop, 0))
		return load(store, cursor);
	cursor->event += count;
	cursor->stamp = cursor->event->stamp;
	return true;
}

static bool gives_up(uint8_t op)
{
	return op == ALLOT_OP_FREE || op == ALLOT_OP_GIVE_UP || op == ALLOT_OP_UNMAP;
}

/* Among equal stamps those go first that give an address up. */
static inline bool before(const struct cursor *a, const struct cursor *b)
{
	if (a->stamp != b->stamp)
		return a->stamp < b->stamp;
	return gives_up(a->event->op) && !gives_up(b->event->op);
}

/* Whether all earlier events in the bucket of this one have been applied. A ticket that was passed over is late, not early. */
static inline bool has_turn(const struct allot_store *store, const struct allot_event *event)
{
	uint32_t turn;

	if (event->op >= ALLOT_OP_THREAD)
		return true;
	turn = store->header->applied[allotp_event_bucket(event->address, event->op)];
	return (int32_t)(allotp_event_ticket(event) - turn) <= 0;
}

static void sift_down(struct cursor *heap, uint64_t count, uint64_t i)
{
	for (;;) {
		uint64_t least = i, left = 2 * i + 1;
		struct cursor moved;

		if (left < count && before(&heap[left], &heap[least]))
			least = left;
		if (left + 1 < count && before(&heap[left + 1], &heap[least]))
			least = left + 1;
		if (least == i)
			return;
		moved = heap[i];
		heap[i] = heap[least];
		heap[least] = moved;
		i = least;
	}
}

/* One more point of the time series; when it is full, every other point goes and the steps double. */
static void take_sample(struct allot_store *store, uint64_t stamp)
{
	struct allot_header *header = store->header;
	const struct allot_totals *totals = &header->totals;
	uint32_t count;

	if (allotp_store_need(store, ALLOT_REGION_SERIES, ALLOT_SAMPLES * sizeof(struct allot_store_sample)))
		return;
	if (header->sample_count == ALLOT_SAMPLES)
		halve_series(header, series(store));
	count = __atomic_load_n(&header->sample_count, __ATOMIC_RELAXED);
	if (count >= ALLOT_SAMPLES)
		return;
	series(store)[count] = (struct allot_store_sample){
		.stamp = stamp,
		.live_bytes = totals->ever_bytes - totals->freed_bytes,
		.live_blocks = totals->ever_blocks - totals->freed_blocks,
		.ever_bytes = totals->ever_bytes,
		.ever_blocks = totals->ever_blocks,
	};
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	header->sample_count = count + 1;
	header->next_sample = stamp + header->sample_interval;
}

/* An allocation and its own free, one right behind the other: most blocks of many programs. */
static inline bool is_pair(const struct cursor *cursor, const struct cursor *other, uint64_t cut)
{
	const struct allot_event *event = cursor->event;

	return event[0].op == ALLOT_OP_ALLOC && cursor->stop - cursor->number >= 2 && event[1].op == ALLOT_OP_FREE &&
	       allotp_event_address(&event[0]) == allotp_event_address(&event[1]) &&
	       event[0].domain == event[1].domain && event[1].stamp <= cut &&
	       allotp_event_ticket(&event[0]) + 1 == allotp_event_ticket(&event[1]) &&
	       (!other || event[1].stamp < other->stamp);
}

/* Blocks that have grown old are far away: their memory is asked for some events ahead. */
static inline void look_ahead(const struct allot_store *store, const struct cursor *cursor)
{
	enum { AHEAD = 8 };
	const struct allot_event *event = cursor->event + AHEAD;

	if (cursor->stop - cursor->number > AHEAD && (event->op == ALLOT_OP_FREE || event->op == ALLOT_OP_GIVE_UP))
		allotp_live_prefetch(store, allotp_live_key(allotp_event_address(event), event->domain));
}

/*
 * Applies events up to the cut, as long as each has its turn and the cursor stays ahead of `other` (NULL: of
 * nobody). False: used up.
 */
static bool run(struct allot_store *store, struct cursor *cursor, const struct cursor *other, uint64_t cut,
		uint64_t *applied)
{
	do {
		uint32_t count = 1;

		look_ahead(store, cursor);
		if (is_pair(cursor, other, cut) &&
		    allotp_apply_pair(store, cursor->slot, cursor->number, cursor->event))
			count = 2;
		else
			allotp_apply(store, cursor->slot, cursor->number, cursor->event);
		*applied += count;
		if (cursor->stamp >= store->header->next_sample)
			take_sample(store, cursor->stamp);
		if (!advance(store, cursor, count))
			return false;
	} while (cursor->stamp <= cut && (!other || !before(other, cursor)) && has_turn(store, cursor->event));
	return true;
}

static const struct cursor *runner_up(const struct cursor *heap, uint64_t count)
{
	if (count < 2)
		return NULL;
	return count > 2 && before(&heap[2], &heap[1]) ? &heap[2] : &heap[1];
}

/*
 * The heap of cursors, and behind it the parked ones: those whose next event waits for one that another thread has
 * drawn a ticket for and not published yet, or that is further back in another ring.
 */
struct merge {
	struct cursor *heap;
	uint64_t count, parked;
};

static void park(struct merge *merge)
{
	struct cursor waits = merge->heap[0];

	merge->heap[0] = merge->heap[--merge->count];
	merge->heap[merge->count] = waits;
	merge->parked++;
	sift_down(merge->heap, merge->count, 0);
}

static void sift_up(struct cursor *heap, uint64_t i)
{
	while (i && before(&heap[i], &heap[(i - 1) / 2])) {
		struct cursor moved = heap[i];

		heap[i] = heap[(i - 1) / 2];
		heap[(i - 1) / 2] = moved;
		i = (i - 1) / 2;
	}
}

/* Takes the parked cursor at heap[i] back among the others. */
static void unpark(struct merge *merge, uint64_t i)
{
	struct cursor moved = merge->heap[i];

	merge->heap[i] = merge->heap[merge->count];
	merge->heap[merge->count] = moved;
	merge->parked--;
	sift_up(merge->heap, merge->count++);
}

static void unpark_ready(struct allot_store *store, struct merge *merge)
{
	for (uint64_t i = merge->count; i < merge->count + merge->parked; i++) {
		if (has_turn(store, merge->heap[i].event))
			unpark(merge, i);
	}
}

/* Drops a cursor that is used up from the top of the heap. */
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
		if (before(&merge->heap[i], &merge->heap[oldest]))
			oldest = i;
	}
	if (merge->heap[oldest].stamp > overdue)
		return false;
	unpark(merge, oldest);
	return true;
}

/* Everything that can be drained: a cursor for each slot that has something, as a heap by stamp. */
static uint64_t collect(struct allot_store *store, struct cursor **heap)
{
	uint64_t slots = __atomic_load_n(&store->header->slot_count, __ATOMIC_ACQUIRE), count = 0;
	uint64_t most = store->region_size[ALLOT_REGION_SEGMENTS] / sizeof(struct allot_event);

	if (slots > allotp_capacity(store, ALLOT_REGION_SLOTS, sizeof(struct allot_slot)) ||
	    allotp_store_need(store, ALLOT_REGION_SLOTS, slots * sizeof(struct allot_slot)))
		return 0;
	*heap = scratch(store, slots);
	if (!*heap)
		return 0;
	/* Newer slots first: what a thread or handler did before it began another is then seen to be published. */
	for (uint64_t i = slots; i-- > 0;) {
		struct allot_slot *slot = allotp_slot(store, i);
		struct cursor cursor = { .slot = (uint32_t)i, .number = slot->consumed };

		/* Partner of the release in publish. */
		cursor.limit = __atomic_load_n(&slot->published, __ATOMIC_ACQUIRE);
		if (cursor.limit > cursor.number && cursor.limit - cursor.number > most) {
			allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
			continue;
		}
		if (load(store, &cursor))
			(*heap)[count++] = cursor;
	}
	for (uint64_t i = count / 2; i-- > 0;)
		sift_down(*heap, count, i);
	return count;
}

/* Drains events up to the cut; those that wait for a turn which does not come, only if they are overdue. */
static uint64_t drain_until(struct allot_store *store, uint64_t cut, uint64_t overdue)
{
	struct merge merge = { 0 };
	uint64_t applied = 0;
	bool forced = false;

	if (allotp_store_sync(store))
		return 0;
	merge.count = collect(store, &merge.heap);
	for (;;) {
		if (!merge.count || merge.heap[0].stamp > cut) {
			forced = force(&merge, overdue);
			if (!forced)
				return applied;
		}
		if (!forced && !has_turn(store, merge.heap[0].event)) {
			park(&merge);
			continue;
		}
		forced = false;
		if (!run(store, &merge.heap[0], runner_up(merge.heap, merge.count), cut, &applied))
			drop(&merge);
		sift_down(merge.heap, merge.count, 0);
		if (merge.parked)
			unpark_ready(store, &merge);
	}
}

/*
 * Events at one address are kept in order by their tickets. Others are applied by their stamps, so that current and peak
 * follow what happened: to that end events are left alone until they are so old that whatever has an older stamp
 * can be seen. The margin is in ticks of the stamp. OVERDUE is for turns that never come: more than half a second.
 */
enum { MARGIN = 4096 };
#define OVERDUE (UINT64_C(1) << 31)

static bool uses_counter(const struct allot_store *store)
{
	return store->header->clock == ALLOT_CLOCK_COUNTER;
}

static void note_time(struct allot_store *store, uint64_t now)
{
	store->header->latest_monotonic_ns = allotp_clock_ns(CLOCK_MONOTONIC);
	store->header->latest_stamp = now;
}

uint64_t allotp_drain(struct allot_store *store)
{
	uint64_t now = allotp_stamp(uses_counter(store));

	note_time(store, now);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return drain_until(store, now - MARGIN, now - OVERDUE);
}

uint64_t allotp_drain_now(struct allot_store *store)
{
	uint64_t now = allotp_stamp(uses_counter(store));

	note_time(store, now);
	while (allotp_stamp(uses_counter(store)) < now + MARGIN)
		;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return drain_until(store, now, now - OVERDUE);
}

uint64_t allotp_drain_rest(struct allot_store *store)
{
	return drain_until(store, UINT64_MAX, UINT64_MAX);
}

static uint64_t ring_bytes(const struct allot_header *header)
{
	return __atomic_load_n(&header->segment_count, __ATOMIC_RELAXED) * header->segment_bytes;
}

bool allotp_drain_is_due(const struct allot_store *store)
{
	const struct allot_header *header = store->header;

	/* With a reader at work, a few megabytes may wait for it. */
	return !__atomic_load_n(&header->reader, __ATOMIC_RELAXED) || ring_bytes(header) >= ALLOT_RING_RESERVE;
}

bool allotp_drain_is_behind(const struct allot_store *store)
{
	/* Each thread needs a segment or two of its own; beyond that, see ALLOT_RING_LIMIT. */
	uint64_t own = 2 * __atomic_load_n(&store->header->slot_count, __ATOMIC_RELAXED) * store->header->segment_bytes;

	return ring_bytes(store->header) >= ALLOT_RING_LIMIT + own;
}

void allotp_drain_try(struct allot_store *store)
{
	uint64_t all = ~UINT64_C(0), old = 0;

	/* A handler must not jump away or be the end of this thread while it holds the lock; to run it may. */
	if (!store->quiet && allotp_sys_sigprocmask(SIG_SETMASK, &all, &old))
		return;
	if (!allotp_drain_lock(store)) {
		allotp_drain(store);
		allotp_drain_unlock(store);
	}
	if (!store->quiet)
		allotp_sys_sigprocmask(SIG_SETMASK, &old, NULL);
}
