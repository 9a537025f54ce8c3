/* SPDX-License-Identifier: MIT */
/* Verify mode: stacks compared with what the reference unwinder makes of them. */
#include "preload/verify.h"

#include "preload/capture.h"
#include "preload/config.h"
#include "preload/state.h"
#include "snapshot/snapshot.h"
#include "unwind/reference.h"

enum { DEEPEST = 512 };

static bool opened;

void allotp_verify_init(void)
{
	if (allotp_config.verify)
		opened = !allotp_reference_open();
}

/* Whether the node's stack is these addresses, as far as both go. */
static bool same(uint32_t node, void *const *addresses, size_t count, uint32_t status)
{
	const struct allot_store *store = &allotp_state.store;
	size_t i = 0;

	for (; i < count && node >= ALLOT_NODE_FIRST; i++) {
		const struct allot_store_node *frame = allotp_node(store, node);

		if (frame->address != (uintptr_t)addresses[i])
			return false;
		node = frame->parent;
	}
	/* What is cut, here by the limit or there by the buffer, need not be as long. */
	return (i == count || status == ALLOT_WALK_LIMITED) &&
	       (node < ALLOT_NODE_FIRST || count >= DEEPEST - ALLOTP_REFERENCE_OWN);
}

static uint32_t enter(void *const *addresses, size_t count)
{
	uint32_t node = ALLOT_NODE_ROOT;

	while (count-- && node) {
		struct allot_walk_link link = { .address = (uintptr_t)addresses[count] };

		node = allotp_capture_children(&allotp_state.store, node, &link, 1) ? link.node : ALLOT_NODE_NONE;
	}
	return node;
}

void allotp_verify(const struct allot_walk_start *caller, const struct allot_walk_result *walked)
{
	struct allot_header *header = allotp_state.store.header;
	void *addresses[DEEPEST];
	uint32_t number;
	size_t count;

	if (!opened || walked->node == ALLOT_NODE_NONE)
		return;
	count = allotp_reference_backtrace(caller->ip, addresses, DEEPEST);
	if (!count)
		return;
	__atomic_fetch_add(&header->verified, 1, __ATOMIC_RELAXED);
	if (same(walked->node, addresses, count, walked->status))
		return;
	__atomic_fetch_add(&header->differing, 1, __ATOMIC_RELAXED);
	number = __atomic_fetch_add(&header->difference_count, 1, __ATOMIC_RELAXED);
	if (number >= ALLOT_DIFFERENCES)
		return;
	header->differences[number].reference = enter(addresses, count);
	header->differences[number].walked = walked->node;
}
