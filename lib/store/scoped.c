/* SPDX-License-Identifier: MIT */
/* Scopes and budgets: each block counts in all those that it was allocated in. */
#include "store/scoped.h"

#include "store/tree.h"

static void fence(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The scope, or NULL in a damaged store. */
static struct allot_store_scope *scope_at(const struct allot_store *store, uint32_t number)
{
	if (!number ||
	    !allotp_store_has(store, ALLOT_REGION_SCOPES, ((uint64_t)number + 1) * sizeof(struct allot_store_scope)))
		return NULL;
	return allotp_scope(store, number);
}

/* The one around it; its number is less, so there is no way round in circles. */
static struct allot_store_scope *outer_scope(const struct allot_store *store, const struct allot_store_scope *scope)
{
	uint32_t parent = __atomic_load_n(&scope->parent, __ATOMIC_RELAXED);

	return parent < (uint64_t)(scope - allotp_scope(store, 0)) ? scope_at(store, parent) : NULL;
}

static struct allot_store_budget *budget_at(const struct allot_store *store, uint64_t number)
{
	if (!number || number >= UINT32_MAX ||
	    !allotp_store_has(store, ALLOT_REGION_BUDGETS, (number + 1) * sizeof(struct allot_store_budget)))
		return NULL;
	return allotp_budget(store, number);
}

static uint64_t share_end(const struct allot_store *store, const struct allot_store_site *site)
{
	uint64_t end = (uint64_t)site->share + site->share_count;

	return site->share && allotp_store_has(store, ALLOT_REGION_SHARES, end * sizeof(struct allot_store_share))
		       ? end
		       : site->share;
}

/* ---- a new site ---- */

/* How many budgets a site in this one is in. */
static uint32_t budget_depth(const struct allot_store *store, uint32_t number)
{
	uint32_t depth = 0;

	while (number && budget_at(store, number) && depth < ALLOT_NESTING) {
		uint32_t parent = budget_at(store, number)->parent;

		depth++;
		number = parent < number ? parent : 0;
	}
	return depth;
}

static bool add_shares(struct allot_store *store, struct allot_store_site *site, uint32_t number, uint32_t budget)
{
	uint32_t count = budget_depth(store, budget);
	uint64_t first = store->header->share_count + 1;

	if (first + count >= UINT32_MAX ||
	    allotp_store_need(store, ALLOT_REGION_SHARES, (first + count) * sizeof(struct allot_store_share)))
		return false;
	/* Dying from here on loses some shares. */
	store->header->share_count += count;
	fence();
	for (uint32_t i = 0; i < count; i++) {
		struct allot_store_budget *of = allotp_budget(store, budget);

		*allotp_share(store, first + i) =
			(struct allot_store_share){ .budget = budget, .site = number, .next = of->share };
		fence();
		of->share = (uint32_t)(first + i);
		budget = of->parent;
	}
	site->share = count ? (uint32_t)first : 0;
	site->share_count = count;
	return true;
}

bool allotp_scoped_begin(struct allot_store *store, struct allot_store_site *site, uint32_t number)
{
	uint32_t scope, budget;

	if (site->stack < ALLOT_NODE_FIRST)
		return true;
	if (allotp_store_need(store, ALLOT_REGION_NODES, ((uint64_t)site->stack + 1) * sizeof(struct allot_store_node)))
		return false;
	if (allotp_node(store, site->stack)->module_flags != ALLOT_NODE_SCOPE)
		return true;
	scope = (uint32_t)allotp_node(store, site->stack)->address;
	budget = (uint32_t)(allotp_node(store, site->stack)->address >> 32);
	/* They are there; this process may not have opened them yet. */
	if (scope > __atomic_load_n(&store->header->scope_count, __ATOMIC_RELAXED) ||
	    budget > __atomic_load_n(&store->header->budget_count, __ATOMIC_RELAXED)) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return true;
	}
	if (allotp_store_need(store, ALLOT_REGION_SCOPES, ((uint64_t)scope + 1) * sizeof(struct allot_store_scope)) ||
	    allotp_store_need(store, ALLOT_REGION_BUDGETS, ((uint64_t)budget + 1) * sizeof(struct allot_store_budget)))
		return false;
	site->scope = scope;
	site->scoped = 1;
	return !budget || add_shares(store, site, number, budget);
}

/* ---- scopes ---- */

