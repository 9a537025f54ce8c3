/* SPDX-License-Identifier: MIT */
/* Groups of sites with their sums, in tracemalloc's order. */
#include "report/statistics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/array.h"
#include "report/namer.h"
#include "report/typed.h"
#include "snapshot/counts.h"

/* Sums on their way into groups: those of a site, or of all sites whose stacks pass a node. */
struct sums {
	struct allot_count live, peak, ever, temporary;
	struct allot_variances variance;
	struct allot_count largest; /* what the largest of the sites has of the measure */
	uint64_t sites;
};

/* What is needed while grouping. */
struct grouper {
	const struct allot_snapshot *snapshot;
	const struct allot_statistics_options *options;
	enum allot_measure measure;
	struct allot_count total;
	struct allot_namer namer;

	uint32_t *group_of; /* key -> group + 1, 0: none yet */
	uint32_t group_of_size;
	struct allot_group *groups;
	struct allot_count *largest; /* beside groups: what the largest site has of the measure */
	uint32_t count, groups_room, largest_room;
};

/* Is a larger than b, by what ranks first in the measure? */
static bool larger(enum allot_measure measure, struct allot_count a, struct allot_count b)
{
	if (measure == ALLOT_MEASURE_COUNT)
		return a.blocks != b.blocks ? a.blocks > b.blocks : a.bytes > b.bytes;
	return a.bytes != b.bytes ? a.bytes > b.bytes : a.blocks > b.blocks;
}

/* The group of a key, made if need be: its index in groups[]. */
static int find_group(struct grouper *g, uint32_t key, uint32_t *number)
{
	int rc;

	if (key >= g->group_of_size) {
		uint32_t old = g->group_of_size;

		rc = allotp_array_reserve(&g->group_of, &g->group_of_size, key + 1, sizeof(*g->group_of));
		if (rc < 0)
			return rc;
		memset(g->group_of + old, 0, (g->group_of_size - old) * sizeof(*g->group_of));
	}
	if (!g->group_of[key]) {
		rc = allotp_array_reserve(&g->groups, &g->groups_room, g->count + 1, sizeof(*g->groups));
		if (rc == 0)
			rc = allotp_array_reserve(&g->largest, &g->largest_room, g->count + 1, sizeof(*g->largest));
		if (rc < 0)
			return rc;
		g->groups[g->count] = (struct allot_group){ .key = key };
		g->group_of[key] = ++g->count;
	}
	*number = g->group_of[key] - 1;
	return 0;
}

/* Adds sums to the group of a key that they owe to a frame of a node. */
static int add_to_group(struct grouper *g, uint32_t key, const struct sums *sums, uint32_t node, uint32_t frame)
{
	struct allot_group *group;
	uint32_t number;
	int rc = find_group(g, key, &number);

	if (rc < 0)
		return rc;
	group = &g->groups[number];
	if (!group->sites || larger(g->measure, sums->largest, g->largest[number])) {
		g->largest[number] = sums->largest;
		group->node = node;
		group->frame = frame;
	}
	allotp_count_add(&group->live, sums->live);
	allotp_count_add(&group->peak, sums->peak);
	allotp_count_add(&group->ever, sums->ever);
	allotp_count_add(&group->temporary, sums->temporary);
	allotp_variances_add(&group->variance, &sums->variance);
	group->sites += sums->sites;
	return 0;
}

static void add_to_sums(const struct grouper *g, struct sums *to, const struct sums *from)
{
	if (!to->sites || larger(g->measure, from->largest, to->largest))
		to->largest = from->largest;
	allotp_count_add(&to->live, from->live);
	allotp_count_add(&to->peak, from->peak);
	allotp_count_add(&to->ever, from->ever);
	allotp_count_add(&to->temporary, from->temporary);
	allotp_variances_add(&to->variance, &from->variance);
	to->sites += from->sites;
}

