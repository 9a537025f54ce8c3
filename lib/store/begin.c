/* SPDX-License-Identifier: MIT */
/* Beginning a store: its header, its first node and its first live page. */
#include "store/begin.h"

#include "common/clock.h"
#include "store/journal.h"
#include "store/live.h"
#include "store/ring.h"
#include "store/site.h"
#include "store/tree.h"

int allotp_store_begin(struct allot_store *store, const struct allot_store_start *start)
{
	struct allot_header *header = store->header;
	int result;

	header->flags = start->flags;
	header->pid = start->pid;
	header->parent_pid = start->parent_pid;
	header->depth_limit = start->depth_limit;
	header->sampling_bytes = start->sampling_bytes;
	header->segment_events = start->ring_events;
	header->segment_bytes =
		(uint32_t)(sizeof(struct allot_segment) + header->segment_events * sizeof(struct allot_event));
	header->clock = start->counter ? ALLOT_CLOCK_COUNTER : ALLOT_CLOCK_MONOTONIC;
	header->string_bytes = 1;
	header->start_stamp = allotp_stamp(start->counter);
	header->start_monotonic_ns = allotp_clock_ns(CLOCK_MONOTONIC);
	header->start_realtime_ns = allotp_clock_ns(CLOCK_REALTIME);
	header->sample_interval = 1 << 20; /* under a millisecond; the series thins itself out */
	result = allotp_ring_open(store);
	if (!result)
		result = allotp_tree_init(store);
	if (!result)
		result = allotp_journal_init(store);
	/* A store is as large when much has happened in it as when little has; unless there are very many sites. */
	if (!result)
		result = allotp_site_need_highs(store, 1);
	return result ? result : allotp_live_init(store);
}
