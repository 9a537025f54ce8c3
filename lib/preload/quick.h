/* SPDX-License-Identifier: MIT */
/*
 * The short way to record a block: when nothing is out of the ordinary, all in the hook itself. Anything else goes the
 * long way, through record.h.
 */
#ifndef ALLOT_PRELOAD_QUICK_H
#define ALLOT_PRELOAD_QUICK_H

#include "preload/capture.h"
#include "preload/context.h"
#include "preload/modules.h"
#include "preload/order.h"
#include "preload/record.h"
#include "preload/thread.h"

/* Each event passes here: calls and what they save cost as much as the rest. */
#define ALLOTP_INLINE static inline __attribute__((always_inline))

/* What is seldom needed stays out of the way, where it would cost a stack frame, or registers to be saved. */
#define ALLOTP_SELDOM __attribute__((noinline, cold)) static

/* Fills in the event that there is room for, and publishes it. */
ALLOTP_INLINE void allotp_fill_event(struct allot_context *context, bool cycles, uint8_t op, uint64_t address,
				     uint64_t size, uint32_t stack, uint8_t family, uint16_t domain)
{
	const struct allot_event event = {
		.stack = stack,
		.key = allotp_live_key(address, domain),
		.what = allotp_event_what(size, op, family),
	};

	allotp_order_event(context->producer.cursor, cycles, event);
	allotp_producer_publish(&context->producer);
}

/*
 * Writes an event; false: there is no room. Its place in the order is taken when there is room for it, so that none is taken
 * in vain.
 */
ALLOTP_INLINE bool allotp_write_event(struct allot_context *context, uint8_t op, uint64_t address, uint64_t size,
				      uint32_t stack, uint8_t family, uint16_t domain)
{
	if (__builtin_expect(!allotp_producer_reserve(&context->producer), 0)) {
		allotp_state_stop_full();
		return false;
	}
	allotp_fill_event(context, allotp_state.counter, op, address, size, stack, family, domain);
	return true;
}

/*
 * Enters the tracer, as allotp_enter, if every block is recorded, stamps come from the cycle counter, nothing is unusual and
 * there is room for an event; NULL: the long way is to be gone. A process that was forked finds its guard wiped.
 */
ALLOTP_INLINE struct allot_context *allotp_quick_enter(struct allot_thread *thread)
{
	struct allot_context *context;

	allotp_thread_enter(thread);
	if (__builtin_expect(thread->usual == __atomic_load_n(&allotp_guard->usual, __ATOMIC_RELAXED), 1)) {
		context = thread->contexts[0];
		if (__builtin_expect(allotp_producer_has_room(&context->producer), 1))
			return context;
	}
	allotp_thread_leave(thread);
	return NULL;
}

/* As allotp_record_got. */
ALLOTP_INLINE void *allotp_quick_alloc(void *block, size_t size, enum allot_family family,
				       struct allot_walk_start caller)
{
	struct allot_thread *thread = allotp_thread_here();
	struct allot_context *context = __builtin_expect(block != NULL, 1) ? allotp_quick_enter(thread) : NULL;
	uint32_t node;

	if (__builtin_expect(!context, 0)) {
		const struct allot_walk_start start = caller;

		return allotp_record_got(block, size, family, &start);
	}
	node = allotp_walk_again((const void *)context->memory, &caller);
	if (!node) {
		const struct allot_walk_start start = caller;

		return allotp_record_changed(context, block, size, family, &start);
	}
	allotp_fill_event(context, true, ALLOT_OP_ALLOC, (uintptr_t)block, size, node, (uint8_t)family,
			  ALLOT_DOMAIN_MALLOC);
	allotp_thread_leave(thread);
	return block;
}

/* As allotp_record_free, or allotp_record_give_up; false: that is to be called. */
ALLOTP_INLINE bool allotp_quick_going(enum allot_op op, const void *block, enum allot_family family)
{
	struct allot_thread *thread = &allotp_thread;
	struct allot_context *context = __builtin_expect(block != NULL, 1) ? allotp_quick_enter(thread) : NULL;

	if (__builtin_expect(!context, 0))
		return false;
	allotp_fill_event(context, true, (uint8_t)op, (uintptr_t)block, 0, 0, (uint8_t)family, ALLOT_DOMAIN_MALLOC);
	allotp_thread_leave(thread);
	return true;
}

#endif
