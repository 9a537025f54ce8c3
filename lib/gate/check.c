/* SPDX-License-Identifier: MIT */
/* Holds a snapshot against a budget: which limits it keeps, and which call sites break them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/measure.h"
#include "gate/verdict.h"
#include "report/array.h"
#include "snapshot/counts.h"

static int add_check(struct allot_verdict *verdict, const struct allot_check *check)
{
	if (allotp_array_reserve(&verdict->checks, &verdict->check_room, verdict->check_count + 1,
				 sizeof(*verdict->checks)) < 0)
		return -ENOMEM;
	verdict->checks[verdict->check_count++] = *check;
	return 0;
}

static int add_finding(struct allot_verdict *verdict, const struct allot_finding *finding)
{
	if (allotp_array_reserve(&verdict->findings, &verdict->finding_room, verdict->finding_count + 1,
				 sizeof(*verdict->findings)) < 0)
		return -ENOMEM;
	verdict->findings[verdict->finding_count++] = *finding;
	verdict->checks[finding->check].findings++;
	return 0;
}

/* The first of the check's limits that a count breaks; NULL: it keeps all. Without a baseline relative ones are not asked. */
static const struct allot_limit *find_broken(const struct allot_check *check, struct allot_count now,
					     const struct allot_count *before, struct allot_variance variance)
{
	static const struct allot_count none;

	for (uint32_t i = 0; i < check->limit_count; i++) {
		const struct allot_limit *limit = &check->limits[i];

		if ((before || !limit->relative) && !allotp_limit_holds(limit, now, before ? *before : none, variance))
			return limit;
	}
	return NULL;
}

static bool has_relative(const struct allot_check *check)
{
	for (uint32_t i = 0; i < check->limit_count; i++)
		if (check->limits[i].relative)
			return true;
	return false;
}

static bool all_relative(const struct allot_check *check)
{
	for (uint32_t i = 0; i < check->limit_count; i++)
		if (!check->limits[i].relative)
			return false;
	return true;
}

/* Nothing may leak at all: then the call sites say it all, one by one. */
static bool is_no_leaks(const struct allot_check *check, const struct allot_limit *limit)
{
	return check->quantity == ALLOT_QUANTITY_LEAKS && !limit->relative && !limit->most;
}

/* What has been found of a part of the program, in both snapshots. */
struct measured {
	struct allot_part now, before;
};

static int judge_part(struct allot_verdict *verdict, uint32_t number, const struct measured *measured)
{
	struct allot_check *check = &verdict->checks[number];
	uint32_t site = measured->now.site[check->quantity];
	const struct allot_limit *broken =
		find_broken(check, check->now, check->compared ? &check->before : NULL, check->variance);
	struct allot_finding finding = {
		.check = number,
		.limit = broken,
		.compared = check->compared,
		.now = check->now,
		.before = check->before,
		.variance = check->variance,
	};

	if (!broken)
		return 0;
	check->result = ALLOT_RESULT_OVER;
	if (site) {
		finding.key = verdict->now.keys[site - 1];
		finding.stack = verdict->judged->now->snapshot->sites[site - 1].stack;
	}
	return is_no_leaks(check, broken) && check->rule->scope == ALLOT_SCOPE_PROGRAM ? 0
										       : add_finding(verdict, &finding);
}

/* Why the check of a part cannot be made; NULL: it can. */
static const char *find_reason(const struct allot_check *check, const struct measured *measured, bool has_baseline)
{
	static const char *const missing[] = {
		[ALLOT_SCOPE_DOMAIN] = "no such domain in the snapshot",
		[ALLOT_SCOPE_REGION] = "no such region in the snapshot",
		[ALLOT_SCOPE_MODULE] = "no such module in the snapshot",
	};

	if (!measured->now.found)
		return missing[check->rule->scope];
	if (!has_baseline && all_relative(check))
		return "no baseline";
	return NULL;
}

