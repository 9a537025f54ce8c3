/* SPDX-License-Identifier: MIT */
/* Scopes and budgets: each block counts in all those that it was allocated in. */
#include "store/scoped.h"

#include "snapshot/snapshot.h"
#include "store/tree.h"

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

static struct allot_store_share *share_at(const struct allot_store *store, uint64_t number)
{
	if (!number || !allotp_store_has(store, ALLOT_REGION_SHARES, (number + 1) * sizeof(struct allot_store_share)))
		return NULL;
	return allotp_share(store, number);
}

/* ---- a new site ---- */

/* How many budgets a site in this one is in. */
static uint32_t budget_depth(const struct allot_store *store, uint32_t number)
{
	uint32_t depth = 0;

	while (number && budget_at(store, number) && depth < ALLOT_NESTING) {
		uint32_t parent = __atomic_load_n(&budget_at(store, number)->parent, __ATOMIC_RELAXED);

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
	allotp_store_fence();
	for (uint32_t i = 0; i < count && budget_at(store, budget); i++) {
		struct allot_store_budget *of = budget_at(store, budget);

		*allotp_share(store, first + i) =
			(struct allot_store_share){ .budget = budget, .site = number, .next = of->share };
		allotp_store_fence();
		of->share = (uint32_t)(first + i);
		budget = __atomic_load_n(&of->parent, __ATOMIC_RELAXED);
	}
	site->share = count ? (uint32_t)first : 0;
	site->share_count = count;
	return true;
}

bool allotp_scoped_begin(struct allot_store *store, struct allot_store_site *site, uint32_t number)
{
	uint32_t stack = __atomic_load_n(&site->stack, __ATOMIC_RELAXED), scope, budget;
	uint64_t address;

	if (stack < ALLOT_NODE_FIRST)
		return true;
	if (allotp_store_need(store, ALLOT_REGION_NODES, ((uint64_t)stack + 1) * sizeof(struct allot_store_node)))
		return false;
	if (allotp_node(store, stack)->module_flags != ALLOT_NODE_SCOPE)
		return true;
	address = __atomic_load_n(&allotp_node(store, stack)->address, __ATOMIC_RELAXED);
	scope = (uint32_t)address;
	budget = (uint32_t)(address >> 32);
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

/* ---- in a batch ---- */

static bool load(const struct allot_store *store, struct allot_scoped *record)
{
	const struct allot_store_scope *scope;
	const struct allot_store_budget *budget;
	const struct allot_store_share *share;

	switch (record->kind) {
	case ALLOT_REGION_SCOPES:
		scope = scope_at(store, record->number);
		if (scope)
			record->now.scope = scope->counters;
		return scope;
	case ALLOT_REGION_BUDGETS:
		budget = budget_at(store, record->number);
		if (budget)
			record->now.budget = budget->now;
		return budget;
	default:
		share = share_at(store, record->number);
		if (share)
			record->now.share = share->now;
		return share;
	}
}

/* What one of them counts, in the batch. NULL in a damaged store. */
static struct allot_scoped *record_of(struct allot_batch *batch, uint32_t kind, uint32_t number)
{
	uint32_t i = (number * 4 + kind) * UINT32_C(0x9e3779b1) >> 12;
	struct allot_batch_record *record;

	for (;; i++) {
		uint32_t place = i & (2 * ALLOT_BATCH_RECORDS - 1), index = batch->record_places[place];

		if (!index) {
			record = &batch->records[batch->record_count];
			record->scoped = (struct allot_scoped){ .kind = kind, .number = number };
			record->place = place;
			if (batch->record_count == ALLOT_BATCH_RECORDS || !load(batch->store, &record->scoped)) {
				allotp_store_lost(batch->store, ALLOT_LOST_CORRUPT, 1);
				return NULL;
			}
			batch->record_places[place] = (uint16_t)++batch->record_count;
			if (batch->record_count > batch->record_limit)
				batch->end = 0;
			return &record->scoped;
		}
		record = &batch->records[index - 1];
		if (record->scoped.kind == kind && record->scoped.number == number)
			return &record->scoped;
	}
}

/* ---- scopes ---- */

/* Calls with what each scope of the site counts, the innermost first. */
typedef void scope_fn(struct allot_scope_counters *counters, uint64_t bytes, uint64_t blocks);

static void each_scope(struct allot_batch *batch, const struct allot_batch_site *site, scope_fn *count, uint64_t bytes,
		       uint64_t blocks)
{
	const struct allot_store_scope *scope = scope_at(batch->store, site->scope);

	for (; scope; scope = outer_scope(batch->store, scope)) {
		struct allot_scoped *record =
			record_of(batch, ALLOT_REGION_SCOPES, (uint32_t)(scope - allotp_scope(batch->store, 0)));

		if (record)
			count(&record->now.scope, bytes, blocks);
	}
}

static void scope_in(struct allot_scope_counters *counters, uint64_t bytes, uint64_t blocks)
{
	uint64_t live;

	counters->ever_bytes += bytes;
	counters->ever_blocks += blocks;
	live = counters->ever_bytes - counters->freed_bytes;
	if (live > counters->peak_bytes) {
		counters->peak_bytes = live;
		counters->peak_blocks = counters->ever_blocks - counters->freed_blocks;
	}
}

static void scope_out(struct allot_scope_counters *counters, uint64_t bytes, uint64_t blocks)
{
	counters->freed_bytes += bytes;
	counters->freed_blocks += blocks;
}

static void scope_temporary(struct allot_scope_counters *counters, uint64_t bytes, uint64_t blocks)
{
	counters->temporary_bytes += bytes;
	counters->temporary_blocks += blocks;
}

void allotp_scoped_temporary(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes,
			     uint64_t blocks)
{
	each_scope(batch, site, scope_temporary, bytes, blocks);
}

/* ---- budgets and shares ---- */

/* A share is going to change; what it counted when the budget had begun another time is forgotten. */
static void change_share(const struct allot_batch *batch, struct allot_share_counters *share,
			 const struct allot_budget_counters *budget)
{
	if (share->entry != budget->entry) {
		*share = (struct allot_share_counters){ .entry = budget->entry };
	} else if (share->changed <= budget->peak_event) {
		share->peak_bytes = share->ever_bytes - share->freed_bytes;
		share->peak_blocks = share->ever_blocks - share->freed_blocks;
	}
	share->changed = batch->totals.tallies.events;
}

static void budget_in(const struct allot_batch *batch, struct allot_budget_counters *budget,
		      struct allot_share_counters *share, uint64_t bytes, uint64_t blocks)
{
	int64_t live;

	change_share(batch, share, budget);
	budget->ever_bytes += bytes;
	budget->ever_blocks += blocks;
	share->ever_bytes += bytes;
	share->ever_blocks += blocks;
	/* Negative where more of what was there before has gone. */
	live = (int64_t)(budget->ever_bytes - budget->freed_bytes);
	if (live > (int64_t)budget->peak_bytes) {
		budget->peak_bytes = (uint64_t)live;
		budget->peak_event = batch->totals.tallies.events;
	}
}

static void budget_out(const struct allot_batch *batch, struct allot_budget_counters *budget,
		       struct allot_share_counters *share, uint64_t bytes, uint64_t blocks)
{
	change_share(batch, share, budget);
	budget->freed_bytes += bytes;
	budget->freed_blocks += blocks;
	share->freed_bytes += bytes;
	share->freed_blocks += blocks;
}

typedef void budget_fn(const struct allot_batch *batch, struct allot_budget_counters *budget,
		       struct allot_share_counters *share, uint64_t bytes, uint64_t blocks);

static void each_share(struct allot_batch *batch, const struct allot_batch_site *site, budget_fn *count, uint64_t bytes,
		       uint64_t blocks)
{
	if (site->domain == ALLOT_DOMAIN_MMAP)
		return;
	for (uint32_t i = 0; i < site->share_count && i < ALLOT_NESTING; i++) {
		const struct allot_store_share *stored = share_at(batch->store, (uint64_t)site->share + i);
		struct allot_scoped *share = stored ? record_of(batch, ALLOT_REGION_SHARES, site->share + i) : NULL;
		struct allot_scoped *budget = share ? record_of(batch, ALLOT_REGION_BUDGETS, stored->budget) : NULL;

		if (budget)
			count(batch, &budget->now.budget, &share->now.share, bytes, blocks);
	}
}

void allotp_scoped_in(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes, uint64_t blocks)
{
	each_scope(batch, site, scope_in, bytes, blocks);
	each_share(batch, site, budget_in, bytes, blocks);
}

void allotp_scoped_out(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes, uint64_t blocks)
{
	each_scope(batch, site, scope_out, bytes, blocks);
	each_share(batch, site, budget_out, bytes, blocks);
}

void allotp_scoped_back(struct allot_batch *batch, const struct allot_batch_site *site, uint64_t bytes, uint64_t blocks)
{
	each_scope(batch, site, scope_out, -bytes, -blocks);
	each_share(batch, site, budget_out, -bytes, -blocks);
}

void allotp_scoped_budget(struct allot_batch *batch, uint64_t number)
{
	struct allot_store *store = batch->store;
	struct allot_scoped *budget;

	/* It is there; this process may not have opened it yet. */
	if (!number || number > __atomic_load_n(&store->header->budget_count, __ATOMIC_RELAXED) ||
	    allotp_store_need(store, ALLOT_REGION_BUDGETS, (number + 1) * sizeof(struct allot_store_budget))) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	budget = record_of(batch, ALLOT_REGION_BUDGETS, (uint32_t)number);
	if (budget)
		budget->now.budget = (struct allot_budget_counters){ .entry = budget->now.budget.entry + 1 };
}

/* ---- into the store ---- */

/* The thread whose budget it is looks at the blocks, those that were freed first: they come last here. */
static void put_budget(struct allot_budget_counters *to, const struct allot_budget_counters *from)
{
	to->entry = from->entry;
	to->peak_bytes = from->peak_bytes;
	to->peak_event = from->peak_event;
	to->ever_bytes = from->ever_bytes;
	__atomic_store_n(&to->ever_blocks, from->ever_blocks, __ATOMIC_RELEASE);
	to->freed_bytes = from->freed_bytes;
	__atomic_store_n(&to->freed_blocks, from->freed_blocks, __ATOMIC_RELEASE);
}

void allotp_scoped_put(struct allot_store *store, const struct allot_scoped *record)
{
	uint32_t kind = __atomic_load_n(&record->kind, __ATOMIC_RELAXED);
	uint32_t number = __atomic_load_n(&record->number, __ATOMIC_RELAXED);

	if (kind == ALLOT_REGION_SCOPES && scope_at(store, number))
		scope_at(store, number)->counters = record->now.scope;
	else if (kind == ALLOT_REGION_BUDGETS && budget_at(store, number))
		put_budget(&budget_at(store, number)->now, &record->now.budget);
	else if (kind == ALLOT_REGION_SHARES && share_at(store, number))
		share_at(store, number)->now = record->now.share;
	else
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
}

/* ---- as a whole ---- */

static uint64_t scopes_end(const struct allot_store *store)
{
	return allotp_store_end(store, ALLOT_REGION_SCOPES,
				__atomic_load_n(&store->header->scope_count, __ATOMIC_RELAXED),
				sizeof(struct allot_store_scope));
}

static uint64_t budgets_end(const struct allot_store *store)
{
	return allotp_store_end(store, ALLOT_REGION_BUDGETS,
				__atomic_load_n(&store->header->budget_count, __ATOMIC_RELAXED),
				sizeof(struct allot_store_budget));
}

static uint64_t shares_end(const struct allot_store *store)
{
	return allotp_store_end(store, ALLOT_REGION_SHARES, store->header->share_count,
				sizeof(struct allot_store_share));
}

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
