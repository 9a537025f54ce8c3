/* SPDX-License-Identifier: MIT */
/* The naive count of scopes and budgets. */
#include "store-scopes.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "store/scope.h"

static void never(void)
{
	ck_abort_msg("nothing was abandoned");
}

/* Which of the four the stacks 1 to 5 lie in. */
static const bool inside[SCOPES_COUNT][6] = {
	[SCOPES_LOAD] = { [1] = true, [2] = true, [3] = true, [5] = true },
	[SCOPES_PARSE] = { [2] = true, [3] = true },
	[SCOPES_OUTER] = { [3] = true, [4] = true, [5] = true },
	[SCOPES_INNER] = { [4] = true, [5] = true },
};

static bool lies_in(int which, uint32_t site)
{
	uint32_t stack = site / MODEL_DOMAINS;

	return stack < 6 && inside[which][stack];
}

void scopes_init(struct store_scopes *scopes, struct store_model *model, struct allot_store *store)
{
	uint32_t *numbers = scopes->numbers, budgets = 0;

	memset(scopes, 0, sizeof(*scopes));
	scopes->model = model;
	numbers[SCOPES_LOAD] = allotp_scope_of(store, 0, "load");
	numbers[SCOPES_PARSE] = allotp_scope_of(store, numbers[SCOPES_LOAD], "parse");
	numbers[SCOPES_OUTER] = allotp_budget_of(store, &budgets, 1, 0, never);
	numbers[SCOPES_INNER] = allotp_budget_of(store, &budgets, 2, numbers[SCOPES_OUTER], never);
	for (int i = 0; i < SCOPES_COUNT; i++)
		ck_assert_uint_ne(numbers[i], 0);
	model->nodes[1] = allotp_scope_node(store, model->nodes[0], numbers[SCOPES_LOAD], 0);
	model->nodes[2] = allotp_scope_node(store, model->nodes[0], numbers[SCOPES_PARSE], 0);
	model->nodes[3] = allotp_scope_node(store, model->nodes[6], numbers[SCOPES_PARSE], numbers[SCOPES_OUTER]);
	model->nodes[4] = allotp_scope_node(store, model->nodes[6], 0, numbers[SCOPES_INNER]);
	model->nodes[5] = allotp_scope_node(store, model->nodes[0], numbers[SCOPES_LOAD], numbers[SCOPES_INNER]);
	for (int i = 1; i < 6; i++)
		ck_assert_uint_ne(model->nodes[i], ALLOT_NODE_NONE);
}

static void add(struct model_count *sum, const struct model_count *count, const struct model_count *base)
{
	sum->bytes += count->bytes - base->bytes;
	sum->blocks += count->blocks - base->blocks;
}

/* What should be counted in one of the four. */
static struct model_site sum_of(const struct store_scopes *scopes, int which)
{
	struct model_site sum = { .peak = scopes->peak[which] };

	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		if (!lies_in(which, i))
			continue;
		add(&sum.ever, &scopes->model->sites[i].ever, &scopes->base[which][i].ever);
		add(&sum.freed, &scopes->model->sites[i].freed, &scopes->base[which][i].freed);
		add(&sum.temporary, &scopes->model->sites[i].temporary, &scopes->base[which][i].temporary);
	}
	return sum;
}

void scopes_follow(struct store_scopes *scopes, const struct model_event *event)
{
	for (int i = 0; event->op == ALLOT_OP_ALLOC && i < SCOPES_COUNT; i++) {
		struct model_site sum = sum_of(scopes, i);
		int64_t live = (int64_t)(sum.ever.bytes - sum.freed.bytes);

		if (lies_in(i, event->stack * MODEL_DOMAINS) && live > (int64_t)scopes->peak[i].bytes)
			scopes->peak[i] = (struct model_count){ .bytes = (uint64_t)live,
							      .blocks = sum.ever.blocks - sum.freed.blocks };
	}
}

struct fixture_event scopes_begin(struct store_scopes *scopes, int which, uint64_t stamp)
{
	scopes->model->events++;
	scopes->peak[which] = (struct model_count){ 0 };
	memcpy(scopes->base[which], scopes->model->sites, sizeof(scopes->base[which]));
	return (struct fixture_event){ .stamp = stamp, .op = ALLOT_OP_BUDGET, .address = scopes->numbers[which] };
}