static int check_part(struct allot_verdict *verdict, struct allot_check *check, const struct measured *measured)
{
	const struct allot_case *judged = verdict->judged;
	enum allot_quantity quantity = check->quantity;
	int rc;

	check->now = measured->now.sums.counts[quantity];
	check->variance = measured->now.sums.variances[quantity];
	check->reason = find_reason(check, measured, judged->before);
	if (judged->before && has_relative(check)) {
		check->compared = true;
		check->before = measured->before.sums.counts[quantity];
		allotp_variance_add(&check->variance, measured->before.sums.variances[quantity]);
	}
	if (check->reason)
		check->result = ALLOT_RESULT_UNCHECKED;
	rc = add_check(verdict, check);
	if (rc < 0) {
		free(check->subject);
		return rc;
	}
	return check->reason ? 0 : judge_part(verdict, verdict->check_count - 1, measured);
}

/* The first of a rule's checks that has not been made, or that there is no more: its limits are of one quantity. */
static bool next_check(const struct allot_rule *rule, struct allot_check *check)
{
	const struct allot_limit *end = rule->limits + rule->limit_count;
	const struct allot_limit *next = check->limits ? check->limits + check->limit_count : rule->limits;

	if (!rule->limit_count || next == end)
		return false;
	*check = (struct allot_check){ .rule = rule, .limits = next, .quantity = next->quantity };
	while (next < end && next->quantity == check->quantity) {
		next++;
		check->limit_count++;
	}
	return true;
}

static char *subject_of(const struct allot_rule *rule, const char *region)
{
	char *subject;
	int length;

	switch (rule->scope) {
	case ALLOT_SCOPE_PROGRAM:
		return strdup("program");
	case ALLOT_SCOPE_GROWTH:
		return strdup("each call site");
	case ALLOT_SCOPE_DOMAIN:
		length = asprintf(&subject, "domain %s", rule->name);
		break;
	case ALLOT_SCOPE_REGION:
		length = asprintf(&subject, "region %s", region);
		break;
	case ALLOT_SCOPE_MODULE:
		length = asprintf(&subject, "module %s", rule->name);
		break;
	default:
		if (!*rule->name)
			return strdup("call sites");
		length = asprintf(&subject, "call sites %s", rule->name);
	}
	return length < 0 ? NULL : subject;
}

/* Makes all checks of a rule on one part of the program. */
static int check_rule(struct allot_verdict *verdict, const struct allot_rule *rule, const char *region)
{
	struct allot_check check = { 0 };
	struct measured measured = { 0 };
	int rc = allotp_part_measure(rule, region, &verdict->now, &measured.now);

	if (rc == 0 && verdict->judged->before)
		rc = allotp_part_measure(rule, region, &verdict->before, &measured.before);
	while (rc == 0 && next_check(rule, &check)) {
		check.subject = subject_of(rule, region);
		rc = check.subject ? check_part(verdict, &check, &measured) : -ENOMEM;
	}
	return rc;
}

/* A region's name stands for all that are called so, wherever they are; its path for one. */
static int check_regions(struct allot_verdict *verdict, const struct allot_rule *rule)
{
	const struct allot_snapshot *snapshot = verdict->judged->now->snapshot;
	bool found = false;
	int rc = 0;

	for (uint32_t i = 1; i < snapshot->region_count && rc == 0; i++) {
		char *path = allotp_snapshot_region_path(snapshot, i);

		if (!path)
			return -ENOMEM;
		if (!strcmp(snapshot->regions[i].name, rule->name) || !strcmp(path, rule->name)) {
			found = true;
			rc = check_rule(verdict, rule, path);
		}
		free(path);
	}
	return rc == 0 && !found ? check_rule(verdict, rule, rule->name) : rc;
}

/* Of what each call site has more: as the quantity says, but live without what is suppressed. */
static enum allot_quantity grown_quantity(const struct allot_check *check)
{
	return check->quantity == ALLOT_QUANTITY_LIVE ? ALLOT_QUANTITY_UNSUPPRESSED : check->quantity;
}

