/* SPDX-License-Identifier: MIT */
/* What each call site of a snapshot has, by its identity. */
#include "gate/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/fold.h"
#include "gate/identity.h"
#include "report/array.h"
#include "snapshot/counts.h"

const char *allotp_quantity_name(enum allot_quantity quantity)
{
	static const char *const names[ALLOT_QUANTITIES] = { "live", "peak", "ever", "count", "temporary", "leaks" };

	return names[quantity];
}

void allotp_sums_add(struct allot_sums *to, const struct allot_sums *from)
{
	for (int i = 0; i < ALLOT_QUANTITIES_KEPT; i++) {
		allotp_count_add(&to->counts[i], from->counts[i]);
		allotp_variance_add(&to->variances[i], from->variances[i]);
	}
}

static void fill_sums(const struct allot_site *site, struct allot_count leaked, struct allot_sums *sums)
{
	*sums = (struct allot_sums){
		.counts = { [ALLOT_QUANTITY_LIVE] = site->live,
			    [ALLOT_QUANTITY_PEAK] = site->peak,
			    [ALLOT_QUANTITY_EVER] = site->ever,
			    [ALLOT_QUANTITY_COUNT] = site->ever,
			    [ALLOT_QUANTITY_TEMPORARY] = site->temporary,
			    [ALLOT_QUANTITY_LEAKS] = leaked,
			    [ALLOT_QUANTITY_UNSUPPRESSED] = site->live },
		.variances = { [ALLOT_QUANTITY_LIVE] = site->variance.live,
			       [ALLOT_QUANTITY_PEAK] = site->variance.peak,
			       [ALLOT_QUANTITY_EVER] = site->variance.ever,
			       [ALLOT_QUANTITY_COUNT] = site->variance.ever,
			       [ALLOT_QUANTITY_TEMPORARY] = site->variance.temporary,
			       [ALLOT_QUANTITY_LEAKS] = site->variance.live,
			       [ALLOT_QUANTITY_UNSUPPRESSED] = site->variance.live },
	};
}

/* What is needed while the ledger is made. */
struct maker {
	struct allot_ledger *ledger;
	const struct allot_snapshot *snapshot;
	struct allot_keys *keys;
	struct allot_suppressions *suppressions;
	bool again;
	/* of each site: */
	uint32_t *met;              /* what the suppressions said */
	struct allot_count *leaked; /* whatever they say */
};

/* What the C library and the dynamic linker keep for themselves until the end: buffers of streams, tables of modules. */
static bool is_kept_by_libc(const struct allot_trace *trace)
{
	const struct allot_trace_frame *origin = trace->count ? trace->frames[0] : NULL;

	if (!origin || !allotp_is_libc(origin->module))
		return false;
	return strcmp(origin->module, "libc") || (origin->name && !strcmp(origin->name, "file_doallocate"));
}

static int name_sites(struct maker *maker, allot_progress_fn *progress, void *context)
{
	const struct allot_snapshot *snapshot = maker->snapshot;
	struct allot_trace trace = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < snapshot->site_count && rc == 0; i++) {
		const struct allot_site *site = &snapshot->sites[i];
		const char *domain = site->domain < snapshot->domain_count ? snapshot->domains[site->domain] : "?";

		if (progress && i % 64 == 0)
			progress(context, "naming call sites", i, snapshot->site_count);
		rc = allotp_tracer_trace(&maker->ledger->tracer, site->stack, &trace);
		if (rc == 0)
			rc = allotp_identity_key(maker->keys, &trace, domain, &maker->ledger->keys[i]);
		if (rc == 0 && trace.count)
			maker->ledger->origins[i] = trace.frames[0];
		if (rc == 0 && !snapshot->leaks.looked && is_kept_by_libc(&trace))
			maker->leaked[i] = (struct allot_count){ 0 };
		if (rc == 0 && maker->leaked[i].blocks)
			maker->met[i] =
				maker->again ? allotp_suppressions_find(maker->suppressions, &trace)
					     : allotp_suppressions_meet(maker->suppressions, &trace, maker->leaked[i]);
	}
	allotp_trace_release(&trace);
	return rc;
}

/* What leaks: lost blocks if somebody has looked for them, and those that they hold; else all that was not freed. */
static void find_leaked(struct maker *maker)
{
	const struct allot_snapshot *snapshot = maker->snapshot;

	for (uint32_t i = 0; i < snapshot->site_count && !snapshot->leaks.looked; i++)
		maker->leaked[i] = snapshot->sites[i].live;
	for (uint32_t i = 0; i < snapshot->leak_group_count && snapshot->leaks.looked; i++) {
		const struct allot_leak_group *group = &snapshot->leak_groups[i];

		if (group->leak_class == ALLOT_LEAK_DEFINITE || group->leak_class == ALLOT_LEAK_INDIRECT)
			allotp_count_add(&maker->leaked[group->site], group->count);
	}
}