static void scope_in(struct allot_store_scope *scope, uint64_t bytes, uint64_t blocks)
{
	struct allot_scope_counters *counters = &scope->counters;
	uint64_t live;

	counters->ever_bytes += bytes;
	counters->ever_blocks += blocks;
	live = counters->ever_bytes - counters->freed_bytes;
	if (live > counters->peak_bytes) {
		counters->peak_blocks = counters->ever_blocks - counters->freed_blocks;
		fence(); /* last, as this is what tells that the peak was found */
		counters->peak_bytes = live;
	}
}

static void scopes_in(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	struct allot_store_scope *scope = scope_at(store, site->scope);

	for (; scope; scope = outer_scope(store, scope))
		scope_in(scope, bytes, blocks);
}

static void scopes_out(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	struct allot_store_scope *scope = scope_at(store, site->scope);

	for (; scope; scope = outer_scope(store, scope)) {
		scope->counters.freed_bytes += bytes;
		scope->counters.freed_blocks += blocks;
	}
}

void allotp_scoped_temporary(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes,
			     uint64_t blocks)
{
	struct allot_store_scope *scope = scope_at(store, site->scope);

	for (; scope; scope = outer_scope(store, scope)) {
		scope->counters.temporary_bytes += bytes;
		scope->counters.temporary_blocks += blocks;
	}
}

static void add_site(struct allot_store *store, const struct allot_store_site *site)
{
	struct allot_store_scope *scope = scope_at(store, site->scope);

	for (; scope; scope = outer_scope(store, scope)) {
		scope->counters.ever_bytes += site->counters.ever_bytes;
		scope->counters.ever_blocks += site->counters.ever_blocks;
		scope->counters.freed_bytes += site->counters.freed_bytes;
		scope->counters.freed_blocks += site->counters.freed_blocks;
		scope->counters.temporary_bytes += site->counters.temporary_bytes;
		scope->counters.temporary_blocks += site->counters.temporary_blocks;
	}
}

/* The scopes that can be looked at. */
static uint64_t scopes_end(const struct allot_store *store)
{
	uint64_t end = __atomic_load_n(&store->header->scope_count, __ATOMIC_RELAXED) + 1;
	uint64_t there = __atomic_load_n(&store->accessible[ALLOT_REGION_SCOPES], __ATOMIC_RELAXED) /
			 sizeof(struct allot_store_scope);

	return end < there ? end : there;
}

void allotp_scoped_sum_up(struct allot_store *store)
{
	for (uint64_t i = 1; i < scopes_end(store); i++) {
		struct allot_scope_counters *counters = &allotp_scope(store, i)->counters;

		*counters = (struct allot_scope_counters){ .peak_bytes = counters->peak_bytes,
							   .peak_blocks = counters->peak_blocks };
	}
	for (uint64_t i = 1; i <= store->header->site_count; i++) {
		if (!allotp_store_has(store, ALLOT_REGION_SITES, (i + 1) * sizeof(struct allot_store_site)))
			break;
		if (allotp_site(store, i)->scoped)
			add_site(store, allotp_site(store, i));
	}
}

/* ---- budgets and shares ---- */

/* The number of the event that is being applied. The journal has the one before it. */
static uint64_t event_now(const struct allot_store *store)
{
	return store->header->journal.tallies.events + 1;
}

/* Keeps what it was before this event. */
static void touch_budget(const struct allot_store *store, struct allot_store_budget *budget)
{
	if (budget->event == event_now(store))
		return;
	budget->before = budget->now;
	fence();
	budget->event = event_now(store);
	fence();
}

/* The same; what it counted when the budget had begun another time is forgotten. */
static void touch_share(const struct allot_store *store, struct allot_store_share *share,
			const struct allot_store_budget *budget)
{
	uint64_t events = store->header->totals.tallies.events;

	if (share->event != event_now(store)) {
		share->before = share->now;
		fence();
		share->event = event_now(store);
		fence();
	}
	if (share->now.entry != budget->now.entry) {
		share->now = (struct allot_share_counters){ .entry = budget->now.entry };
	} else if (share->now.changed <= budget->now.peak_event) {
		share->now.peak_bytes = share->now.ever_bytes - share->now.freed_bytes;
		share->now.peak_blocks = share->now.ever_blocks - share->now.freed_blocks;
	}
	share->now.changed = events;
}

static void budget_in(struct allot_store *store, struct allot_store_budget *budget, struct allot_store_share *share,
		      uint64_t bytes, uint64_t blocks)
{
	int64_t live;

	touch_budget(store, budget);
	touch_share(store, share, budget);
	budget->now.ever_bytes += bytes;
	budget->now.ever_blocks += blocks;
	share->now.ever_bytes += bytes;
	share->now.ever_blocks += blocks;
	/* Negative where more of what was there before has gone. */
	live = (int64_t)(budget->now.ever_bytes - budget->now.freed_bytes);
	if (live > (int64_t)budget->now.peak_bytes) {
		budget->now.peak_bytes = (uint64_t)live;
		budget->now.peak_event = store->header->totals.tallies.events;
	}
}

