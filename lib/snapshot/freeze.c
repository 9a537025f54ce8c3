/* SPDX-License-Identifier: MIT */
/* From a store to a snapshot: the process, its totals, modules, marks and time series. */
#include "snapshot/freeze.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "snapshot/freeze-sites.h"
#include "snapshot/view.h"
#include "store/layout.h"

/* Stamps to time since start, by what passed on both clocks between the start and now. */
struct clock {
	uint64_t start;
	uint64_t ticks, ns;
	uint64_t now_ns; /* since start */
};

static uint64_t since(uint64_t start, uint64_t time)
{
	return time > start ? time - start : 0;
}

static struct clock clock_of(const struct allot_header *header, const struct allot_freeze_options *options)
{
	bool given = options->now_stamp || options->now_monotonic_ns;
	uint64_t stamp = given ? options->now_stamp : header->latest_stamp;
	uint64_t monotonic_ns = given ? options->now_monotonic_ns : header->latest_monotonic_ns;
	struct clock clock = {
		.start = header->start_stamp,
		.ticks = since(header->start_stamp, stamp),
		.ns = since(header->start_monotonic_ns, monotonic_ns),
	};

	clock.now_ns = clock.ns;
	if (header->clock == ALLOT_CLOCK_MONOTONIC)
		clock.ticks = clock.ns = 1;
	return clock;
}

static uint64_t time_of(const struct clock *clock, uint64_t stamp)
{
	unsigned __int128 time;

	if (!clock->ticks)
		return 0;
	time = (unsigned __int128)since(clock->start, stamp) * clock->ns / clock->ticks;
	return time > UINT64_MAX ? UINT64_MAX : (uint64_t)time;
}

/* Segments are committed before they are backed. */
static uint64_t region_memory(const struct allot_view *view, int region)
{
	uint64_t committed = view->regions[region].bytes;
	uint64_t rings = view->header->ring_bytes;

	return region == ALLOT_REGION_SEGMENTS && rings < committed ? rings : committed;
}

static void freeze_totals(struct allot_view *view, const struct clock *clock, struct allot_snapshot *snapshot)
{
	const struct allot_totals *totals = &view->header->totals;

	snapshot->peak_time_ns = time_of(clock, totals->peak_stamp);
	for (int i = 0; i < ALLOT_REGIONS; i++)
		snapshot->overhead_bytes += region_memory(view, i);
	if (snapshot->sampling_bytes)
		return; /* the others are sums over the sites */
	snapshot->live.bytes = allotp_view_left(view, totals->ever_bytes, totals->freed_bytes);
	snapshot->live.blocks = allotp_view_left(view, totals->ever_blocks, totals->freed_blocks);
	snapshot->peak = (struct allot_count){ totals->peak_bytes, totals->peak_blocks };
	snapshot->ever = (struct allot_count){ totals->ever_bytes, totals->ever_blocks };
	snapshot->temporary = (struct allot_count){ totals->temporary_bytes, totals->temporary_blocks };
	snapshot->frees = totals->freed_blocks;
}

static void freeze_trust(struct allot_view *view, const struct allot_freeze_options *options, struct allot_trust *trust)
{
	const struct allot_header *header = view->header;
	const struct allot_totals *totals = &header->totals;
	bool forked = header->flags & ALLOT_STORE_FORKED;
	bool late = header->flags & ALLOT_STORE_LATE; /* then nobody knows what an unknown block is */

	trust->events = totals->ever_blocks + totals->freed_blocks + totals->tallies.unknown_frees;
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		trust->lost[i] = header->lost[i];
	trust->walks = totals->ever_blocks; /* one for each allocation */
	if (header->sampling_bytes) {
		trust->events = totals->samples.allocated + totals->samples.freed;
		trust->walks = totals->samples.allocated;
	}
	trust->truncated = header->truncated;
	trust->limited = header->limited;
	trust->bootstrap = header->bootstrap;
	trust->unknown_frees = forked || late ? 0 : totals->tallies.unknown_frees;
	trust->inherited_frees = forked && !late ? totals->tallies.unknown_frees : 0;
	trust->mismatched = totals->tallies.mismatched;
	trust->double_allocations = totals->tallies.double_allocations;
	trust->verified = header->verified;
	trust->differing = header->differing;
	trust->children = header->children;
	trust->untraced_children = header->untraced_children;
	trust->stopped = header->stopped || header->dropping == ALLOT_DROPPING_STOPPED;
	trust->exit = options->exit;
	trust->exit_value = options->exit_value;
	if (trust->exit > ALLOT_EXIT_UNKNOWN) {
		/* the caller may have it from the store */
		trust->exit = ALLOT_EXIT_UNKNOWN;
		view->corrupt++;
	}
}