static bool is_suppressed(const struct maker *maker, uint32_t site)
{
	return allotp_suppressions_hold(maker->suppressions, maker->met[site]);
}

/* Takes suppressed blocks of a site out of what leaks. */
static void suppress(struct maker *maker, uint32_t site, struct allot_count count)
{
	struct allot_sums *sums = &maker->ledger->sums[site];

	allotp_count_add(&maker->ledger->suppressed, count);
	allotp_count_take(&sums->counts[ALLOT_QUANTITY_LEAKS], count);
	allotp_count_take(&sums->counts[ALLOT_QUANTITY_UNSUPPRESSED], count);
}

static void suppress_all(struct maker *maker)
{
	const struct allot_snapshot *snapshot = maker->snapshot;

	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		fill_sums(&snapshot->sites[i], maker->leaked[i], &maker->ledger->sums[i]);
		if (is_suppressed(maker, i))
			suppress(maker, i, maker->leaked[i]);
	}
	/* What a suppressed block leads to is as well known as the block. */
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		const struct allot_leaked *block = &snapshot->lost[i];

		if (block->leak_class == ALLOT_LEAK_INDIRECT &&
		    is_suppressed(maker, snapshot->lost[block->leader].site) && !is_suppressed(maker, block->site))
			suppress(maker, block->site, (struct allot_count){ block->size, 1 });
	}
}

static int add_site(struct maker *maker, uint32_t number, uint32_t *entry_of)
{
	struct allot_ledger *ledger = maker->ledger;
	const struct allot_site *site = &maker->snapshot->sites[number];
	struct allot_sums *sums = &ledger->sums[number];
	uint32_t key = ledger->keys[number];
	struct allot_entry *entry;

	if (!entry_of[key]) {
		if (allotp_array_reserve(&ledger->entries, &ledger->room, ledger->count + 1, sizeof(*entry)) < 0)
			return -ENOMEM;
		ledger->entries[ledger->count] = (struct allot_entry){ .key = key, .stack = site->stack };
		entry_of[key] = ++ledger->count;
	}
	entry = &ledger->entries[entry_of[key] - 1];
	allotp_sums_add(&entry->sums, sums);
	if (site->live.bytes > entry->live || (site->live.bytes == entry->live && site->ever.bytes > entry->ever)) {
		entry->stack = site->stack;
		entry->live = site->live.bytes;
		entry->ever = site->ever.bytes;
	}
	return 0;
}

int allotp_ledger_init(struct allot_ledger *ledger, const struct allot_view *view, struct allot_keys *keys,
		       struct allot_suppressions *suppressions, bool again, allot_progress_fn *progress, void *context)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	struct maker maker = { ledger, snapshot, keys, suppressions, again, NULL, NULL };
	size_t sites = snapshot->site_count + (size_t)1;
	uint32_t *entry_of;
	int rc;

	*ledger = (struct allot_ledger){ 0 };
	allotp_tracer_init(&ledger->tracer, view);
	ledger->keys = calloc(sites, sizeof(*ledger->keys));
	ledger->sums = calloc(sites, sizeof(*ledger->sums));
	ledger->origins = calloc(sites, sizeof(*ledger->origins));
	maker.met = calloc(sites, sizeof(*maker.met));
	maker.leaked = calloc(sites, sizeof(*maker.leaked));
	rc = ledger->keys && ledger->sums && ledger->origins && maker.met && maker.leaked ? 0 : -ENOMEM;
	if (rc == 0) {
		find_leaked(&maker);
		rc = name_sites(&maker, progress, context);
	}
	if (rc == 0)
		suppress_all(&maker);
	entry_of = rc < 0 ? NULL : calloc(allotp_keys_count(keys), sizeof(*entry_of));
	if (rc == 0 && !entry_of)
		rc = -ENOMEM;
	for (uint32_t i = 0; i < snapshot->site_count && rc == 0; i++)
		rc = add_site(&maker, i, entry_of);
	free(entry_of);
	free(maker.met);
	free(maker.leaked);
	return rc;
}

void allotp_ledger_release(struct allot_ledger *ledger)
{
	allotp_tracer_release(&ledger->tracer);
	free(ledger->entries);
	free(ledger->keys);
	free(ledger->sums);
	free(ledger->origins);
}
