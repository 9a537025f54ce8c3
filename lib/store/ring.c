/* SPDX-License-Identifier: MIT */
/* Slots and segments: where threads write their events. */
#include "store/ring.h"

#include <errno.h>
#include <linux/futex.h>
#include <time.h>

#include "common/clock.h"
#include "common/sys.h"
#include "store/drain.h"

/*
 * The two free lists are Treiber stacks: the head holds the number of the first element and a tag that changes
 * with each push and pop, so that an element which went and came back is not taken for unmoved.
 */
static uint64_t next_head(uint64_t head, uint32_t first)
{
	return ((head >> 32) + 1) << 32 | first;
}

/* How many events the first piece of a segment has at least. */
enum { FIRST_PIECE = 64 };

int allotp_ring_open(struct allot_store *store)
{
	uint32_t events = __atomic_load_n(&store->header->segment_events, __ATOMIC_RELAXED);
	uint64_t bytes = sizeof(struct allot_segment) + (uint64_t)events * sizeof(struct allot_event);

	if (!events || events & (events - 1) || bytes != store->header->segment_bytes)
		return -EBADMSG;
	store->segment_events = events;
	store->segment_bytes = (uint32_t)bytes;
	store->segment_shift = (uint32_t)__builtin_ctz(events);
	return 0;
}

struct allot_segment *allotp_segment(struct allot_store *store, uint32_t segment)
{
	uint64_t bytes = store->segment_bytes;
	uint64_t end = segment * bytes;

	if (!segment || end > store->region_size[ALLOT_REGION_SEGMENTS] ||
	    !allotp_store_has(store, ALLOT_REGION_SEGMENTS, end))
		return NULL;
	return (struct allot_segment *)(void *)(store->region[ALLOT_REGION_SEGMENTS] + end - bytes);
}

const struct allot_event *allotp_ring_event(struct allot_store *store, uint64_t head, uint64_t number)
{
	struct allot_segment *segment = allotp_segment(store, (uint32_t)head);

	if (!segment || (uint32_t)(head >> 32) != (uint32_t)(number >> store->segment_shift))
		return NULL;
	return &segment->events[number & (store->segment_events - 1)];
}

uint64_t allotp_ring_next(struct allot_store *store, uint64_t head)
{
	struct allot_segment *segment = allotp_segment(store, (uint32_t)head);
	uint64_t ordinal = (uint32_t)(head >> 32) + 1u;

	return segment ? ordinal << 32 | __atomic_load_n(&segment->next, __ATOMIC_ACQUIRE) : 0;
}

