/* SPDX-License-Identifier: MIT */
/* Budgets of include/allot/check.h: what a block of code has allocated, and which limits that breaks. */
#include <stdbool.h>
#include <string.h>

#include "preload/access.h"
#include "preload/api.h"
#include "preload/scopes.h"
#include "preload/sites.h"
#include "preload/state.h"
#include "preload/text.h"
#include "store/scope.h"

/* What limits are on. */
enum measure { PEAK, LIVE, COUNT, EVER, MEASURES };

/* A call site that has had its share. */
struct share {
	uint64_t bytes, blocks;
	struct allot_site_stack stack;
};

enum { WORST = 10 };

/* What is to be said, copied while the store was locked. */
struct finding {
	struct allot_budget_counters counters;
	enum measure broken; /* the first that is; MEASURES: none */
	uint64_t sites;      /* that have a share in it */
	struct share worst[WORST];
};

static uint64_t number_at_least_0(uint64_t number)
{
	return (int64_t)number < 0 ? 0 : number;
}

static uint64_t live_bytes(const struct allot_budget_counters *counters)
{
	return number_at_least_0(counters->ever_bytes - counters->freed_bytes);
}

static uint64_t live_blocks(const struct allot_budget_counters *counters)
{
	return number_at_least_0(counters->ever_blocks - counters->freed_blocks);
}

static uint64_t value_of(const struct allot_budget_counters *counters, enum measure measure)
{
	switch (measure) {
	case PEAK:
		return counters->peak_bytes;
	case LIVE:
		return live_bytes(counters);
	case COUNT:
		return counters->ever_blocks;
	default:
		return counters->ever_bytes;
	}
}

static uint64_t limit_of(const struct allot_limits *limits, enum measure measure)
{
	const uint64_t of[MEASURES] = { limits->peak, limits->live, limits->count, limits->ever };

	return of[measure];
}

static bool is_broken(const struct allot_budget_counters *counters, const struct allot_limits *limits,
		      enum measure measure)
{
	uint64_t limit = limit_of(limits, measure);

	/* Nothing may stay: not even a block of no bytes. */
	if (measure == LIVE && !limit)
		return live_blocks(counters) || live_bytes(counters);
	return value_of(counters, measure) > limit;
}

static enum measure first_broken(const struct allot_budget_counters *counters, const struct allot_limits *limits)
{
	/* What was left behind says most. */
	static const enum measure order[MEASURES] = { LIVE, PEAK, COUNT, EVER };

	for (int i = 0; i < MEASURES; i++) {
		if (is_broken(counters, limits, order[i]))
			return order[i];
	}
	return MEASURES;
}

/* ---- who did it ---- */

static struct share share_of(const struct allot_share_counters *counters, const struct finding *finding)
{
	struct share live = { number_at_least_0(counters->ever_bytes - counters->freed_bytes),
			      number_at_least_0(counters->ever_blocks - counters->freed_blocks),
			      { 0 } };

	if (counters->entry != finding->counters.entry)
		return (struct share){ 0 };
	if (finding->broken == LIVE || (finding->broken == PEAK && counters->changed <= finding->counters.peak_event))
		return live;
	if (finding->broken == PEAK)
		return (struct share){ counters->peak_bytes, counters->peak_blocks, { 0 } };
	return (struct share){ counters->ever_bytes, counters->ever_blocks, { 0 } };
}

static bool is_worse(const struct share *a, const struct share *b, enum measure measure)
{
	if (measure == COUNT)
		return a->blocks != b->blocks ? a->blocks > b->blocks : a->bytes > b->bytes;
	return a->bytes != b->bytes ? a->bytes > b->bytes : a->blocks > b->blocks;
}

/* Keeps them in order; the least falls out. */
static void insert(struct finding *finding, struct share *share, uint32_t stack)
{
	uint64_t count = finding->sites < WORST ? finding->sites : WORST, i = count;

	finding->sites++;
	while (i && is_worse(share, &finding->worst[i - 1], finding->broken))
		i--;
	if (i == WORST)
		return;
	if (count == WORST)
		count--;
	memmove(&finding->worst[i + 1], &finding->worst[i], (count - i) * sizeof(*share));
	allotp_sites_copy(stack, &share->stack);
	finding->worst[i] = *share;
}

static void find_worst(const struct allot_store *store, uint32_t budget, struct finding *finding)
{
	uint32_t number = allotp_budget(store, budget)->share, next;

	for (; number &&
	       allotp_store_has(store, ALLOT_REGION_SHARES, ((uint64_t)number + 1) * sizeof(struct allot_store_share));
	     number = next < number ? next : 0) {
		const struct allot_store_share *stored = allotp_share(store, number);
		struct share share = share_of(&stored->now, finding);

		next = stored->next;
		if (share.blocks && allotp_store_has(store, ALLOT_REGION_SITES,
						     ((uint64_t)stored->site + 1) * sizeof(struct allot_store_site)))
			insert(finding, &share, allotp_site(store, stored->site)->stack);
	}
}

