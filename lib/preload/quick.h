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

/*
 * Writes an event; false: there is no room. The ticket is drawn when there is room for the event, so that none is drawn in
 * vain.
 */
ALLOTP_INLINE bool allotp_write_event(struct allot_context *context, uint8_t op, uint64_t address, uint64_t size,
				      uint32_t stack, uint8_t family, uint16_t domain)
{
	struct allot_event *event = allotp_producer_reserve(&context->producer);
	uint32_t ticket;

	if (__builtin_expect(!event, 0)) {
		allotp_state_stop_full();
		return false;
	}
	ticket = allotp_order_take(address, op, &event->stamp);
	event->address = (address & ALLOT_LOW48) | (uint64_t)ticket << 48;
	event->size = (size & ALLOT_LOW48) | (uint64_t)(ticket >> 16) << 48;
	event->stack = stack;
	event->op = op;
	event->family = family;
	event->domain = domain;
	allotp_producer_publish(&context->producer);
	return true;
}

/*
 * Enters the tracer, as allotp_enter, if every block is recorded and nothing is unusual; NULL: the long way is to be
 * gone. A process that was forked finds its guard wiped.
 */
ALLOTP_INLINE struct allot_context *allotp_quick_enter(void)
{
	struct allot_thread *thread = &allotp_thread;
	struct allot_context *context = thread->contexts[0];

	if (__builtin_expect(!context || allotp_guard->quick != thread->generation || thread->depth || thread->unusual,
			     0))
		return NULL;
	thread->depth = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return context;
}

ALLOTP_INLINE void allotp_quick_leave(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	allotp_thread.depth = 0;
}

/* As allotp_record_alloc. */
ALLOTP_INLINE void allotp_quick_alloc(const void *block, size_t size, enum allot_family family,
				      const struct allot_walk_start *caller)
{
	bool stale = __atomic_load_n(&allotp_modules_stale, __ATOMIC_RELAXED);
	struct allot_context *context = __builtin_expect(block && !stale, 1) ? allotp_quick_enter() : NULL;
	uint32_t node = 0;

	if (__builtin_expect(!context, 0)) {
		allotp_record_alloc(block, size, family, caller);
		return;
	}
	if (__builtin_expect(!allotp_thread.scope, 1))
		node = allotp_walk_again(context->walker, caller);
	if (!node)
		node = allotp_capture_changed(context, caller);
	allotp_write_event(context, ALLOT_OP_ALLOC, (uintptr_t)block, size, node, (uint8_t)family, ALLOT_DOMAIN_MALLOC);
	allotp_quick_leave();
}

/* As allotp_record_free. */
ALLOTP_INLINE void allotp_quick_free(const void *block, enum allot_family family)
{
	struct allot_context *context = __builtin_expect(block != NULL, 1) ? allotp_quick_enter() : NULL;

	if (__builtin_expect(!context, 0)) {
		allotp_record_free(block, family);
		return;
	}
	allotp_write_event(context, ALLOT_OP_FREE, (uintptr_t)block, 0, 0, (uint8_t)family, ALLOT_DOMAIN_MALLOC);
	allotp_quick_leave();
}

#endif
