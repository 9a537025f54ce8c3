/* SPDX-License-Identifier: MIT */
/* A snapshot without the sites that filters drop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "snapshot/counts.h"
#include "snapshot/payload.h"

/* As bytes and back: so a copy has all that a file has, whatever is added to the snapshot. */
static int copy_snapshot(const struct allot_snapshot *snapshot, struct allot_snapshot **out)
{
	uint8_t *payload;
	size_t size;
	int rc = allotp_snapshot_encode(snapshot, "copy", &payload, &size, NULL);

	if (rc < 0)
		return rc;
	rc = allotp_snapshot_parse_payload(payload, size, "copy", out, NULL);
	free(payload);
	return rc;
}

/* Moves the sites that are kept together; numbers[] gets the new number of each, UINT32_MAX for those that go. */
static void drop_sites(struct allot_snapshot *snapshot, const bool *keep, uint32_t *numbers)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		numbers[i] = keep[i] ? count : UINT32_MAX;
		if (keep[i])
			snapshot->sites[count++] = snapshot->sites[i];
	}
	snapshot->site_count = count;
}

static void drop_blocks(struct allot_snapshot *snapshot, const uint32_t *numbers)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < snapshot->block_count; i++) {
		struct allot_block block = snapshot->blocks[i];

		block.site = numbers[block.site];
		if (block.site != UINT32_MAX)
			snapshot->blocks[count++] = block;
	}
	snapshot->block_count = count;
}

static void drop_leak_groups(struct allot_snapshot *snapshot, const uint32_t *numbers)
{
	uint32_t count = 0;

	memset(snapshot->leaks.counts, 0, sizeof(snapshot->leaks.counts));
	for (uint32_t i = 0; i < snapshot->leak_group_count; i++) {
		struct allot_leak_group group = snapshot->leak_groups[i];

		group.site = numbers[group.site];
		if (group.site == UINT32_MAX)
			continue;
		snapshot->leak_groups[count++] = group;
		allotp_count_add(&snapshot->leaks.counts[group.leak_class], group.count);
	}
	snapshot->leak_group_count = count;
}

/* Objects stay, as what they refer to says who is reachable; of some it is no longer known where they come from. */
static void drop_origins(struct allot_snapshot *snapshot, const uint32_t *numbers)
{
	for (uint32_t i = 0; i < snapshot->objects.object_count; i++) {
		struct allot_table_object *object = &snapshot->objects.objects[i];

		if (object->site)
			object->site = numbers[object->site - 1] + 1;
	}
}

/* The pointers between what is left stay; a block whose leader goes leads itself. */
static int drop_lost(struct allot_snapshot *snapshot, const uint32_t *numbers)
{
	uint32_t *places = calloc((size_t)snapshot->lost_count + 1, sizeof(*places)), count = 0, edges = 0;

	if (!places)
		return -ENOMEM;
	memset(snapshot->leaks.fresh, 0, sizeof(snapshot->leaks.fresh));
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		struct allot_leaked lost = snapshot->lost[i];
		struct allot_count *fresh = &snapshot->leaks.fresh[lost.leak_class];

		lost.site = numbers[lost.site];
		places[i] = lost.site == UINT32_MAX ? UINT32_MAX : count;
		if (lost.site == UINT32_MAX)
			continue;
		snapshot->lost[count++] = lost;
		if (!lost.known)
			allotp_count_add(fresh, (struct allot_count){ lost.size, 1 });
	}
	snapshot->lost_count = count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t leader = places[snapshot->lost[i].leader];

		snapshot->lost[i].leader = leader == UINT32_MAX ? i : leader;
	}
	for (uint32_t i = 0; i < snapshot->edge_count; i++) {
		struct allot_edge edge = snapshot->edges[i];

		edge.from = places[edge.from];
		edge.to = places[edge.to];
		if (edge.from != UINT32_MAX && edge.to != UINT32_MAX)
			snapshot->edges[edges++] = edge;
	}
	snapshot->edge_count = edges;
	free(places);
	return 0;
}

static void drop_history(struct allot_history *history, const uint32_t *numbers)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < history->step_count; i++) {
		struct allot_history_step step = history->steps[i];

		step.site = numbers[step.site];
		if (step.site != UINT32_MAX)
			history->steps[count++] = step;
	}
	history->step_count = count;
}

/* "+a*, -*:main", with "; " behind what the snapshot was filtered by before. NULL: no memory. */
static char *describe(const char *before, const struct allot_filter *filters, size_t count)
{
	char *text = strdup(before ? before : ""), *longer, *one;

	for (size_t i = 0; i < count && text; i++) {
		one = allotp_filter_text(&filters[i]);
		longer = one ? realloc(text, strlen(text) + strlen("; ") + strlen(one) + 1) : NULL;
		if (!longer) {
			free(one);
			free(text);
			return NULL;
		}
		text = longer;
		if (*text)
			strcat(text, i ? ", " : "; ");
		strcat(text, one);
		free(one);
	}
	return text;
}

/* Notes what there was before, once: filters on filters are of the whole, too. */
static int note_filters(struct allot_snapshot *snapshot, const struct allot_filter *filters, size_t count)
{
	char *text = describe(snapshot->filters, filters, count);

	if (!text)
		return -ENOMEM;
	if (!snapshot->filters)
		snapshot->unfiltered = (struct allot_snapshot_totals){ snapshot->live, snapshot->peak, snapshot->ever,
								       snapshot->temporary, snapshot->frees };
	free(snapshot->filters);
	snapshot->filters = text;
	return 0;
}

int allotp_filter_apply(const struct allot_view *view, const struct allot_filter *filters, size_t count,
			struct allot_snapshot **out)
{
	uint32_t sites = view->snapshot->site_count;
	bool *keep = calloc(sites ? sites : 1, sizeof(*keep));
	uint32_t *numbers = calloc(sites ? sites : 1, sizeof(*numbers));
	struct allot_snapshot *copy = NULL;
	int rc = keep && numbers ? copy_snapshot(view->snapshot, &copy) : -ENOMEM;

	if (rc == 0 && count) {
		rc = allotp_filter_sites(view, filters, count, keep);
		if (rc == 0)
			rc = note_filters(copy, filters, count);
		if (rc == 0) {
			drop_sites(copy, keep, numbers);
			drop_blocks(copy, numbers);
			drop_leak_groups(copy, numbers);
			drop_origins(copy, numbers);
			drop_history(&copy->history, numbers);
			rc = drop_lost(copy, numbers);
			allotp_snapshot_sum_up(copy);
		}
	}
	if (rc == 0)
		*out = copy;
	else
		allotp_snapshot_free(copy);
	free(keep);
	free(numbers);
	return rc;
}