/* Replaces the string at *field. Returns 0 or -ENOMEM. */
static int freeze_string(struct allot_view *view, uint64_t offset, char **field)
{
	char *string = allotp_view_string(view, offset);

	if (!string)
		return -ENOMEM;
	free(*field);
	*field = string;
	return 0;
}

/* What the numbers do not count must not be left to guess. */
static int note_late(const struct allot_header *header, struct allot_snapshot *snapshot)
{
	static const char note[] = "tracing began, or began anew, while the program ran: what was allocated before is not known";

	if (!(header->flags & ALLOT_STORE_LATE) || *snapshot->note)
		return 0;
	free(snapshot->note);
	snapshot->note = strdup(note);
	return snapshot->note ? 0 : -ENOMEM;
}

static int freeze_process(struct allot_view *view, const struct clock *clock, struct allot_snapshot *snapshot)
{
	const struct allot_header *header = view->header;

	snapshot->pid = header->pid;
	snapshot->start_time_ns = header->start_realtime_ns;
	snapshot->time_ns = clock->now_ns;
	snapshot->depth_limit = header->depth_limit;
	snapshot->sampling_bytes = header->sampling_bytes;
	if (freeze_string(view, header->program, &snapshot->program) < 0 ||
	    freeze_string(view, header->command, &snapshot->command) < 0 ||
	    freeze_string(view, header->note, &snapshot->note) < 0)
		return -ENOMEM;
	return note_late(header, snapshot);
}

static int freeze_module(struct allot_view *view, uint64_t index, struct allot_module *module)
{
	struct allot_store_module stored;

	allotp_view_fetch(view, ALLOT_REGION_MODULES, index, &stored, sizeof(stored));
	module->truncated = stored.truncated;
	if (index == 0)
		return 0;
	if (stored.start > stored.end) {
		view->corrupt++;
		stored.start = stored.end = 0;
	}
	if (stored.build_id_size > sizeof(stored.build_id)) {
		view->corrupt++;
		stored.build_id_size = 0;
	}
	module->start = stored.start;
	module->end = stored.end;
	module->bias = stored.bias;
	memcpy(module->build_id, stored.build_id, stored.build_id_size);
	module->build_id_size = stored.build_id_size;
	module->generation = stored.generation;
	module->unloaded = stored.dead;
	return freeze_string(view, stored.path, &module->path);
}