static struct sums sums_of_site(const struct grouper *g, const struct allot_site *site)
{
	return (struct sums){ .live = site->live,
			      .peak = site->peak,
			      .ever = site->ever,
			      .temporary = site->temporary,
			      .variance = site->variance,
			      .largest = allotp_site_count(site, g->measure),
			      .sites = 1 };
}

static bool wanted(const struct grouper *g, const struct allot_site *site)
{
	struct allot_count count = allotp_site_count(site, g->measure);

	return !g->options->skip_empty || count.bytes || count.blocks;
}

static void report_progress(const struct grouper *g, uint64_t done, uint64_t total)
{
	if (g->namer.view.progress && done % 64 == 0)
		g->namer.view.progress(g->namer.view.context, "naming call sites", done, total);
}

/* A site's sums go to its group; cumulatively also to those of the regions around its own. */
static int add_site(struct grouper *g, const struct allot_site *site, uint32_t origin)
{
	bool outwards = g->options->cumulative && g->options->group_by == ALLOT_GROUP_REGION;
	struct sums sums = sums_of_site(g, site);
	uint32_t region = site->region, key;
	int rc;

	do {
		rc = allotp_namer_site(&g->namer, site->domain, origin, region, &key);
		if (rc == 0)
			rc = add_to_group(g, key, &sums, origin, 0);
		region = g->snapshot->regions[region].parent;
	} while (rc == 0 && outwards && region);
	return rc;
}

