/* SPDX-License-Identifier: MIT */
/*
 * The walk for processors without one of their own: the reference unwinder's backtrace, whole each time. The
 * interrupted frames below signal handlers can't be told from others this way, and how a stack ends neither.
 */
#include "snapshot/snapshot.h"
#include "unwind/reference.h"
#include "unwind/registered.h"
#include "unwind/walk.h"

struct allot_walker {
	struct allot_walk_memo memo; /* empty */
	allot_walk_children *children;
	void *tree;
	uint32_t limit;
	void *buffer[]; /* limit + ALLOTP_REFERENCE_OWN + 1 */
};

int allotp_walk_prepare(void)
{
	return allotp_reference_open();
}

/* The reference asks nobody for what was registered. */
void allotp_registered_add(const void *eh_frame)
{
	(void)eh_frame;
}

bool allotp_registered_remove(const void *eh_frame)
{
	(void)eh_frame;
	return false;
}

size_t allotp_walker_size(uint32_t limit)
{
	return sizeof(struct allot_walker) + ((size_t)limit + ALLOTP_REFERENCE_OWN + 1) * sizeof(void *);
}

struct allot_walker *allotp_walker_init(void *memory, uint32_t limit, allot_walk_children *children, void *tree,
					const uint64_t *epoch)
{
	struct allot_walker *walker = memory;

	(void)epoch; /* nothing is remembered */
	walker->children = children;
	walker->tree = tree;
	walker->limit = limit;
	return walker;
}

void allotp_walk_code_unloaded(void)
{
}

void allotp_walk_settle(struct allot_walker *walker)
{
	(void)walker;
}

uint32_t allotp_walk_path(const struct allot_walker *walker, const struct allot_walk_start *start)
{
	(void)walker;
	(void)start;
	return 0;
}

uint32_t allotp_walk(struct allot_walker *walker, const struct allot_walk_start *start,
		     struct allot_walk_result *result)
{
	size_t count = allotp_reference_backtrace(start->ip, walker->buffer, walker->limit + ALLOTP_REFERENCE_OWN + 1);
	struct allot_walk_result walked = { .node = ALLOT_NODE_ROOT, .status = ALLOT_WALK_COMPLETE };

	if (count == 0) { /* not even the start is known to it */
		walker->buffer[0] = (void *)(uintptr_t)start->ip;
		count = 1;
		walked = (struct allot_walk_result){ .node = ALLOT_NODE_TRUNCATED,
						     .status = ALLOT_WALK_TRUNCATED,
						     .stop = start->ip };
	} else if (count > walker->limit) {
		count = walker->limit;
		walked = (struct allot_walk_result){ .node = ALLOT_NODE_LIMIT, .status = ALLOT_WALK_LIMITED };
	}
	walked.depth = (uint32_t)count;
	while (count > 0 && walked.node != ALLOT_NODE_NONE) {
		struct allot_walk_link link = { .address = (uintptr_t)walker->buffer[--count] };

		walked.node = walker->children(walker->tree, walked.node, &link, 1) ? link.node : ALLOT_NODE_NONE;
	}
	*result = walked;
	return walked.node;
}

uint32_t allotp_walk_changed(struct allot_walker *walker, const struct allot_walk_start *start,
			     struct allot_walk_result *result)
{
	return allotp_walk(walker, start, result);
}