static int freeze_modules(struct allot_view *view, struct allot_snapshot *snapshot)
{
	uint64_t count = allotp_view_filled(view, ALLOT_REGION_MODULES, view->header->module_count,
					    sizeof(struct allot_store_module));
	struct allot_module *modules;

	if (count > UINT32_MAX)
		return -EFBIG;
	if (count == 0)
		return 0; /* not even entry 0 was made; the empty snapshot has it */
	modules = realloc(snapshot->modules, count * sizeof(*modules));
	if (!modules)
		return -ENOMEM;
	snapshot->modules = modules;
	memset(modules + snapshot->module_count, 0, (count - snapshot->module_count) * sizeof(*modules));
	snapshot->module_count = (uint32_t)count;
	for (uint64_t i = 0; i < count; i++) {
		int result = freeze_module(view, i, &modules[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

static int freeze_marks(struct allot_view *view, const struct clock *clock, struct allot_snapshot *snapshot)
{
	uint64_t count =
		allotp_view_count(view, ALLOT_REGION_MARKS, view->header->mark_count, sizeof(struct allot_store_mark));

	if (!count)
		return 0;
	snapshot->marks = calloc(count, sizeof(*snapshot->marks));
	if (!snapshot->marks)
		return -ENOMEM;
	snapshot->mark_count = (uint32_t)count;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_mark *mark = &snapshot->marks[i];
		struct allot_store_mark stored;

		allotp_view_fetch(view, ALLOT_REGION_MARKS, i, &stored, sizeof(stored));
		mark->time_ns = time_of(clock, stored.stamp);
		mark->live_bytes = allotp_freeze_rounded(view->header, stored.live_bytes, ALLOT_FRACTION_BYTES);
		mark->name = allotp_freeze_name(view, stored.name);
		if (!mark->name)
			return -ENOMEM;
	}
	return 0;
}

static int freeze_series(struct allot_view *view, const struct clock *clock, struct allot_snapshot *snapshot)
{
	uint64_t count = allotp_view_count(view, ALLOT_REGION_SERIES, view->header->sample_count,
					   sizeof(struct allot_store_sample));

	if (!count)
		return 0;
	snapshot->series = calloc(count, sizeof(*snapshot->series));
	if (!snapshot->series)
		return -ENOMEM;
	snapshot->sample_count = (uint32_t)count;
	for (uint64_t i = 0; i < count; i++) {
		struct allot_store_sample stored;

		allotp_view_fetch(view, ALLOT_REGION_SERIES, i, &stored, sizeof(stored));
		snapshot->series[i] = (struct allot_sample){
			.time_ns = time_of(clock, stored.stamp),
			.live_bytes = allotp_freeze_rounded(view->header, stored.live_bytes, ALLOT_FRACTION_BYTES),
			.live_blocks = allotp_freeze_rounded(view->header, stored.live_blocks, ALLOT_FRACTION_BLOCKS),
			.ever_bytes = allotp_freeze_rounded(view->header, stored.ever_bytes, ALLOT_FRACTION_BYTES),
			.ever_blocks = allotp_freeze_rounded(view->header, stored.ever_blocks, ALLOT_FRACTION_BLOCKS),
		};
	}
	return 0;
}

static int freeze(struct allot_view *view, const struct allot_freeze_options *options, struct allot_snapshot *snapshot)
{
	struct clock clock = clock_of(view->header, options);
	struct allot_freeze_places places = { 0 };
	int result = freeze_process(view, &clock, snapshot);

	if (result == 0)
		result = freeze_modules(view, snapshot);
	if (result == 0)
		result = allotp_freeze_regions(view, snapshot, &places);
	if (result == 0)
		result = allotp_freeze_sites(view, snapshot, &places);
	if (result == 0 && options->with_blocks)
		result = allotp_freeze_blocks(view, &places, snapshot);
	if (result == 0)
		result = freeze_marks(view, &clock, snapshot);
	if (result == 0)
		result = freeze_series(view, &clock, snapshot);
	if (result == 0)
		result = allotp_freeze_leaks(view, &places, snapshot);
	if (result == 0)
		result = allotp_freeze_objects(view, &places, snapshot);
	if (result == 0)
		result = allotp_freeze_history(view, &places, snapshot);
	for (uint32_t i = 0; i < snapshot->history.point_count && result == 0; i++)
		snapshot->history.points[i].time_ns = time_of(&clock, snapshot->history.points[i].time_ns);
	free(places.of_number);
	free(places.of_scope);
	if (result < 0)
		return result;
	freeze_totals(view, &clock, snapshot);
	freeze_trust(view, options, &snapshot->trust);
	if (__builtin_add_overflow(snapshot->trust.lost[ALLOT_LOST_CORRUPT], view->corrupt,
				   &snapshot->trust.lost[ALLOT_LOST_CORRUPT]))
		snapshot->trust.lost[ALLOT_LOST_CORRUPT] = UINT64_MAX;
	return 0;
}

int allotp_freeze(const void *base, size_t size, const struct allot_freeze_options *options,
		  struct allot_snapshot **out, struct allot_error *error)
{
	struct allot_snapshot *snapshot;
	struct allot_view view;
	int result = allotp_view_open(&view, base, size, error);

	if (result < 0)
		return result;
	snapshot = allotp_snapshot_new();
	result = snapshot ? freeze(&view, options, snapshot) : -ENOMEM;
	allotp_view_close(&view);
	if (result < 0) {
		allotp_snapshot_free(snapshot);
		return allotp_error(error, result, "cannot copy the store: %s", strerror(-result));
	}
	*out = snapshot;
	return 0;
}
