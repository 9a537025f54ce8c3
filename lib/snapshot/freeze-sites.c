/* SPDX-License-Identifier: MIT */
/* The store's sites to the snapshot's: sorted, and one for each stack and domain. */
#include "snapshot/freeze-sites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "snapshot/counts.h"
#include "snapshot/snapshot.h"
#include "store/layout.h"

/* A site on its way: what it is sorted by. */
struct candidate {
	uint32_t stack, domain, region;
	uint32_t number; /* in the store */
};

struct sites {
	struct candidate *items;
	uint64_t count;
};

/* A site and its counters. */
static void fetch_site(const struct allot_view *view, uint64_t number, struct allot_store_site *stored,
		       struct allot_site_counters *counters)
{
	struct allot_site_halves high;
	bool is_high =
		number < allotp_view_filled(view, ALLOT_REGION_HIGHS, view->header->site_count + 1, sizeof(high));

	allotp_view_fetch(view, ALLOT_REGION_SITES, number, stored, sizeof(*stored));
	if (is_high)
		allotp_view_fetch(view, ALLOT_REGION_HIGHS, number, &high, sizeof(high));
	allotp_counters_join(counters, &stored->low, is_high ? &high : NULL);
}

static int collect_sites(struct allot_view *view, struct allot_freeze_tree *tree, struct sites *sites,
			 struct allot_freeze_places *places)
{
	uint64_t numbers =
		allotp_view_end(view, ALLOT_REGION_SITES, view->header->site_count, sizeof(struct allot_store_site));

	if (numbers > UINT32_MAX)
		return -EFBIG;
	places->numbers = numbers;
	places->of_number = calloc(numbers, sizeof(*places->of_number));
	sites->items = calloc(numbers, sizeof(*sites->items));
	if (!places->of_number || !sites->items)
		return -ENOMEM;
	for (uint64_t i = 1; i < numbers; i++) {
		struct allot_site_counters counters;
		struct allot_store_site stored;

		fetch_site(view, i, &stored, &counters);
		if (!counters.ever_blocks && !counters.freed_blocks && !stored.mismatched)
			continue; /* nothing was ever counted here */
		if (stored.stack >= tree->count) {
			view->corrupt++;
			stored.stack = ALLOT_NODE_NONE;
		}
		allotp_freeze_tree_reach(tree, view, stored.stack);
		sites->items[sites->count++] = (struct candidate){
			.stack = stored.stack,
			.domain = stored.domain,
			.region = allotp_freeze_region(view, places, stored.scope),
			.number = (uint32_t)i,
		};
	}
	return 0;
}

static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->region != b->region)
		return a->region < b->region ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* By stack, domain, region and number. Stacks are many and their numbers dense: each has its place, which is counted out. */
static int sort_sites(struct sites *sites, uint32_t node_count)
{
	struct candidate *sorted = calloc(sites->count, sizeof(*sorted));
	uint32_t *ends = calloc(node_count, sizeof(*ends)), place = 0;

	if (!sorted || !ends) {
		free(sorted);
		free(ends);
		return -ENOMEM;
	}
	for (uint64_t i = 0; i < sites->count; i++)
		ends[sites->items[i].stack]++;
	for (uint32_t i = 0; i < node_count; i++) {
		uint32_t count = ends[i];

		ends[i] = place;
		place += count;
	}
	for (uint64_t i = 0; i < sites->count; i++)
		sorted[ends[sites->items[i].stack]++] = sites->items[i];
	for (uint64_t i = 0, end; i < sites->count; i = end) {
		end = ends[sorted[i].stack];
		if (end - i > 1)
			qsort(&sorted[i], end - i, sizeof(*sorted), compare_candidates);
	}
	free(ends);
	free(sites->items);
	sites->items = sorted;
	return 0;
}

/* Fills in what is all zero. A site that has not changed since the last peak is as it was then. */
static void read_site(struct allot_view *view, const struct candidate *candidate, struct allot_site *site)
{
	struct allot_site_counters counters;
	struct allot_store_site stored;

	fetch_site(view, candidate->number, &stored, &counters);
	site->stack = candidate->stack;
	site->domain = candidate->domain;
	site->region = candidate->region;
	site->live.bytes = allotp_view_left(view, counters.ever_bytes, counters.freed_bytes);
	site->live.blocks = allotp_view_left(view, counters.ever_blocks, counters.freed_blocks);
	site->peak = (struct allot_count){ counters.peak_bytes, counters.peak_blocks };
	site->ever = (struct allot_count){ counters.ever_bytes, counters.ever_blocks };
	site->temporary = (struct allot_count){ counters.temporary_bytes, counters.temporary_blocks };
	site->mismatched = stored.mismatched;
	if (counters.changed <= view->header->totals.peak_event)
		site->peak = site->live;
	if (view->header->sampling_bytes)
		allotp_freeze_variances(view, candidate->number, &counters, &site->variance);
}

static void merge(struct allot_site *into, const struct allot_site *site)
{
	allotp_count_add(&into->live, site->live);
	allotp_count_add(&into->peak, site->peak);
	allotp_count_add(&into->ever, site->ever);
	allotp_count_add(&into->temporary, site->temporary);
	allotp_variances_add(&into->variance, &site->variance);
	into->mismatched += site->mismatched;
}