static uint32_t pop_segment(struct allot_store *store)
{
	uint64_t *list = &store->header->free_segments;
	uint64_t head = __atomic_load_n(list, __ATOMIC_ACQUIRE);

	for (;;) {
		struct allot_segment *segment = allotp_segment(store, (uint32_t)head);
		uint32_t next;

		if (!segment)
			return 0;
		/* May be stale, when another thread has it already; then the exchange fails. */
		next = __atomic_load_n(&segment->next, __ATOMIC_RELAXED);
		if (__atomic_compare_exchange_n(list, &head, next_head(head, next), false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return (uint32_t)head;
	}
}

void allotp_segment_release(struct allot_store *store, uint32_t number)
{
	uint64_t *list = &store->header->free_segments;
	uint64_t head = __atomic_load_n(list, __ATOMIC_RELAXED);
	struct allot_segment *segment = allotp_segment(store, number);

	if (!segment)
		return;
	do {
		__atomic_store_n(&segment->next, (uint32_t)head, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(list, &head, next_head(head, number), false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
}

/*
 * A segment is backed piece by piece, each as large as those before together, so that a thread of few events takes
 * little memory. An event never lies across two pages.
 */
static int back_more(struct allot_store *store, struct allot_segment *segment)
{
	uint64_t start = (uint64_t)((uint8_t *)segment - store->region[ALLOT_REGION_SEGMENTS]);
	uint32_t backed = segment->backed;
	uint64_t from =
		start + (backed ? offsetof(struct allot_segment, events) + backed * sizeof(struct allot_event) : 0);
	uint64_t most = start + store->segment_bytes;
	uint64_t to = start + sizeof(*segment) + 2 * (backed ? backed : FIRST_PIECE / 2) * sizeof(struct allot_event);
	int result;

	if (to > most)
		to = most;
	result = allotp_store_back(store, ALLOT_REGION_SEGMENTS, from, &to);
	if (result)
		return result;
	if (to > most)
		to = most;
	segment->backed = (uint32_t)((to - start - sizeof(*segment)) / sizeof(struct allot_event));
	__atomic_fetch_add(&store->header->ring_bytes, to - from, __ATOMIC_RELAXED);
	return 0;
}

static uint32_t new_segment(struct allot_store *store)
{
	uint64_t count = __atomic_load_n(&store->header->segment_count, __ATOMIC_RELAXED);

	/* Commit first, count after: a segment that was counted can be touched. */
	do {
		if (allotp_store_need(store, ALLOT_REGION_SEGMENTS, (count + 1) * store->segment_bytes))
			return 0;
	} while (!__atomic_compare_exchange_n(&store->header->segment_count, &count, count + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return back_more(store, allotp_segment(store, (uint32_t)count + 1)) ? 0 : (uint32_t)count + 1;
}

static struct allot_slot *take_free_slot(struct allot_store *store, uint32_t *number)
{
	uint64_t *list = &store->header->free_slots;
	uint64_t head = __atomic_load_n(list, __ATOMIC_ACQUIRE);

	for (;;) {
		uint32_t first = (uint32_t)head;
		struct allot_slot *slot;

		if (!first)
			return NULL;
		slot = allotp_slot(store, first - 1);
		if (__atomic_compare_exchange_n(list, &head,
						next_head(head, __atomic_load_n(&slot->next_free, __ATOMIC_RELAXED)),
						false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			*number = first - 1;
			return slot;
		}
	}
}

static struct allot_slot *take_new_slot(struct allot_store *store, uint32_t *number)
{
	uint64_t count = __atomic_load_n(&store->header->slot_count, __ATOMIC_RELAXED);

	do {
		if (allotp_store_need(store, ALLOT_REGION_SLOTS, (count + 1) * sizeof(struct allot_slot)))
			return NULL;
		/* Release: the drainer that sees the new count finds the slot committed. */
	} while (!__atomic_compare_exchange_n(&store->header->slot_count, &count, count + 1, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	*number = (uint32_t)count;
	return allotp_slot(store, count);
}

int allotp_producer_attach(struct allot_producer *producer, struct allot_store *store, uint32_t tid, uint64_t stamp)
{
	uint32_t number, events = store->segment_events, used;
	struct allot_slot *slot = take_free_slot(store, &number);
	struct allot_segment *tail;
	struct allot_event *event;

	if (!slot)
		slot = take_new_slot(store, &number);
	if (!slot)
		return -EAGAIN;
	slot->tid = tid;
	__atomic_store_n(&slot->state, ALLOT_SLOT_OWNED, __ATOMIC_RELAXED);
	producer->store = store;
	producer->slot = slot;
	producer->number = number;
	producer->published = slot->published;
	/* Go on where the last owner stopped. */
	used = (uint32_t)(producer->published & (events - 1));
	tail = used ? allotp_segment(store, slot->tail) : NULL;
	producer->cursor = tail ? tail->events + used : NULL;
	producer->end = tail ? tail->events + tail->backed : NULL;
	event = allotp_producer_reserve(producer);
	if (!event) {
		allotp_producer_detach(producer);
		return -ENOMEM;
	}
	*event = (struct allot_event){ .stamp = stamp, .what = allotp_event_what(tid, ALLOT_OP_THREAD, 0) };
	allotp_producer_publish(producer);
	return 0;
}

void allotp_producer_detach(struct allot_producer *producer)
{
	struct allot_slot *slot = producer->slot;
	uint64_t *list = &producer->store->header->free_slots;
	uint64_t head = __atomic_load_n(list, __ATOMIC_RELAXED);

	__atomic_store_n(&slot->state, ALLOT_SLOT_FREE, __ATOMIC_RELAXED);
	do {
		__atomic_store_n(&slot->next_free, (uint32_t)head, __ATOMIC_RELAXED);
		/* Release: the next owner sees all that this one wrote into the slot. */
	} while (!__atomic_compare_exchange_n(list, &head, next_head(head, producer->number + 1), false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	producer->slot = NULL;
}

/*
 * A drainer that lacks a processor gets one within this time, whatever the machine's load. One that is stopped is looked for
 * sooner: another process, that is; a thread of this very one is not stopped while another runs.
 */
#define PATIENCE_NS UINT64_C(1000000000)
#define LOOK_NS 10000000

static bool has_patience(const struct allot_store *store, uint64_t waited_ns, bool *looked)
{
	if (waited_ns < LOOK_NS)
		return true;
	if (!*looked && !allotp_drain_owner_is_here(store) && allotp_drain_owner_is_stopped(store))
		return false;
	*looked = true;
	return waited_ns < PATIENCE_NS;
}

#define NAP_NS 50000

/*
 * Leaves the processor to the drainer. The one thread of a program looks after it now and then, and needs none meanwhile: what
 * rings hold is more than is applied in that time. Of many threads another has something to do, or drains.
 */
static void step_aside(const struct allot_store *store, uint64_t seen)
{
	const struct timespec time = { .tv_nsec = NAP_NS };
	const uint32_t *low = (const uint32_t *)&store->header->batch + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	if (__atomic_load_n(&store->header->threads, __ATOMIC_RELAXED))
		ALLOTP_SYSCALL(SYS_sched_yield);
	else /* nobody wakes it */
		ALLOTP_SYSCALL(SYS_futex, low, FUTEX_WAIT_PRIVATE, (uint32_t)seen, &time);
}

/*
 * When rings hold more than they should although somebody drains, the drainer lacks a processor, or many produce
 * faster than one can drain. So step aside for as long as the drain makes progress, and take it over when it is given up. One
 * that makes none may be stopped for good: then it is not waited for again before it has moved.
 */
static uint32_t wait_for_segment(struct allot_store *store)
{
	const uint64_t *progress = &store->header->batch;
	uint64_t seen = __atomic_load_n(progress, __ATOMIC_RELAXED);
	uint64_t since = allotp_clock_ns(CLOCK_MONOTONIC);
	bool looked = false;

	while (seen + 1 != __atomic_load_n(&store->stuck_at, __ATOMIC_RELAXED)) {
		uint64_t events, now;
		uint32_t number;

		if (allotp_drain_is_free(store))
			allotp_drain_try(store);
		number = pop_segment(store);
		if (number)
			return number;
		step_aside(store, seen);
		events = __atomic_load_n(progress, __ATOMIC_RELAXED);
		now = allotp_clock_ns(CLOCK_MONOTONIC);
		if (events != seen) {
			seen = events;
			since = now;
			looked = false;
		} else if (!has_patience(store, now - since, &looked)) {
			__atomic_store_n(&store->stuck_at, seen + 1, __ATOMIC_RELAXED);
		}
	}
	return 0;
}

/*
 * A free segment, or else a new one; but first a try to drain, if there is much to be drained. While a reader drains, rings
 * take what they may hold until it comes as soon as they can use it, so that what a store takes does not depend on when
 * that was.
 */
static uint32_t get_segment(struct allot_store *store)
{
	uint32_t number = allotp_drain_has_reserve(store) ? 0 : pop_segment(store);

	if (number)
		return number;
	if (allotp_drain_is_due(store)) {
		allotp_drain_try(store);
		number = pop_segment(store);
	}
	if (!number && !store->quiet && allotp_drain_is_behind(store))
		number = wait_for_segment(store);
	return number ? number : new_segment(store);
}

int allotp_producer_extend(struct allot_producer *producer)
{
	struct allot_store *store = producer->store;
	struct allot_slot *slot = producer->slot;
	struct allot_segment *tail = slot->published ? allotp_segment(store, slot->tail) : NULL, *segment;
	uint32_t used = (uint32_t)(producer->published & (store->segment_events - 1)), number;

	if (tail && used) {
		if (back_more(store, tail))
			return -ENOMEM;
		producer->end = tail->events + tail->backed;
		return 0;
	}
	number = get_segment(store);
	segment = allotp_segment(store, number);
	/* The drainer may have no room for what it takes out either. */
	if (!segment || __atomic_load_n(&store->header->stopped, __ATOMIC_RELAXED))
		return -ENOMEM;
	__atomic_store_n(&segment->next, 0, __ATOMIC_RELAXED);
	if (tail)
		__atomic_store_n(&tail->next, number, __ATOMIC_RELEASE);
	else
		slot->first = number;
	slot->tail = number;
	producer->cursor = segment->events;
	producer->end = segment->events + segment->backed;
	return 0;
}
