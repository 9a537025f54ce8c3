/* SPDX-License-Identifier: MIT */
/* Writing events. */
#include "preload/record.h"

#include "preload/capture.h"
#include "preload/context.h"
#include "preload/modules.h"
#include "preload/order.h"
#include "preload/thread.h"
#include "snapshot/snapshot.h"

struct allot_order allotp_order;

/* When code has been unloaded, what is known of it must go before the next event is recorded. */
static inline void settle(void)
{
	if (__builtin_expect(__atomic_load_n(&allotp_modules_stale, __ATOMIC_RELAXED), 0))
		allotp_modules_check();
}

/* The ticket is drawn when there is room for the event, so that none is drawn in vain. */
static inline __attribute__((always_inline)) void write_event(struct allot_context *context, uint8_t op, uint64_t address, uint64_t size,
			       uint32_t stack, uint8_t family, uint16_t domain)
{
	struct allot_event *event = allotp_producer_reserve(&context->producer);
	uint32_t ticket;

	if (__builtin_expect(!event, 0)) {
		allotp_state_stop_full();
		return;
	}
	ticket = allotp_order_ticket(address, op);
	event->stamp = allotp_order_stamp();
	event->address = (address & ALLOT_LOW48) | (uint64_t)ticket << 48;
	event->size = (size & ALLOT_LOW48) | (uint64_t)(ticket >> 16) << 48;
	event->stack = stack;
	event->op = op;
	event->family = family;
	event->domain = domain;
	allotp_producer_publish(&context->producer);
}

static void record_appearing(uint8_t op, const void *address, size_t size, uint8_t family, uint16_t domain,
			     const struct allot_walk_start *caller)
{
	struct allot_context *context = allotp_enter();

	if (!context)
		return;
	settle();
	write_event(context, op, (uintptr_t)address, size, allotp_capture(context, caller), family, domain);
	allotp_leave();
}

static void record_going(uint8_t op, const void *address, size_t size, uint8_t family, uint16_t domain)
{
	struct allot_context *context = allotp_enter();

	if (!context)
		return;
	write_event(context, op, (uintptr_t)address, size, 0, family, domain);
	allotp_leave();
}

void allotp_record_alloc(const void *block, size_t size, enum allot_family family, const struct allot_walk_start *caller)
{
	if (block)
		record_appearing(ALLOT_OP_ALLOC, block, size, (uint8_t)family, ALLOT_DOMAIN_MALLOC, caller);
}

void allotp_record_free(const void *block, enum allot_family family)
{
	if (block)
		record_going(ALLOT_OP_FREE, block, 0, (uint8_t)family, ALLOT_DOMAIN_MALLOC);
}

void allotp_record_give_up(const void *block)
{
	if (block)
		record_going(ALLOT_OP_GIVE_UP, block, 0, ALLOT_FAMILY_MALLOC, ALLOT_DOMAIN_MALLOC);
}

void allotp_record_restore(const void *block)
{
	if (block)
		record_going(ALLOT_OP_RESTORE, block, 0, ALLOT_FAMILY_MALLOC, ALLOT_DOMAIN_MALLOC);
}

void allotp_record_map(const void *address, size_t size, const struct allot_walk_start *caller)
{
	record_appearing(ALLOT_OP_MAP, address, size, ALLOT_FAMILY_ANY, ALLOT_DOMAIN_MMAP, caller);
}

void allotp_record_unmap(const void *address, size_t size)
{
	record_going(ALLOT_OP_UNMAP, address, size, ALLOT_FAMILY_ANY, ALLOT_DOMAIN_MMAP);
}