static void budget_out(struct allot_store *store, struct allot_store_budget *budget, struct allot_store_share *share,
		       uint64_t bytes, uint64_t blocks)
{
	touch_budget(store, budget);
	touch_share(store, share, budget);
	budget->now.freed_bytes += bytes;
	budget->now.freed_blocks += blocks;
	share->now.freed_bytes += bytes;
	share->now.freed_blocks += blocks;
}

typedef void count_fn(struct allot_store *store, struct allot_store_budget *budget, struct allot_store_share *share,
		      uint64_t bytes, uint64_t blocks);

static void each_share(struct allot_store *store, const struct allot_store_site *site, count_fn *count, uint64_t bytes,
		       uint64_t blocks)
{
	uint64_t end = share_end(store, site);

	if (site->domain == ALLOT_DOMAIN_MMAP)
		return;
	for (uint64_t i = site->share; i < end; i++) {
		struct allot_store_share *share = allotp_share(store, i);
		struct allot_store_budget *budget = budget_at(store, share->budget);

		if (budget)
			count(store, budget, share, bytes, blocks);
	}
}

void allotp_scoped_in(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	scopes_in(store, site, bytes, blocks);
	each_share(store, site, budget_in, bytes, blocks);
}

void allotp_scoped_out(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	scopes_out(store, site, bytes, blocks);
	each_share(store, site, budget_out, bytes, blocks);
}

void allotp_scoped_back(struct allot_store *store, const struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	scopes_out(store, site, -bytes, -blocks);
	each_share(store, site, budget_out, -bytes, -blocks);
}

void allotp_scoped_budget(struct allot_store *store, uint64_t number)
{
	struct allot_store_budget *budget;

	if (!number || number > __atomic_load_n(&store->header->budget_count, __ATOMIC_RELAXED) ||
	    allotp_store_need(store, ALLOT_REGION_BUDGETS, (number + 1) * sizeof(*budget))) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	budget = allotp_budget(store, number);
	touch_budget(store, budget);
	budget->now = (struct allot_budget_counters){ .entry = budget->now.entry + 1 };
}

static uint64_t budgets_end(const struct allot_store *store)
{
	uint64_t end = __atomic_load_n(&store->header->budget_count, __ATOMIC_RELAXED) + 1;
	uint64_t there = __atomic_load_n(&store->accessible[ALLOT_REGION_BUDGETS], __ATOMIC_RELAXED) /
			 sizeof(struct allot_store_budget);

	return end < there ? end : there;
}

static uint64_t shares_end(const struct allot_store *store)
{
	uint64_t end = store->header->share_count + 1;
	uint64_t there = __atomic_load_n(&store->accessible[ALLOT_REGION_SHARES], __ATOMIC_RELAXED) /
			 sizeof(struct allot_store_share);

	return end < there ? end : there;
}

void allotp_scoped_undo(struct allot_store *store)
{
	for (uint64_t i = 1; i < budgets_end(store); i++) {
		struct allot_store_budget *budget = allotp_budget(store, i);

		if (budget->event == event_now(store))
			budget->now = budget->before;
	}
	for (uint64_t i = 1; i < shares_end(store); i++) {
		struct allot_store_share *share = allotp_share(store, i);

		if (share->event == event_now(store))
			share->now = share->before;
	}
}

/* ---- as a whole ---- */

void allotp_scoped_clear(struct allot_store *store)
{
	for (uint64_t i = 1; i < scopes_end(store); i++)
		allotp_scope(store, i)->counters = (struct allot_scope_counters){ 0 };
	for (uint64_t i = 1; i < budgets_end(store); i++)
		allotp_budget(store, i)->now =
			(struct allot_budget_counters){ .entry = allotp_budget(store, i)->now.entry };
	for (uint64_t i = 1; i < shares_end(store); i++)
		allotp_share(store, i)->now = (struct allot_share_counters){ 0 };
}

void allotp_scoped_clear_peaks(struct allot_store *store)
{
	for (uint64_t i = 1; i < scopes_end(store); i++) {
		struct allot_scope_counters *counters = &allotp_scope(store, i)->counters;

		counters->peak_bytes = counters->ever_bytes - counters->freed_bytes;
		counters->peak_blocks = counters->ever_blocks - counters->freed_blocks;
	}
}
