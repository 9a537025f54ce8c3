/* SPDX-License-Identifier: MIT */
/* What a program says to its tracer, by the table of include/allot/trace.h: tracing and its numbers. */
#include "preload/api.h"

#include "preload/access.h"
#include "preload/export.h"
#include "preload/state.h"
#include "store/clear.h"

ALLOT_EXPORT int allot_start(int frames)
{
	if (frames < 1 || frames > ALLOT_FULL_STACK)
		return -EINVAL;
	return allotp_state_resume(frames == ALLOT_FULL_STACK ? 0 : (uint32_t)frames);
}

ALLOT_EXPORT int allot_stop(void)
{
	return allotp_recording() ? allotp_state_suspend() : ALLOT_NOT_TRACING;
}

ALLOT_EXPORT int allot_is_tracing(void)
{
	return allotp_recording();
}

ALLOT_EXPORT int allot_get_traceback_limit(void)
{
	/* Before anything was allocated, the environment has not been read yet. */
	allotp_recording();
	return allotp_state.depth_limit ? (int)allotp_state.depth_limit : ALLOT_FULL_STACK;
}

/* When blocks are sampled, the store counts with a fraction. */
static size_t whole(const struct allot_store *store, uint64_t bytes)
{
	if (!store->header->sampling_bytes)
		return bytes;
	return (bytes + (1u << ALLOT_FRACTION_BYTES) / 2) >> ALLOT_FRACTION_BYTES;
}

ALLOT_EXPORT int allot_get_traced_memory(size_t *current, size_t *peak)
{
	const struct allot_store *store = &allotp_state.store;
	size_t live = 0, most = 0;
	struct allot_access access;
	int result = allotp_access_begin(&access);

	if (!result) {
		const struct allot_totals *totals = &store->header->totals;

		live = whole(store, totals->ever_bytes - totals->freed_bytes);
		most = whole(store, totals->peak_bytes);
		allotp_access_end(&access);
	}
	if (current)
		*current = live;
	if (peak)
		*peak = most;
	return result;
}

ALLOT_EXPORT int allot_reset_peak(void)
{
	struct allot_access access;
	int result = allotp_access_begin(&access);

	if (result)
		return result;
	allotp_clear_peak(&allotp_state.store);
	allotp_access_end(&access);
	return 0;
}

ALLOT_EXPORT int allot_clear_traces(void)
{
	struct allot_access access;
	int result = allotp_access_begin(&access);

	if (result)
		return result;
	allotp_clear(&allotp_state.store);
	allotp_access_end(&access);
	return 0;
}

ALLOT_EXPORT size_t allot_get_overhead(void)
{
	const struct allot_header *header;
	size_t bytes = 0;

	/* In a forked child the store may still be the parent's. */
	allotp_recording();
	header = allotp_state.inherited ? NULL : allotp_state.store.header;
	for (int i = 0; header && i < ALLOT_REGIONS; i++)
		bytes += __atomic_load_n(&header->regions[i].committed, __ATOMIC_RELAXED);
	return bytes;
}

ALLOT_EXPORT_DATA const struct allot_api allot_api = {
	.size = sizeof(struct allot_api),
	.start = allot_start,
	.stop = allot_stop,
	.is_tracing = allot_is_tracing,
	.get_traced_memory = allot_get_traced_memory,
	.reset_peak = allot_reset_peak,
	.clear_traces = allot_clear_traces,
	.get_traceback_limit = allot_get_traceback_limit,
	.get_overhead = allot_get_overhead,
	.get_domain_traceback = allot_get_domain_traceback,
	.domain = allot_domain,
	.track = allot_track,
	.untrack = allot_untrack,
	.take_snapshot = allot_take_snapshot,
	.take_snapshot_in_memory = allot_take_snapshot_in_memory,
	.free_snapshot = allot_free_snapshot,
	.region_begin = allot_region_begin,
	.region_end = allot_region_end,
	.region_enter = allotp_api_region_enter,
	.mark = allot_mark,
	.budget_enter = allotp_api_budget_enter,
	.budget_leave = allotp_api_budget_leave,
	.check_leaks = allot_check_leaks,
	.leak_ignore = allot_leak_ignore,
	.leaks_disable = allot_leaks_disable,
	.leaks_enable = allot_leaks_enable,
	.root_register = allot_root_register,
	.root_unregister = allot_root_unregister,
	.objects_announce = allotp_api_objects_announce,
	.domain_calloc = allot_domain_calloc,
	.domain_free = allot_domain_free,
};
