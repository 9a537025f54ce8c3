/* SPDX-License-Identifier: MIT */
/*
 * Stamps and tickets for events, as cheap as can be: while the program has but one thread, time is counted instead of
 * read, and tickets are drawn without a locked instruction.
 */
#ifndef ALLOT_PRELOAD_ORDER_H
#define ALLOT_PRELOAD_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "common/clock.h"
#include "preload/state.h"

struct allot_order {
	uint64_t last; /* the newest stamp, in a program that never had a second thread */
	bool threads;  /* it has had one: from then on time is read */
};

extern struct allot_order allotp_order __attribute__((visibility("hidden")));

/* libc clears this before a second thread begins, in the thread that begins it. */
static inline bool allotp_single_threaded(void)
{
	return __libc_single_threaded;
}

/*
 * Each event takes longer than a tick, so counting up from a time that was read never overtakes the time. It is read
 * again every sixteenth event.
 */
static inline uint64_t allotp_order_count(bool cycles)
{
	struct allot_order *order = &allotp_order;
	uint64_t now = ++order->last;

	if (__builtin_expect(now & 15, 1))
		return now;
	now = allotp_stamp(cycles);
	if (now > order->last)
		order->last = now;
	return order->last;
}

/* Whether time is counted: in a program that never had a second thread. */
static inline bool allotp_order_counts(void)
{
	return __builtin_expect(allotp_single_threaded() && !allotp_order.threads, 1);
}

static inline uint64_t allotp_order_read(bool cycles)
{
	if (!allotp_order.threads)
		allotp_order.threads = true;
	return allotp_stamp(cycles);
}

static inline uint64_t allotp_order_stamp(void)
{
	bool cycles = allotp_state.counter;

	return allotp_order_counts() ? allotp_order_count(cycles) : allotp_order_read(cycles);
}

/*
 * The ticket and the stamp for an event at this address. Any thread, also in a signal handler that interrupts this. The
 * ticket is ordered with the real malloc and free around it: their effects reach other threads with it, or after it. cycles:
 * whether stamps come from the cycle counter.
 */
static inline uint32_t allotp_order_take(uint64_t address, uint8_t op, bool cycles, uint64_t *stamp)
{
	uint32_t *counter = &allotp_state.store.header->tickets[allotp_event_bucket(address, op)], ticket = 1;

	if (allotp_order_counts()) {
#if defined(__x86_64__)
		/* Without the lock prefix it is still one instruction, which no signal handler can split. */
		__asm__("xaddl %0, %1" : "+r"(ticket), "+m"(*counter));
#else
		ticket = __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
#endif
		*stamp = allotp_order_count(cycles);
		return ticket;
	}
	ticket = __atomic_fetch_add(counter, 1, __ATOMIC_ACQ_REL);
	*stamp = allotp_order_read(cycles);
	return ticket;
}

#endif
