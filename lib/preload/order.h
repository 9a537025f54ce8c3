/* SPDX-License-Identifier: MIT */
/*
 * The order of events, as cheap as can be: while the program has but one thread, their stamps are counted instead of
 * read, and are an exact order; then there are no tickets.
 */
#ifndef ALLOT_PRELOAD_ORDER_H
#define ALLOT_PRELOAD_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "common/clock.h"
#include "preload/state.h"

/* How often time is read while stamps are counted: each so-many-th event, a power of two. */
#define ALLOT_ORDER_READS 64u

/* libc clears this before a second thread begins, in the thread that begins it. */
static inline bool allotp_single_threaded(void)
{
	return __libc_single_threaded;
}

/* Whether stamps are counted: in a program that never had a second thread. */
static inline bool allotp_order_counts(const struct allot_header *header)
{
	return __builtin_expect(allotp_single_threaded() && !__atomic_load_n(&header->threads, __ATOMIC_RELAXED), 1);
}

/* The next stamp. One instruction takes it, so that no signal handler comes in between. */
static inline uint64_t allotp_order_next(struct allot_header *header)
{
	uint64_t last = 1;

#if defined(__x86_64__)
	/* No lock prefix: nobody else writes to it. */
	__asm__("xaddq %0, %1" : "+r"(last), "+m"(header->counted));
#else
	/* Partner of the acquire in allotp_drain: what was counted before is published. */
	last = __atomic_fetch_add(&header->counted, 1, __ATOMIC_RELEASE);
#endif
	return last + 1;
}

/* Makes a stamp that was just counted the time; unless a signal handler has gone on counting, whose stamps are later. */
static inline uint64_t allotp_order_catch_up(struct allot_header *header, uint64_t stamp, bool cycles)
{
	uint64_t now = allotp_stamp(cycles), counted = stamp;

	if (now <= stamp ||
	    !__atomic_compare_exchange_n(&header->counted, &counted, now, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return stamp;
	return now;
}

__attribute__((always_inline)) static inline uint64_t allotp_order_count(struct allot_header *header, bool cycles)
{
	uint64_t stamp = allotp_order_next(header);

	return __builtin_expect(stamp % ALLOT_ORDER_READS != 0, 1) ? stamp
								   : allotp_order_catch_up(header, stamp, cycles);
}

/* The time; it is later than whatever was counted, also where the clock ticks slowly. */
static inline uint64_t allotp_order_read(struct allot_header *header, bool cycles)
{
	uint64_t counted = __atomic_load_n(&header->counted, __ATOMIC_RELAXED), now;

	if (!__atomic_load_n(&header->threads, __ATOMIC_RELAXED))
		__atomic_store_n(&header->threads, 1, __ATOMIC_RELEASE);
	now = allotp_stamp(cycles);
	return now > counted ? now : counted + 1;
}

/* The stamp of an event without an address, which tells the time. */
static inline uint64_t allotp_order_stamp(void)
{
	struct allot_header *header = allotp_state.store.header;
	bool cycles = allotp_state.counter;

	return allotp_order_counts(header) ? allotp_order_catch_up(header, allotp_order_next(header), cycles)
					   : allotp_order_read(header, cycles);
}

__attribute__((always_inline)) static inline void allotp_event_set(struct allot_event *event, uint64_t stamp,
								   uint32_t ticket, const struct allot_event *rest)
{
	event->stamp = stamp;
	event->ticket = ticket;
	event->stack = rest->stack;
	event->key = rest->key;
	event->what = rest->what;
	/* Set here: compilers would put what both callers set into registers, and set it after them. */
	__atomic_signal_fence(__ATOMIC_RELEASE);
}

/*
 * Gives an event its place in the order, and makes it what the rest says. Any thread, also in a signal handler that
 * interrupts this. The order is that of the real malloc and free around it: their effects reach other threads with it,
 * or after it. cycles: whether stamps come from the cycle counter.
 */
__attribute__((always_inline)) static inline void allotp_order_event(struct allot_event *event, bool cycles,
								     struct allot_event rest)
{
	struct allot_header *header = allotp_state.store.header;

	if (allotp_order_counts(header)) {
		rest.what |= allotp_event_what(0, 0, ALLOT_COUNTED_EVENT);
		allotp_event_set(event, allotp_order_count(header, cycles), 0, &rest);
	} else {
		uint32_t *tickets = &header->tickets[allotp_event_bucket(rest.key, allotp_event_op(&rest))];
		uint32_t ticket = __atomic_fetch_add(tickets, 1, __ATOMIC_ACQ_REL);

		allotp_event_set(event, allotp_order_read(header, cycles), ticket, &rest);
	}
}

#endif
