/* SPDX-License-Identifier: MIT */
/* The cycles of lost blocks as people see them: by the places that blocks come from, whoever called those. */
#include "leaks/shapes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "leaks/place.h"

/* A site with the frame that it is told by; names that are equal are the same. */
struct named {
	const struct allot_frame *frame; /* NULL: it has none */
	uint32_t site;
};

static int compare(const struct named *a, const struct named *b)
{
	if (a->frame == b->frame)
		return 0;
	if (!a->frame || !b->frame)
		return a->frame ? 1 : -1;
	if (a->frame->function != b->frame->function)
		return (uintptr_t)a->frame->function < (uintptr_t)b->frame->function ? -1 : 1;
	if (a->frame->file != b->frame->file)
		return (uintptr_t)a->frame->file < (uintptr_t)b->frame->file ? -1 : 1;
	return a->frame->line < b->frame->line ? -1 : a->frame->line > b->frame->line;
}

static int compare_named(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int order = compare(a, b);

	return order ? order : a->site < b->site ? -1 : a->site > b->site;
}

static bool has_name(const struct named *named)
{
	return named->frame && (named->frame->function || named->frame->file);
}

/* same[site]: the first of those that have its name. wanted[site]: it has lost blocks. */
static int find_same(const struct allot_view *view, const bool *wanted, uint32_t *same)
{
	uint32_t count = 0, first = 0;
	struct named *named = calloc((size_t)view->snapshot->site_count + 1, sizeof(*named));
	const struct allot_symbol *symbol;
	int rc = named ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < view->snapshot->site_count && rc == 0; i++) {
		same[i] = i;
		if (!wanted[i])
			continue;
		named[count].site = i;
		rc = allotp_place_of(view, view->snapshot->sites[i].stack, &named[count].frame, &symbol);
		count++;
	}
	if (rc == 0 && count)
		qsort(named, count, sizeof(*named), compare_named);
	for (uint32_t i = 1; i < count && rc == 0; i++) {
		if (!has_name(&named[i]) || compare(&named[first], &named[i]))
			first = i;
		same[named[i].site] = named[first].site;
	}
	free(named);
	return rc;
}

int allotp_shapes_find(const struct allot_view *view, struct allot_cycles *cycles)
{
	struct allot_snapshot shadow = *view->snapshot;
	uint32_t *same = calloc((size_t)shadow.site_count + 1, sizeof(*same));
	bool *wanted = calloc((size_t)shadow.site_count + 1, sizeof(*wanted));
	int rc = -ENOMEM;

	*cycles = (struct allot_cycles){ 0 };
	shadow.lost = calloc((size_t)shadow.lost_count + 1, sizeof(*shadow.lost));
	if (same && wanted && shadow.lost) {
		for (uint32_t i = 0; i < shadow.edge_count; i++)
			wanted[view->snapshot->lost[shadow.edges[i].from].site] = true;
		rc = find_same(view, wanted, same);
	}
	if (rc == 0) {
		memcpy(shadow.lost, view->snapshot->lost, shadow.lost_count * sizeof(*shadow.lost));
		for (uint32_t i = 0; i < shadow.lost_count; i++)
			shadow.lost[i].site = same[shadow.lost[i].site];
		rc = allotp_cycles_find(&shadow, cycles);
	}
	free(shadow.lost);
	free(same);
	free(wanted);
	return rc;
}