/* ---- what the store says ---- */

static char text[160];

static bool differs(const char *what, int which, uint64_t expected, uint64_t found)
{
	if (expected == found)
		return false;
	snprintf(text, sizeof(text), "%s of number %d: %lld instead of %lld", what, which, (long long)found,
		 (long long)expected);
	return true;
}

static bool scope_differs(const struct store_scopes *scopes, int which, const struct allot_store *store)
{
	const struct allot_scope_counters *counters = &allotp_scope(store, scopes->numbers[which])->counters;
	struct model_site sum = sum_of(scopes, which);

	if (differs("bytes", which, sum.ever.bytes, counters->ever_bytes) ||
	    differs("blocks", which, sum.ever.blocks, counters->ever_blocks) ||
	    differs("freed bytes", which, sum.freed.bytes, counters->freed_bytes) ||
	    differs("freed blocks", which, sum.freed.blocks, counters->freed_blocks) ||
	    differs("temporary bytes", which, sum.temporary.bytes, counters->temporary_bytes) ||
	    differs("temporary blocks", which, sum.temporary.blocks, counters->temporary_blocks))
		return true;
	return !scopes->model->any_peak && (differs("peak bytes", which, sum.peak.bytes, counters->peak_bytes) ||
					    differs("peak blocks", which, sum.peak.blocks, counters->peak_blocks));
}

static bool share_differs(const struct store_scopes *scopes, int which, const struct allot_store *store, uint32_t site,
			  uint64_t entry)
{
	struct model_count ever = { 0 }, freed = { 0 };
	uint16_t domain = site % MODEL_DOMAINS ? 7 : 0;
	uint32_t number = allotp_budget(store, scopes->numbers[which])->share;

	/* Those of a site that never came to be are empty. */
	for (; number; number = allotp_share(store, number)->next) {
		const struct allot_store_share *share = allotp_share(store, number);
		const struct allot_store_site *of = allotp_site(store, share->site);

		if (share->now.entry != entry || of->stack != scopes->model->nodes[site / MODEL_DOMAINS] ||
		    of->domain != domain)
			continue;
		ever.bytes += share->now.ever_bytes;
		ever.blocks += share->now.ever_blocks;
		freed.bytes += share->now.freed_bytes;
		freed.blocks += share->now.freed_blocks;
	}
	return differs("a share's bytes", which,
		       scopes->model->sites[site].ever.bytes - scopes->base[which][site].ever.bytes, ever.bytes) ||
	       differs("a share's blocks", which,
		       scopes->model->sites[site].ever.blocks - scopes->base[which][site].ever.blocks, ever.blocks) ||
	       differs("a share's freed bytes", which,
		       scopes->model->sites[site].freed.bytes - scopes->base[which][site].freed.bytes, freed.bytes) ||
	       differs("a share's freed blocks", which,
		       scopes->model->sites[site].freed.blocks - scopes->base[which][site].freed.blocks, freed.blocks);
}

static bool budget_differs(const struct store_scopes *scopes, int which, const struct allot_store *store)
{
	const struct allot_budget_counters *counters = &allotp_budget(store, scopes->numbers[which])->now;
	struct model_site sum = sum_of(scopes, which);

	for (uint32_t i = 0; i < MODEL_SITES; i++) {
		if (lies_in(which, i) && share_differs(scopes, which, store, i, counters->entry))
			return true;
	}
	return differs("bytes", which, sum.ever.bytes, counters->ever_bytes) ||
	       differs("blocks", which, sum.ever.blocks, counters->ever_blocks) ||
	       differs("freed bytes", which, sum.freed.bytes, counters->freed_bytes) ||
	       differs("freed blocks", which, sum.freed.blocks, counters->freed_blocks) ||
	       (!scopes->model->any_peak && differs("peak bytes", which, sum.peak.bytes, counters->peak_bytes));
}

const char *scopes_difference(const struct store_scopes *scopes, const struct allot_store *store)
{
	bool differ = scope_differs(scopes, SCOPES_LOAD, store) || scope_differs(scopes, SCOPES_PARSE, store) ||
		      budget_differs(scopes, SCOPES_OUTER, store) || budget_differs(scopes, SCOPES_INNER, store);

	return differ ? text : NULL;
}
