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
	uint64_t last;   /* the newest stamp, in a program that never had a second thread */
	bool threads;    /* it has had one: from then on time is read */
};

extern struct allot_order allotp_order;

/* libc clears this before a second thread begins, in the thread that begins it. */
static inline bool allotp_single_threaded(void)
{
	return __libc_single_threaded;
}

/*
 * Each event takes longer than a tick, so counting up from a time that was read never overtakes the time. It is read
 * again every sixteenth event.
 */
static inline uint64_t allotp_order_stamp(void)
{
	struct allot_order *order = &allotp_order;

	if (__builtin_expect(allotp_single_threaded() && !order->threads, 1)) {
		uint64_t now = ++order->last;

		if (__builtin_expect(now & 15, 1))
			return now;
		now = allotp_stamp(allotp_state.counter);
		if (now > order->last)
			order->last = now;
		return order->last;
	}
	if (!order->threads)
		order->threads = true;
	return allotp_stamp(allotp_state.counter);
}

/* The ticket for an event at this address. Any thread, also in a signal handler that interrupts this. */
static inline uint32_t allotp_order_ticket(uint64_t address, uint8_t op)
{
	uint32_t *counter = &allotp_state.store.header->tickets[allotp_event_bucket(address, op)];

#if defined(__x86_64__)
	/* Without the lock prefix it is still one instruction, which no signal handler can split. */
	if (__builtin_expect(allotp_single_threaded(), 1)) {
		uint32_t ticket = 1;

		__asm__("xaddl %0, %1" : "+r"(ticket), "+m"(*counter));
		return ticket;
	}
#endif
	/* Ordered with the real malloc and free around it: their effects reach other threads with it, or after it. */
	return __atomic_fetch_add(counter, 1, __ATOMIC_ACQ_REL);
}

#endif