static bool same_site(const struct candidate *a, const struct candidate *b)
{
	return a->stack == b->stack && a->domain == b->domain && a->region == b->region;
}

/*
 * Two threads may have put the same frame into the tree at the same time; their sites become one here, and so do those
 * that a stack has inside and outside of budgets.
 */
static int copy_sites(struct sites *sites, const struct allot_freeze_tree *tree, struct allot_view *view,
		      struct allot_snapshot *snapshot, struct allot_freeze_places *places)
{
	int result;

	if (!sites->count)
		return 0;
	for (uint64_t i = 0; i < sites->count; i++)
		sites->items[i].stack = tree->renumbered[sites->items[i].stack];
	result = sort_sites(sites, snapshot->node_count);
	if (result < 0)
		return result;
	snapshot->sites = calloc(sites->count, sizeof(*snapshot->sites));
	if (!snapshot->sites)
		return -ENOMEM;
	for (uint64_t i = 0; i < sites->count; i++) {
		const struct candidate *candidate = &sites->items[i];

		if (i && same_site(candidate, candidate - 1)) {
			struct allot_site site = { 0 };

			read_site(view, candidate, &site);
			merge(&snapshot->sites[snapshot->site_count - 1], &site);
		} else {
			read_site(view, candidate, &snapshot->sites[snapshot->site_count++]);
		}
		places->of_number[candidate->number] = snapshot->site_count;
	}
	return 0;
}

/* As the program calls it, or else by its number: "domain 7". NULL: out of memory. */
static char *domain_name(struct allot_view *view, uint32_t domain)
{
	uint32_t offset = domain < ALLOT_DOMAIN_NAMES ? view->header->domain_names[domain] : 0;
	char *name = NULL;

	if (offset)
		name = allotp_view_string(view, offset);
	if (name && *name)
		return name;
	free(name);
	return asprintf(&name, "domain %u", domain) < 0 ? NULL : name;
}

/* Those of the sites, and those that the program has named. */
static int name_domains(struct allot_view *view, struct allot_snapshot *snapshot)
{
	uint32_t count = snapshot->domain_count;
	char **domains;

	for (uint32_t i = 0; i < snapshot->site_count; i++)
		if (snapshot->sites[i].domain >= count)
			count = snapshot->sites[i].domain + 1;
	for (uint32_t i = count; i < ALLOT_DOMAIN_NAMES; i++)
		if (view->header->domain_names[i])
			count = i + 1;
	domains = realloc(snapshot->domains, count * sizeof(*domains));
	if (!domains)
		return -ENOMEM;
	snapshot->domains = domains;
	while (snapshot->domain_count < count) {
		domains[snapshot->domain_count] = domain_name(view, snapshot->domain_count);
		if (!domains[snapshot->domain_count])
			return -ENOMEM;
		snapshot->domain_count++;
	}
	return 0;
}

static uint32_t difference_count(const struct allot_view *view)
{
	return view->header->difference_count < ALLOT_DIFFERENCES ? view->header->difference_count : ALLOT_DIFFERENCES;
}

/* The stacks that verify mode kept are to be in the snapshot, too, though they may belong to no site. */
static void reach_differences(struct allot_view *view, struct allot_freeze_tree *tree)
{
	for (uint32_t i = 0; i < difference_count(view); i++) {
		uint32_t *pair[] = { &view->header->differences[i].walked, &view->header->differences[i].reference };

		for (int side = 0; side < 2; side++) {
			if (*pair[side] >= tree->count) {
				view->corrupt++;
				*pair[side] = ALLOT_NODE_NONE;
			}
			allotp_freeze_tree_reach(tree, view, *pair[side]);
		}
	}
}

static int copy_differences(const struct allot_view *view, const struct allot_freeze_tree *tree,
			    struct allot_snapshot *snapshot)
{
	uint32_t count = difference_count(view);

	if (!count)
		return 0;
	snapshot->differences = calloc(count, sizeof(*snapshot->differences));
	if (!snapshot->differences)
		return -ENOMEM;
	snapshot->difference_count = count;
	for (uint32_t i = 0; i < count; i++) {
		snapshot->differences[i].walked = tree->renumbered[view->header->differences[i].walked];
		snapshot->differences[i].reference = tree->renumbered[view->header->differences[i].reference];
	}
	return 0;
}

int allotp_freeze_sites(struct allot_view *view, struct allot_snapshot *snapshot, struct allot_freeze_places *places)
{
	struct allot_freeze_tree tree = { 0 };
	struct sites sites = { 0 };
	int result = allotp_freeze_tree_open(&tree, view);

	if (result == 0)
		result = collect_sites(view, &tree, &sites, places);
	if (result == 0)
		reach_differences(view, &tree);
	if (result == 0)
		result = allotp_freeze_tree_copy(&tree, view, snapshot);
	if (result == 0)
		result = copy_sites(&sites, &tree, view, snapshot, places);
	if (result == 0)
		result = copy_differences(view, &tree, snapshot);
	if (result == 0)
		result = name_domains(view, snapshot);
	if (result == 0 && view->header->sampling_bytes)
		allotp_freeze_estimates(snapshot);
	allotp_freeze_tree_close(&tree);
	free(sites.items);
	return result;
}