/* Each site goes to one group, or to those of its regions. */
static int group_sites(struct grouper *g)
{
	const struct allot_snapshot *snapshot = g->snapshot;

	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		const struct allot_site *site = &snapshot->sites[i];
		uint32_t origin;
		int rc;

		report_progress(g, i, snapshot->site_count);
		if (!wanted(g, site))
			continue;
		rc = allotp_backtrace_origin(&g->namer.view, site->stack, &origin);
		if (rc == 0)
			rc = add_site(g, site, origin);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Puts each site's sums on the node where its stack begins, those without one on ALLOT_NODE_NONE. */
static int sum_nodes(struct grouper *g, struct sums *nodes)
{
	for (uint32_t i = 0; i < g->snapshot->site_count; i++) {
		const struct allot_site *site = &g->snapshot->sites[i];
		struct sums sums = sums_of_site(g, site);
		uint32_t origin;
		int rc;

		if (!wanted(g, site))
			continue;
		rc = allotp_backtrace_origin(&g->namer.view, site->stack, &origin);
		if (rc < 0)
			return rc;
		add_to_sums(g, &nodes[origin < ALLOT_NODE_FIRST ? ALLOT_NODE_NONE : origin], &sums);
	}
	return 0;
}

/* Adds a node's sums to the groups of all its frames. */
static int group_frames(struct grouper *g, uint32_t node, const struct sums *sums)
{
	const struct allot_symbol *symbol = allotp_resolve(g->namer.view.resolver, node);
	uint32_t key;
	int rc = symbol ? 0 : -ENOMEM;

	for (uint32_t f = 0; rc == 0 && f < symbol->frame_count; f++) {
		rc = allotp_namer_frame(&g->namer, node, f, &key);
		if (rc == 0)
			rc = add_to_group(g, key, sums, node, f);
	}
	return rc;
}

/* Each site goes to the groups of all its frames: sums flow down the tree, from each node to its caller. */
static int group_cumulatively(struct grouper *g)
{
	uint32_t count = g->snapshot->node_count, key;
	struct sums *nodes = calloc(count, sizeof(*nodes));
	int rc = nodes ? sum_nodes(g, nodes) : -ENOMEM;

	if (rc == 0 && nodes[ALLOT_NODE_NONE].sites) {
		rc = allotp_namer_end(&g->namer, ALLOT_NODE_NONE, &key);
		if (rc == 0)
			rc = add_to_group(g, key, &nodes[ALLOT_NODE_NONE], ALLOT_NODE_NONE, 0);
	}
	for (uint32_t n = count; n-- > ALLOT_NODE_FIRST && rc == 0;) {
		report_progress(g, count - n, count);
		if (!nodes[n].sites)
			continue;
		rc = group_frames(g, n, &nodes[n]);
		if (g->snapshot->nodes[n].parent >= ALLOT_NODE_FIRST)
			add_to_sums(g, &nodes[g->snapshot->nodes[n].parent], &nodes[n]);
	}
	free(nodes);
	return rc;
}

/* Objects go to the groups of their types, what else their sites have to another one. */
static int group_types(struct grouper *g)
{
	struct allot_typed *typed;
	uint32_t count;
	int rc = allotp_typed_sites(g->snapshot, !g->options->objects_only, &typed, &count);

	for (uint32_t i = 0; i < count && rc == 0; i++) {
		const struct allot_typed *one = &typed[i];
		struct sums sums = { .live = one->live, .largest = one->live, .sites = 1 };
		uint32_t origin = ALLOT_NODE_NONE, key;

		report_progress(g, i, count);
		allotp_count_add(&g->total, one->live);
		if (one->site != ALLOT_TYPED_NOWHERE)
			rc = allotp_backtrace_origin(&g->namer.view, g->snapshot->sites[one->site].stack, &origin);
		if (rc == 0)
			rc = allotp_namer_type(&g->namer, one->type, &key);
		if (rc == 0)
			rc = add_to_group(g, key, &sums, origin, 0);
	}
	free(typed);
	return rc;
}

static int group_all(struct grouper *g)
{
	if (g->options->group_by == ALLOT_GROUP_TYPE)
		return group_types(g);
	return g->options->cumulative && g->options->group_by != ALLOT_GROUP_REGION ? group_cumulatively(g)
										    : group_sites(g);
}

static int compare_groups(const void *left, const void *right, void *context)
{
	const struct allot_group *a = left, *b = right;
	const struct grouper *g = context;
	struct allot_count of_a = allotp_group_count(a, g->measure);
	struct allot_count of_b = allotp_group_count(b, g->measure);

	if (larger(g->measure, of_a, of_b))
		return -1;
	if (larger(g->measure, of_b, of_a))
		return 1;
	return allotp_keys_compare(g->namer.keys, b->key, a->key);
}

bool allotp_can_be_cumulative(enum allot_group_by group_by)
{
	return group_by != ALLOT_GROUP_STACK && group_by != ALLOT_GROUP_DOMAIN && group_by != ALLOT_GROUP_TYPE;
}

int allotp_statistics_new(const struct allot_view *view, struct allot_keys *keys,
			  const struct allot_statistics_options *options, struct allot_statistics **out)
{
	struct grouper g = { .snapshot = view->snapshot, .options = options };
	struct allot_statistics *statistics;
	int rc;

	if (options->cumulative && !allotp_can_be_cumulative(options->group_by))
		return -EINVAL;
	g.measure = allotp_measure_choose(options->measure, view->snapshot, NULL);
	if (options->group_by == ALLOT_GROUP_TYPE)
		g.measure = ALLOT_MEASURE_LIVE;
	else
		g.total = allotp_snapshot_count(view->snapshot, g.measure);
	rc = allotp_namer_init(&g.namer, view, keys, options->group_by);
	statistics = calloc(1, sizeof(*statistics));
	if (!statistics)
		rc = -ENOMEM;
	if (rc == 0)
		rc = group_all(&g);
	if (rc == 0) {
		if (g.count)
			qsort_r(g.groups, g.count, sizeof(*g.groups), compare_groups, &g);
		statistics->keys = keys;
		statistics->measure = g.measure;
		statistics->groups = g.groups;
		statistics->count = g.count;
		statistics->total = g.total;
		*out = statistics;
	} else {
		free(g.groups);
		free(statistics);
	}
	allotp_namer_release(&g.namer);
	free(g.group_of);
	free(g.largest);
	return rc;
}

void allotp_statistics_free(struct allot_statistics *statistics)
{
	if (!statistics)
		return;
	free(statistics->groups);
	free(statistics);
}