static int judge_changes(struct allot_verdict *verdict, uint32_t number, const struct allot_changes *changes)
{
	int rc = 0;

	for (uint32_t i = 0; i < changes->count && rc == 0; i++) {
		const struct allot_change *change = &changes->list[i];
		struct allot_check *check = &verdict->checks[number];
		const struct allot_limit *broken;
		struct allot_finding finding;

		allotp_count_add(&check->now, change->count);
		allotp_count_add(&check->before, change->count_before);
		if (change->moved || !change->now)
			continue;
		broken = find_broken(check, change->count, &change->count_before, change->variance);
		if (!broken)
			continue;
		check->result = ALLOT_RESULT_OVER;
		finding = (struct allot_finding){
			.check = number,
			.limit = broken,
			.site = true,
			.compared = true,
			.key = change->key,
			.stack = change->now->stack,
			.now = change->count,
			.before = change->count_before,
			.variance = change->variance,
		};
		rc = add_finding(verdict, &finding);
	}
	return rc;
}

static int check_growth(struct allot_verdict *verdict, const struct allot_rule *rule)
{
	const struct allot_case *judged = verdict->judged;
	struct allot_check check = { 0 };
	int rc = 0;

	while (rc == 0 && next_check(rule, &check)) {
		struct allot_changes changes = { 0 };

		check.subject = subject_of(rule, NULL);
		check.compared = judged->before;
		if (!judged->before) {
			check.result = ALLOT_RESULT_UNCHECKED;
			check.reason = "no baseline";
		}
		rc = check.subject ? add_check(verdict, &check) : -ENOMEM;
		if (rc < 0)
			free(check.subject);
		if (rc == 0 && judged->before) {
			rc = allotp_changes_init(&changes, verdict->keys, &verdict->now, &verdict->before,
						 grown_quantity(&check));
			if (rc == 0)
				rc = judge_changes(verdict, verdict->check_count - 1, &changes);
			allotp_changes_release(&changes);
		}
	}
	return rc;
}

/* Every call site that leaks, once, if a limit on leaks is broken: for the first of them that it is a part of. */
static int find_leaks(struct allot_verdict *verdict)
{
	uint32_t number = 0;
	int rc = 0;

	while (number < verdict->check_count && !(verdict->checks[number].quantity == ALLOT_QUANTITY_LEAKS &&
						  verdict->checks[number].rule->scope == ALLOT_SCOPE_PROGRAM &&
						  verdict->checks[number].result == ALLOT_RESULT_OVER))
		number++;
	for (uint32_t i = 0; number < verdict->check_count && i < verdict->now.count && rc == 0; i++) {
		const struct allot_entry *entry = &verdict->now.entries[i];
		struct allot_finding finding = {
			.check = number,
			.limit = verdict->checks[number].limits,
			.site = true,
			.key = entry->key,
			.stack = entry->stack,
			.now = entry->sums.counts[ALLOT_QUANTITY_LEAKS],
			.variance = entry->sums.variances[ALLOT_QUANTITY_LEAKS],
		};

		if (finding.now.blocks)
			rc = add_finding(verdict, &finding);
	}
	return rc;
}

int allotp_verdict_check(struct allot_verdict *verdict)
{
	const struct allot_budget *budget = verdict->judged->budget;
	int rc = 0;

	for (uint32_t i = 0; i < budget->count && rc == 0; i++) {
		const struct allot_rule *rule = &budget->rules[i];

		if (rule->scope == ALLOT_SCOPE_GROWTH)
			rc = check_growth(verdict, rule);
		else if (rule->scope == ALLOT_SCOPE_REGION)
			rc = check_regions(verdict, rule);
		else
			rc = check_rule(verdict, rule, NULL);
	}
	return rc < 0 ? rc : find_leaks(verdict);
}