/* ---- in words ---- */

static void add_bytes(struct allot_text *text, uint64_t bytes)
{
	allotp_text_number(text, bytes);
	allotp_text_add(text, " B");
}

static void add_verdict(struct allot_text *text, const struct allot_budget_counters *counters, enum measure measure,
			uint64_t limit)
{
	uint64_t value = value_of(counters, measure);

	switch (measure) {
	case PEAK:
		add_bytes(text, value);
		allotp_text_add(text, " live at the peak");
		break;
	case LIVE:
		add_bytes(text, value);
		allotp_text_add(text, " in ");
		allotp_text_count(text, live_blocks(counters), "block");
		allotp_text_add(text, " still live");
		break;
	case COUNT:
		allotp_text_count(text, value, "block");
		allotp_text_add(text, " allocated");
		break;
	default:
		add_bytes(text, value);
		allotp_text_add(text, " allocated");
		break;
	}
	if (!limit) {
		allotp_text_add(text, ", none allowed");
		return;
	}
	allotp_text_add(text, ", ");
	allotp_text_number(text, value - limit);
	allotp_text_add(text, measure == COUNT ? " more than the limit of " : " B more than the limit of ");
	allotp_text_number(text, limit);
	if (measure != COUNT)
		allotp_text_add(text, " B");
}

/* Each limit that is broken, and what the first one's call sites are. */
static void describe(struct allot_text *text, const struct finding *finding, const struct allot_limits *limits)
{
	const char *path = NULL;

	add_verdict(text, &finding->counters, finding->broken, limit_of(limits, finding->broken));
	for (int i = 0; i < MEASURES; i++) {
		if (i == (int)finding->broken || !is_broken(&finding->counters, limits, (enum measure)i))
			continue;
		allotp_text_add(text, "; ");
		add_verdict(text, &finding->counters, (enum measure)i, limit_of(limits, (enum measure)i));
	}
	allotp_text_add(text, ":\n");
	for (uint64_t i = 0; i < finding->sites && i < WORST; i++) {
		const struct share *share = &finding->worst[i];
		const char *module;

		allotp_text_add(text, "  ");
		add_bytes(text, share->bytes);
		allotp_text_add(text, " in ");
		allotp_text_count(text, share->blocks, "block");
		allotp_text_add(text, ": ");
		module = allotp_sites_describe(text, &share->stack);
		allotp_text_add(text, "\n");
		path = path ? path : module;
	}
	if (finding->sites > WORST) {
		allotp_text_add(text, "  and ");
		allotp_text_count(text, finding->sites - WORST, "more call site");
		allotp_text_add(text, "\n");
	}
	if (path) {
		allotp_text_add(text, "  source lines: addr2line -Cfipe ");
		allotp_text_add(text, path);
		allotp_text_add(text, " 0x...\n");
	}
}

/* ---- in and out ---- */

int allotp_api_budget_enter(const char *file, int line, void *guard, const void *frame, unsigned long long *budget)
{
	const struct allot_scope_place place = { .guard = guard, .frame = frame, .start = ALLOTP_WALK_START() };
	uint64_t code = (uint64_t)(uintptr_t)file << 16 ^ (uint64_t)line, number = 0;
	int result;

	if (!allotp_recording())
		return ALLOT_NOT_TRACING;
	/* What is sampled is not exact. */
	if (allotp_state.sampling_bytes)
		return -ENOTSUP;
	result = allotp_scopes_enter_budget(code, &place, &number);
	if (!result)
		*budget = number;
	return result;
}

/* The store is locked, and all is counted. */
static int look(struct allot_store *store, uint32_t budget, const struct allot_limits *limits, struct finding *finding)
{
	finding->counters = allotp_budget(store, budget)->now;
	finding->broken = first_broken(&finding->counters, limits);
	allotp_budget(store, budget)->abandoned = 0;
	if (__atomic_load_n(&store->header->stopped, __ATOMIC_RELAXED))
		return -ENOSPC;
	if (finding->broken < MEASURES)
		find_worst(store, budget, finding);
	return 0;
}

int allotp_api_budget_leave(unsigned long long entry, const struct allot_limits *limits, char *buffer, size_t size)
{
	uint32_t budget = allotp_scopes_leave(entry);
	struct finding finding = { .broken = MEASURES };
	struct allot_access access;
	struct allot_text text;
	int result;

	if (!budget)
		return -ECANCELED;
	result = allotp_access_begin(&access);
	if (result)
		return result;
	result = look(&allotp_state.store, budget, limits, &finding);
	allotp_access_end(&access);
	if (result || finding.broken == MEASURES || !size)
		return result ? result : finding.broken != MEASURES;
	text = allotp_text_begin(buffer, size);
	describe(&text, &finding, limits);
	return 1;
}
