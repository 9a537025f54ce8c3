/* SPDX-License-Identifier: MIT */
/* What is left of each site's leaks when those that are known are suppressed. */
#include "leaks/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/counts.h"

static void sum_up(struct allot_tally *tally, const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->leak_group_count; i++) {
		const struct allot_leak_group *group = &snapshot->leak_groups[i];

		tally->sites[group->site].counts[group->leak_class] = group->count;
	}
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		const struct allot_leaked *block = &snapshot->lost[i];
		const struct allot_count one = { block->size, 1 };

		if (!block->known)
			allotp_count_add(&tally->sites[block->site].fresh[block->leak_class], one);
		if (block->leak_class == ALLOT_LEAK_INDIRECT)
			allotp_count_add(&tally->sites[snapshot->lost[block->leader].site].led, one);
	}
}

static struct allot_count leaked_at(const struct allot_site_leaks *site)
{
	struct allot_count sum = { 0, 0 };

	for (int i = 0; i < ALLOT_LEAK_REACHABLE; i++)
		allotp_count_add(&sum, site->counts[i]);
	return sum;
}

/* numbers[site]: what meet() said of its stack. */
static int meet(struct allot_tally *tally, const struct allot_view *view, struct allot_suppressions *suppressions,
		uint32_t *numbers)
{
	struct allot_trace trace = { 0 };
	struct allot_tracer tracer;
	int rc = 0;

	allotp_tracer_init(&tracer, view);
	for (uint32_t i = 0; i < view->snapshot->site_count && rc == 0; i++) {
		struct allot_count leaked = leaked_at(&tally->sites[i]);

		if (!leaked.blocks)
			continue;
		rc = allotp_tracer_trace(&tracer, view->snapshot->sites[i].stack, &trace);
		if (rc == 0)
			numbers[i] = allotp_suppressions_meet(suppressions, &trace, leaked);
	}
	allotp_trace_release(&trace);
	allotp_tracer_release(&tracer);
	return rc;
}

/* What a suppressed block leads to is as well known as the block. */
static void drop_led(struct allot_tally *tally, const struct allot_snapshot *snapshot,
		     const struct allot_suppressions *suppressions, const uint32_t *numbers)
{
	for (uint32_t i = 0; i < snapshot->lost_count; i++) {
		const struct allot_leaked *block = &snapshot->lost[i];
		const struct allot_count one = { block->size, 1 };

		if (block->leak_class != ALLOT_LEAK_INDIRECT ||
		    !allotp_suppressions_hold(suppressions, numbers[snapshot->lost[block->leader].site]) ||
		    allotp_suppressions_hold(suppressions, numbers[block->site]))
			continue;
		allotp_count_take(&tally->sites[block->site].counts[ALLOT_LEAK_INDIRECT], one);
		if (!block->known)
			allotp_count_take(&tally->sites[block->site].fresh[ALLOT_LEAK_INDIRECT], one);
		allotp_count_add(&tally->suppressed, one);
	}
}

static int suppress(struct allot_tally *tally, const struct allot_view *view, struct allot_suppressions *suppressions)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	uint32_t *numbers = calloc((size_t)snapshot->site_count + 1, sizeof(*numbers));
	int rc = numbers ? meet(tally, view, suppressions, numbers) : -ENOMEM;

	if (rc == 0) {
		drop_led(tally, snapshot, suppressions, numbers);
		for (uint32_t i = 0; i < snapshot->site_count; i++) {
			struct allot_site_leaks *site = &tally->sites[i];

			if (!allotp_suppressions_hold(suppressions, numbers[i]))
				continue;
			allotp_count_add(&tally->suppressed, leaked_at(site));
			memset(site->counts, 0, ALLOT_LEAK_REACHABLE * sizeof(site->counts[0]));
			memset(site->fresh, 0, sizeof(site->fresh));
			site->led = (struct allot_count){ 0, 0 };
		}
	}
	free(numbers);
	return rc;
}

int allotp_tally(struct allot_tally *tally, const struct allot_view *view, struct allot_suppressions *suppressions)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	int rc = 0;

	*tally = (struct allot_tally){ .sites = calloc((size_t)snapshot->site_count + 1, sizeof(*tally->sites)) };
	if (!tally->sites)
		return -ENOMEM;
	sum_up(tally, snapshot);
	if (suppressions && suppressions->count)
		rc = suppress(tally, view, suppressions);
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		for (int j = 0; j < ALLOT_LEAKS; j++) {
			allotp_count_add(&tally->counts[j], tally->sites[i].counts[j]);
			allotp_count_add(&tally->fresh[j], tally->sites[i].fresh[j]);
		}
	}
	return rc;
}

void allotp_tally_release(struct allot_tally *tally)
{
	free(tally->sites);
	tally->sites = NULL;
}
