/* SPDX-License-Identifier: MIT */
/* What there is to see in a snapshot. */
#include "library/handle.h"

void allot_snapshot_process(const allot_snapshot_t *handle, struct allot_process *out)
{
	const struct allot_snapshot *snapshot = handle->snapshot;

	*out = (struct allot_process){
		.pid = snapshot->pid,
		.program = snapshot->program,
		.command = snapshot->command,
		.note = snapshot->note,
		.start_time_ns = snapshot->start_time_ns,
		.time_ns = snapshot->time_ns,
		.peak_time_ns = snapshot->peak_time_ns,
		.overhead_bytes = snapshot->overhead_bytes,
		.sampling_bytes = snapshot->sampling_bytes,
		.depth_limit = snapshot->depth_limit,
	};
}

void allot_snapshot_totals(const allot_snapshot_t *handle, struct allot_snapshot_totals *out)
{
	const struct allot_snapshot *snapshot = handle->snapshot;

	*out = (struct allot_snapshot_totals){ snapshot->live, snapshot->peak, snapshot->ever, snapshot->temporary,
					       snapshot->frees };
}

const char *allot_snapshot_filters(const allot_snapshot_t *handle, struct allot_snapshot_totals *out)
{
	if (handle->snapshot->filters && out)
		*out = handle->snapshot->unfiltered;
	return handle->snapshot->filters;
}

const struct allot_trust *allot_snapshot_trust(const allot_snapshot_t *handle)
{
	return &handle->snapshot->trust;
}

size_t allot_snapshot_module_count(const allot_snapshot_t *handle)
{
	return handle->snapshot->module_count;
}

const struct allot_module *allot_snapshot_module(const allot_snapshot_t *handle, size_t number)
{
	return number < handle->snapshot->module_count ? &handle->snapshot->modules[number] : NULL;
}

size_t allot_snapshot_domain_count(const allot_snapshot_t *handle)
{
	return handle->snapshot->domain_count;
}

const char *allot_snapshot_domain(const allot_snapshot_t *handle, size_t number)
{
	return number < handle->snapshot->domain_count ? handle->snapshot->domains[number] : NULL;
}

size_t allot_snapshot_region_count(const allot_snapshot_t *handle)
{
	return handle->snapshot->region_count;
}

const struct allot_program_region *allot_snapshot_region(const allot_snapshot_t *handle, size_t number)
{
	return number < handle->snapshot->region_count ? &handle->snapshot->regions[number] : NULL;
}

size_t allot_snapshot_mark_count(const allot_snapshot_t *handle)
{
	return handle->snapshot->mark_count;
}

const struct allot_mark *allot_snapshot_mark(const allot_snapshot_t *handle, size_t number)
{
	return number < handle->snapshot->mark_count ? &handle->snapshot->marks[number] : NULL;
}

size_t allot_snapshot_sample_count(const allot_snapshot_t *handle)
{
	return handle->snapshot->sample_count;
}

const struct allot_sample *allot_snapshot_sample(const allot_snapshot_t *handle, size_t number)
{
	return number < handle->snapshot->sample_count ? &handle->snapshot->series[number] : NULL;
}

size_t allot_snapshot_site_count(const allot_snapshot_t *handle)
{
	return handle->snapshot->site_count;
}

const struct allot_site *allot_snapshot_site(const allot_snapshot_t *handle, size_t number)
{
	return number < handle->snapshot->site_count ? &handle->snapshot->sites[number] : NULL;
}

bool allot_snapshot_has_objects(const allot_snapshot_t *handle)
{
	return handle->snapshot->objects.taken;
}
