/* SPDX-License-Identifier: MIT */
/* Writing events. */
#include "preload/record.h"

#include "preload/bootstrap.h"
#include "preload/capture.h"
#include "preload/modules.h"
#include "preload/quick.h"
#include "preload/thread.h"
#include "snapshot/snapshot.h"

/* When code has been unloaded, what is known of it must go before the next event is recorded. */
static inline void settle(void)
{
	if (__builtin_expect(allotp_modules_suspected(), 0))
		allotp_modules_check();
}

/*
 * At the end of an event that went the long way: whether the next may go the short one. Handlers that make anything
 * unusual clear it after that.
 */
static inline void reopen(struct allot_context *context)
{
	struct allot_thread *thread = &allotp_thread;
	uint32_t quick = __atomic_load_n(&allotp_guard->quick, __ATOMIC_ACQUIRE);

	if (thread->quick == quick || thread->depth != 1 || !(quick & 1))
		return;
	allotp_walk_settle(context->walker);
	thread->quick = quick;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (thread->leaving || thread->kept || thread->scope)
		thread->quick = 0;
}

ALLOTP_INLINE bool record_appearing(uint8_t op, const void *address, size_t size, uint8_t family, uint16_t domain,
				    const struct allot_walk_start *caller)
{
	struct allot_context *context = allotp_enter();
	bool written;

	if (!context)
		return false;
	settle();
	written = allotp_write_event(context, op, (uintptr_t)address, size, allotp_capture(context, caller), family,
				     domain);
	reopen(context);
	allotp_leave();
	return written;
}

ALLOTP_INLINE bool record_going(uint8_t op, const void *address, size_t size, uint8_t family, uint16_t domain)
{
	struct allot_context *context = allotp_enter();
	bool written;

	if (!context)
		return false;
	written = allotp_write_event(context, op, (uintptr_t)address, size, 0, family, domain);
	reopen(context);
	allotp_leave();
	return written;
}

/* Whether only some blocks are recorded; in a process that records. */
static inline bool sampling(void)
{
	return __builtin_expect(allotp_state.sampling_bytes != 0, 0);
}

/* The block is known as sampled before anybody else can free it, and only if its event is written. */
static void enter_sampled(struct allot_context *context, const void *block, size_t size, uint8_t family,
			  const struct allot_walk_start *caller)
{
	/* Frees that pass do not tell when the loader has unloaded code. */
	allotp_modules_check();
	if (!allotp_sampled_add(block))
		allotp_store_lost(&allotp_state.store, ALLOT_LOST_STORE_FULL, 1);
	else if (!allotp_write_event(context, ALLOT_OP_ALLOC, (uintptr_t)block, size, allotp_capture(context, caller),
				     family, ALLOT_DOMAIN_MALLOC))
		allotp_sampled_remove(block);
}

ALLOTP_SELDOM void sampled_alloc(const void *block, size_t size, uint8_t family, const struct allot_walk_start *caller)
{
	struct allot_sampler *sampler = &allotp_thread.sampler;
	struct allot_context *context;

	if (!allotp_sampler_takes(sampler, allotp_state.sampling_bytes, size))
		return;
	context = allotp_enter();
	if (!context)
		return;
	enter_sampled(context, block, size, family, caller);
	allotp_leave();
	sampler->newest = block;
	sampler->newest_left = sampler->left;
}

/* Whether the block that goes was sampled: then its going must be recorded, too. */
ALLOTP_SELDOM bool sampled_goes(const void *block)
{
	allotp_sampler_begin(&allotp_thread.sampler, allotp_state.sampling_bytes);
	return allotp_sampled_maybe(block) && allotp_sampled_remove(block);
}

ALLOTP_SELDOM void sampled_free(const void *block, uint8_t family)
{
	const struct allot_sampler *sampler = &allotp_thread.sampler;
	bool temporary = sampler->newest == block && sampler->newest_left == sampler->left;

	if (sampled_goes(block))
		record_going(ALLOT_OP_FREE, block, temporary, family, ALLOT_DOMAIN_MALLOC);
}

void allotp_record_alloc(const void *block, size_t size, enum allot_family family,
			 const struct allot_walk_start *caller)
{
	if (!block || !allotp_recording())
		return;
	if (sampling())
		sampled_alloc(block, size, (uint8_t)family, caller);
	else
		record_appearing(ALLOT_OP_ALLOC, block, size, (uint8_t)(family | allotp_thread.kept),
				 ALLOT_DOMAIN_MALLOC, caller);
}

void *allotp_record_got(void *block, size_t size, enum allot_family family, const struct allot_walk_start *caller)
{
	if (!allotp_bootstrap_owns(block) && !allotp_thread_new_takes(block, size))
		allotp_record_alloc(block, size, family, caller);
	return block;
}

void *allotp_record_changed(struct allot_context *context, void *block, size_t size, enum allot_family family,
			    const struct allot_walk_start *caller)
{
	uint32_t node = allotp_capture_changed(context, caller);

	allotp_fill_event(context, true, ALLOT_OP_ALLOC, (uintptr_t)block, size, node, (uint8_t)family,
			  ALLOT_DOMAIN_MALLOC);
	allotp_thread_leave(&allotp_thread);
	return block;
}

void allotp_record_free(const void *block, enum allot_family family)
{
	if (!block || !allotp_recording())
		return;
	if (sampling())
		sampled_free(block, (uint8_t)family);
	else
		record_going(ALLOT_OP_FREE, block, 0, (uint8_t)family, ALLOT_DOMAIN_MALLOC);
}

bool allotp_record_give_up(const void *block)
{
	if (!block || !allotp_recording() || (sampling() && !sampled_goes(block)))
		return false;
	record_going(ALLOT_OP_GIVE_UP, block, 0, ALLOT_FAMILY_MALLOC, ALLOT_DOMAIN_MALLOC);
	return true;
}

void allotp_record_restore(const void *block)
{
	if (!allotp_recording())
		return;
	if (sampling() && !allotp_sampled_add(block))
		allotp_store_lost(&allotp_state.store, ALLOT_LOST_STORE_FULL, 1);
	else
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

bool allotp_record_track(const void *block, size_t size, uint16_t domain, enum allot_family family,
			 const struct allot_walk_start *caller)
{
	return record_appearing(ALLOT_OP_TRACK, block, size, (uint8_t)(family | allotp_thread.kept), domain, caller);
}

bool allotp_record_untrack(const void *block, uint16_t domain)
{
	return record_going(ALLOT_OP_UNTRACK, block, 0, ALLOT_FAMILY_ANY, domain);
}

bool allotp_record_note(struct allot_context *context, enum allot_op op, uint64_t value)
{
	struct allot_event *event = allotp_producer_reserve(&context->producer);

	if (!event) {
		allotp_state_stop_full();
		return false;
	}
	*event = (struct allot_event){
		.stamp = allotp_order_stamp(),
		.key = allotp_live_key(value, 0),
		.what = allotp_event_what(0, (uint8_t)op, 0),
	};
	allotp_producer_publish(&context->producer);
	return true;
}
