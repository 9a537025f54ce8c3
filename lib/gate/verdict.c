/* SPDX-License-Identifier: MIT */
/* The verdict on a snapshot: what it is made of, and the order of its findings. */
#include "gate/verdict.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t grown_by(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static int descending(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

/* Whole parts before call sites, in the budget's order; of the sites those that have most more. */
static int by_weight(const void *left, const void *right, void *keys)
{
	const struct allot_finding *a = left, *b = right;
	int order;

	if (a->site != b->site)
		return a->site ? 1 : -1;
	if (!a->site)
		return a->check == b->check ? 0 : a->check < b->check ? -1 : 1;
	order = descending(grown_by(a->now.bytes, a->before.bytes), grown_by(b->now.bytes, b->before.bytes));
	if (!order)
		order = descending(grown_by(a->now.blocks, a->before.blocks),
				   grown_by(b->now.blocks, b->before.blocks));
	if (!order)
		order = allotp_keys_compare(keys, a->key, b->key);
	return order ? order : a->check == b->check ? 0 : a->check < b->check ? -1 : 1;
}

static int make_ledgers(struct allot_verdict *verdict)
{
	const struct allot_case *judged = verdict->judged;
	int rc = allotp_ledger_init(&verdict->now, judged->now, verdict->keys, judged->suppressions, false,
				    judged->progress, judged->context);

	if (rc == 0 && judged->before) {
		rc = allotp_ledger_init(&verdict->before, judged->before, verdict->keys, judged->suppressions, true,
					judged->progress, judged->context);
		if (rc == 0)
			rc = allotp_changes_init(&verdict->moved, verdict->keys, &verdict->now, &verdict->before,
						 ALLOT_QUANTITY_UNSUPPRESSED);
	}
	return rc;
}

static int judge(struct allot_verdict *verdict)
{
	const struct allot_case *judged = verdict->judged;
	int rc = allotp_keys_new(&verdict->keys);

	if (rc == 0)
		rc = make_ledgers(verdict);
	if (rc == 0)
		rc = allotp_verdict_find_incomplete(verdict, judged->now, "");
	if (rc == 0 && judged->before)
		rc = allotp_verdict_find_incomplete(verdict, judged->before, "baseline: ");
	if (rc == 0)
		rc = allotp_verdict_check(verdict);
	if (rc == 0)
		rc = allotp_verdict_note(verdict);
	if (rc < 0)
		return rc;
	if (verdict->finding_count)
		qsort_r(verdict->findings, verdict->finding_count, sizeof(*verdict->findings), by_weight,
			verdict->keys);
	for (uint32_t i = 0; i < verdict->check_count; i++)
		verdict->over |= verdict->checks[i].result == ALLOT_RESULT_OVER;
	verdict->refused = verdict->incomplete_count && !judged->allow_incomplete;
	return 0;
}

int allotp_verdict_new(const struct allot_case *judged, struct allot_verdict **out)
{
	struct allot_verdict *verdict = calloc(1, sizeof(*verdict));
	int rc;

	if (!verdict)
		return -ENOMEM;
	verdict->judged = judged;
	rc = judge(verdict);
	if (rc < 0)
		allotp_verdict_free(verdict);
	else
		*out = verdict;
	return rc;
}

void allotp_verdict_free(struct allot_verdict *verdict)
{
	if (!verdict)
		return;
	while (verdict->check_count)
		free(verdict->checks[--verdict->check_count].subject);
	while (verdict->incomplete_count)
		free(verdict->incomplete[--verdict->incomplete_count]);
	while (verdict->note_count)
		free(verdict->notes[--verdict->note_count].text);
	allotp_changes_release(&verdict->moved);
	allotp_ledger_release(&verdict->now);
	allotp_ledger_release(&verdict->before);
	allotp_keys_free(verdict->keys);
	free(verdict->checks);
	free(verdict->findings);
	free(verdict->incomplete);
	free(verdict->notes);
	free(verdict);
}
