/* SPDX-License-Identifier: MIT */
/* The store's scopes to the snapshot's regions. */
#include <errno.h>
#include <stdlib.h>

#include "snapshot/freeze-sites.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

char *allotp_freeze_name(struct allot_view *view, uint32_t number)
{
	uint64_t names = allotp_view_filled(view, ALLOT_REGION_NAMES, view->header->name_count + 1,
					    sizeof(struct allot_store_name));
	struct allot_store_name name = { .text = 0 };

	if (number && number < names)
		allotp_view_fetch(view, ALLOT_REGION_NAMES, number, &name, sizeof(name));
	else if (number)
		view->corrupt++;
	return allotp_view_string(view, name.text);
}

static struct allot_count rounded(const struct allot_header *header, uint64_t bytes, uint64_t blocks)
{
	return (struct allot_count){ allotp_freeze_rounded(header, bytes, ALLOT_FRACTION_BYTES),
				     allotp_freeze_rounded(header, blocks, ALLOT_FRACTION_BLOCKS) };
}

static void read_counts(struct allot_view *view, const struct allot_scope_counters *counters,
			struct allot_program_region *region)
{
	region->live = rounded(view->header, allotp_view_left(view, counters->ever_bytes, counters->freed_bytes),
			       allotp_view_left(view, counters->ever_blocks, counters->freed_blocks));
	region->peak = rounded(view->header, counters->peak_bytes, counters->peak_blocks);
	region->ever = rounded(view->header, counters->ever_bytes, counters->ever_blocks);
	region->temporary = rounded(view->header, counters->temporary_bytes, counters->temporary_blocks);
}

/* One that a thread was just making, or made in vain, has no name. */
static int copy_region(struct allot_view *view, uint32_t number, struct allot_snapshot *snapshot,
		       struct allot_freeze_places *places)
{
	struct allot_program_region *region = &snapshot->regions[snapshot->region_count];
	struct allot_store_scope scope;

	allotp_view_fetch(view, ALLOT_REGION_SCOPES, number, &scope, sizeof(scope));
	if (!scope.name)
		return 0;
	if (scope.parent >= number) {
		view->corrupt++;
		scope.parent = 0;
	}
	*region = (struct allot_program_region){ .parent = places->of_scope[scope.parent],
						 .name = allotp_freeze_name(view, scope.name) };
	if (!region->name)
		return -ENOMEM;
	read_counts(view, &scope.counters, region);
	places->of_scope[number] = snapshot->region_count++;
	return 0;
}

int allotp_freeze_regions(struct allot_view *view, struct allot_snapshot *snapshot, struct allot_freeze_places *places)
{
	uint64_t count = allotp_view_filled(view, ALLOT_REGION_SCOPES, view->header->scope_count + 1,
					    sizeof(struct allot_store_scope));
	struct allot_program_region *regions;

	snapshot->dropped_marks = view->header->dropped_marks;
	snapshot->dropped_regions = view->header->dropped_scopes;
	if (count > UINT32_MAX)
		return -EFBIG;
	if (count <= 1)
		return 0; /* the program has none */
	places->scopes = count;
	places->of_scope = calloc(count, sizeof(*places->of_scope));
	regions = realloc(snapshot->regions, count * sizeof(*regions));
	if (regions)
		snapshot->regions = regions;
	if (!regions || !places->of_scope)
		return -ENOMEM;
	for (uint64_t i = 1; i < count; i++) {
		int result = copy_region(view, (uint32_t)i, snapshot, places);

		if (result < 0)
			return result;
	}
	return 0;
}

uint32_t allotp_freeze_region(struct allot_view *view, const struct allot_freeze_places *places, uint32_t scope)
{
	if (!scope)
		return 0;
	if (scope < places->scopes && places->of_scope[scope])
		return places->of_scope[scope];
	view->corrupt++;
	return 0;
}
