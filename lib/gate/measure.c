/* SPDX-License-Identifier: MIT */
/* What a part of a program has: the sums over the call sites that a rule of a budget is for. */
#include "gate/measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "filter/glob.h"
#include "report/label.h"

/* What is needed while a part is measured. */
struct measurer {
	const struct allot_rule *rule;
	const struct allot_ledger *ledger;
	const struct allot_snapshot *snapshot;
	uint32_t region; /* of REGION, its number */
	bool *keep;      /* of SITES, for each site */
};

static int find_region(const struct allot_snapshot *snapshot, const char *path, uint32_t *region)
{
	*region = 0;
	for (uint32_t i = 1; i < snapshot->region_count && !*region; i++) {
		char *one = allotp_snapshot_region_path(snapshot, i);

		if (!one)
			return -ENOMEM;
		if (!strcmp(one, path))
			*region = i;
		free(one);
	}
	return 0;
}

static bool is_in_region(const struct allot_snapshot *snapshot, uint32_t inner, uint32_t region)
{
	while (inner && inner != region)
		inner = snapshot->regions[inner].parent;
	return inner != 0;
}

static bool is_in_module(const struct allot_trace_frame *origin, const char *name)
{
	return origin && (!strcmp(origin->module, name) || !strcmp(allotp_base_name(origin->path), name) ||
			  allotp_glob_match(name, origin->path));
}

static bool is_in_domain(const struct allot_snapshot *snapshot, uint32_t domain, const char *name)
{
	return domain < snapshot->domain_count && !strcmp(snapshot->domains[domain], name);
}

static bool is_part(const struct measurer *m, uint32_t number)
{
	const struct allot_site *site = &m->snapshot->sites[number];

	switch (m->rule->scope) {
	case ALLOT_SCOPE_DOMAIN:
		return is_in_domain(m->snapshot, site->domain, m->rule->name);
	case ALLOT_SCOPE_REGION:
		return m->region && is_in_region(m->snapshot, site->region, m->region);
	case ALLOT_SCOPE_MODULE:
		return is_in_module(m->ledger->origins[number], m->rule->name);
	case ALLOT_SCOPE_SITES:
		return m->keep[number];
	default:
		return true;
	}
}

/* Has the site more of the quantity than the one that has most so far? */
static bool is_larger(const struct allot_ledger *ledger, uint32_t number, uint32_t best, enum allot_quantity quantity)
{
	const struct allot_count *a = &ledger->sums[number].counts[quantity], *b;

	if (!best)
		return a->blocks > 0;
	b = &ledger->sums[best - 1].counts[quantity];
	if (quantity == ALLOT_QUANTITY_COUNT)
		return a->blocks > b->blocks;
	return a->bytes > b->bytes;
}

static void sum_sites(const struct measurer *m, struct allot_part *part)
{
	for (uint32_t i = 0; i < m->snapshot->site_count; i++) {
		if (!is_part(m, i))
			continue;
		part->found = true;
		allotp_sums_add(&part->sums, &m->ledger->sums[i]);
		for (int q = 0; q < ALLOT_QUANTITIES; q++)
			if (is_larger(m->ledger, i, part->site[q], q))
				part->site[q] = i + 1;
	}
}

/* What is known better than by adding sites up. The variances stay those of the sites. */
static void replace(struct allot_sums *sums, struct allot_count live, struct allot_count peak, struct allot_count ever,
		    struct allot_count temporary)
{
	sums->counts[ALLOT_QUANTITY_LIVE] = live;
	sums->counts[ALLOT_QUANTITY_PEAK] = peak;
	sums->counts[ALLOT_QUANTITY_EVER] = sums->counts[ALLOT_QUANTITY_COUNT] = ever;
	sums->counts[ALLOT_QUANTITY_TEMPORARY] = temporary;
}

static void correct(const struct measurer *m, struct allot_part *part)
{
	const struct allot_snapshot *snapshot = m->snapshot;
	const struct allot_program_region *region = &snapshot->regions[m->region];

	switch (m->rule->scope) {
	case ALLOT_SCOPE_REGION:
		part->found = m->region != 0;
		if (part->found)
			replace(&part->sums, region->live, region->peak, region->ever, region->temporary);
		break;
	case ALLOT_SCOPE_DOMAIN:
		for (uint32_t i = 0; i < snapshot->domain_count; i++)
			part->found |= is_in_domain(snapshot, i, m->rule->name);
		break;
	case ALLOT_SCOPE_MODULE:
		break;
	case ALLOT_SCOPE_PROGRAM:
		replace(&part->sums, snapshot->live, snapshot->peak, snapshot->ever, snapshot->temporary);
		part->found = true;
		break;
	default:
		part->found = true;
	}
}

int allotp_part_measure(const struct allot_rule *rule, const char *region, const struct allot_ledger *ledger,
			struct allot_part *part)
{
	const struct allot_view *view = ledger->tracer.view;
	struct measurer m = { rule, ledger, view->snapshot, 0, NULL };
	int rc = 0;

	*part = (struct allot_part){ 0 };
	if (rule->scope == ALLOT_SCOPE_REGION)
		rc = find_region(m.snapshot, region, &m.region);
	if (rule->scope == ALLOT_SCOPE_SITES) {
		m.keep = calloc(m.snapshot->site_count + (size_t)1, sizeof(*m.keep));
		rc = m.keep ? allotp_filter_sites(view, rule->filters, rule->filter_count, m.keep) : -ENOMEM;
	}
	if (rc == 0) {
		sum_sites(&m, part);
		correct(&m, part);
	}
	free(m.keep);
	return rc;
}
