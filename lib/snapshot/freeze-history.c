/* SPDX-License-Identifier: MIT */
/* The history of the store's sites to the snapshot's: only what changes from point to point. */
#include <errno.h>
#include <stdlib.h>

#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

/* The store's numbers of each of the snapshot's sites: those of site i are list[first[i]] and so on up to first[i + 1]. */
struct members {
	uint32_t *first, *list;
};

static int find_members(struct members *members, const struct allot_freeze_places *places, uint32_t sites)
{
	members->first = calloc((size_t)sites + 2, sizeof(*members->first));
	members->list = calloc(places->numbers + 1, sizeof(*members->list));
	if (!members->first || !members->list)
		return -ENOMEM;
	for (uint64_t i = 1; i < places->numbers; i++) {
		if (places->of_number[i])
			members->first[places->of_number[i] + 1]++;
	}
	for (uint32_t i = 1; i <= sites; i++)
		members->first[i + 1] += members->first[i];
	/* Each beginning moves on to the next one's while its list is filled. */
	for (uint64_t i = 1; i < places->numbers; i++) {
		if (places->of_number[i])
			members->list[members->first[places->of_number[i]]++] = (uint32_t)i;
	}
	return 0;
}

/* Those of the store that make sense, with their stamps; places[] gets where their counts are. */
static int copy_points(struct allot_view *view, struct allot_history *history, uint32_t *places)
{
	const struct allot_store_history *stored = &view->header->history;

	history->points = calloc(ALLOT_HISTORY_POINTS, sizeof(*history->points));
	if (!history->points)
		return -ENOMEM;
	for (uint32_t i = 0; i < stored->count && i < ALLOT_HISTORY_POINTS; i++) {
		const struct allot_store_point *point = &stored->points[i];
		uint64_t last = history->point_count ? history->points[history->point_count - 1].number : 0;
		uint64_t time = history->point_count ? history->points[history->point_count - 1].time_ns : 0;

		if (point->number <= last || point->place >= ALLOT_HISTORY_PLACES) {
			view->corrupt++;
			continue;
		}
		places[history->point_count] = point->place;
		/* Stamps of other threads may be out of step by some ticks. */
		history->points[history->point_count++] = (struct allot_history_point){
			.number = point->number,
			.time_ns = point->stamp > time ? point->stamp : time,
		};
	}
	return 0;
}

static void add_past(struct allot_view *view, uint64_t end, uint32_t number, const uint32_t *places,
		     struct allot_count *counts, uint32_t count)
{
	struct allot_store_past past;

	/* A site that is younger than the last point has none. */
	if (number >= end)
		return;
	allotp_view_fetch(view, ALLOT_REGION_HISTORY, number, &past, sizeof(past));
	for (uint32_t i = 0; i < count; i++) {
		counts[i].bytes += past.at[places[i]].bytes;
		counts[i].blocks += past.at[places[i]].blocks;
	}
}

static int add_steps(const struct allot_view *view, struct allot_history *history, uint32_t site,
		     const struct allot_count *counts, uint32_t *room)
{
	struct allot_count last = { 0, 0 };

	if (history->step_count + history->point_count > *room) {
		uint32_t larger = 2 * *room + ALLOT_HISTORY_POINTS;
		struct allot_history_step *steps = realloc(history->steps, larger * sizeof(*steps));

		if (!steps)
			return -ENOMEM;
		history->steps = steps;
		*room = larger;
	}
	for (uint32_t i = 0; i < history->point_count; i++) {
		struct allot_count live = {
			allotp_freeze_rounded(view->header, counts[i].bytes, ALLOT_FRACTION_BYTES),
			allotp_freeze_rounded(view->header, counts[i].blocks, ALLOT_FRACTION_BLOCKS),
		};

		if (live.bytes != last.bytes || live.blocks != last.blocks)
			history->steps[history->step_count++] =
				(struct allot_history_step){ .site = site, .point = i, .live = live };
		last = live;
	}
	return 0;
}

static int copy_steps(struct allot_view *view, const struct members *members, struct allot_snapshot *snapshot,
		      const uint32_t *places)
{
	uint64_t end = view->regions[ALLOT_REGION_HISTORY].bytes / sizeof(struct allot_store_past);
	struct allot_history *history = &snapshot->history;
	uint32_t room = 0;
	int result = 0;

	for (uint32_t site = 0; site < snapshot->site_count && result == 0; site++) {
		struct allot_count counts[ALLOT_HISTORY_POINTS] = { { 0, 0 } };

		for (uint32_t i = members->first[site]; i < members->first[site + 1]; i++)
			add_past(view, end, members->list[i], places, counts, history->point_count);
		result = add_steps(view, history, site, counts, &room);
	}
	return result;
}

int allotp_freeze_history(struct allot_view *view, const struct allot_freeze_places *places,
			  struct allot_snapshot *snapshot)
{
	struct allot_history *history = &snapshot->history;
	struct members members = { 0 };
	uint32_t where[ALLOT_HISTORY_POINTS];
	int result = 0;

	if (view->header->repeat_name) {
		history->mark = allotp_freeze_name(view, view->header->repeat_name);
		result = history->mark ? 0 : -ENOMEM;
	}
	history->repetitions = view->header->history.repetitions;
	/* Without any, a damaged store may claim so. */
	if (history->repetitions)
		history->left_out = view->header->history.left_out;
	if (result == 0 && view->header->history.count) {
		result = copy_points(view, history, where);
		if (result == 0)
			result = find_members(&members, places, snapshot->site_count);
		if (result == 0)
			result = copy_steps(view, &members, snapshot, where);
	}
	free(members.first);
	free(members.list);
	return result;
}
