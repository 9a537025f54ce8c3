/* SPDX-License-Identifier: MIT */
/* What each call site of a snapshot has, by its identity. */
#include "gate/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/fold.h"
#include "gate/identity.h"
#include "report/array.h"

const char *allotp_quantity_name(enum allot_quantity quantity)
{
	static const char *const names[ALLOT_QUANTITIES] = { "live", "peak", "ever", "count", "temporary", "leaks" };

	return names[quantity];
}

void allotp_sums_add(struct allot_sums *to, const struct allot_sums *from)
{
	for (int i = 0; i < ALLOT_QUANTITIES_KEPT; i++) {
		to->counts[i].bytes += from->counts[i].bytes;
		to->counts[i].blocks += from->counts[i].blocks;
		to->variances[i].bytes += from->variances[i].bytes;
		to->variances[i].blocks += from->variances[i].blocks;
	}
}

static void fill_sums(const struct allot_site *site, struct allot_sums *sums)
{
	*sums = (struct allot_sums){
		.counts = { [ALLOT_QUANTITY_LIVE] = site->live,
			    [ALLOT_QUANTITY_PEAK] = site->peak,
			    [ALLOT_QUANTITY_EVER] = site->ever,
			    [ALLOT_QUANTITY_COUNT] = site->ever,
			    [ALLOT_QUANTITY_TEMPORARY] = site->temporary,
			    [ALLOT_QUANTITY_LEAKS] = site->live,
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
	uint32_t *met; /* what the suppressions said */
	bool *kept;    /* by the C library */
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
		maker->kept[i] = is_kept_by_libc(&trace);
		if (rc == 0 && site->live.blocks && !maker->kept[i])
			maker->met[i] = maker->again
						? allotp_suppressions_find(maker->suppressions, &trace)
						: allotp_suppressions_meet(maker->suppressions, &trace, site->live);
	}
	allotp_trace_release(&trace);
	return rc;
}

static void clear(struct allot_sums *sums, enum allot_quantity quantity)
{
	sums->counts[quantity] = (struct allot_count){ 0 };
	sums->variances[quantity] = (struct allot_variance){ 0 };
}

static int add_site(struct maker *maker, uint32_t number, uint32_t *entry_of)
{
	struct allot_ledger *ledger = maker->ledger;
	const struct allot_site *site = &maker->snapshot->sites[number];
	struct allot_sums *sums = &ledger->sums[number];
	uint32_t key = ledger->keys[number];
	struct allot_entry *entry;

	fill_sums(site, sums);
	if (allotp_suppressions_hold(maker->suppressions, maker->met[number])) {
		ledger->suppressed.bytes += site->live.bytes;
		ledger->suppressed.blocks += site->live.blocks;
		clear(sums, ALLOT_QUANTITY_LEAKS);
		clear(sums, ALLOT_QUANTITY_UNSUPPRESSED);
	}
	if (maker->kept[number])
		clear(sums, ALLOT_QUANTITY_LEAKS);
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
	maker.kept = calloc(sites, sizeof(*maker.kept));
	rc = ledger->keys && ledger->sums && ledger->origins && maker.met ? name_sites(&maker, progress, context)
									  : -ENOMEM;
	entry_of = rc < 0 ? NULL : calloc(allotp_keys_count(keys), sizeof(*entry_of));
	if (rc == 0 && !entry_of)
		rc = -ENOMEM;
	for (uint32_t i = 0; i < snapshot->site_count && rc == 0; i++)
		rc = add_site(&maker, i, entry_of);
	free(entry_of);
	free(maker.met);
	free(maker.kept);
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
