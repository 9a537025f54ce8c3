/* SPDX-License-Identifier: MIT */
/* What is checked when no budget says it. */
#include <stdlib.h>
#include <string.h>

#include "gate/budget.h"
#include "report/array.h"

/*
 * The contents of strings differ from machine to machine (paths, dates), so bytes may grow a little; blocks may not. Of the
 * peak only that of the whole program is compared: what a call site held then depends on which moment it was.
 */
static const char against_baseline[] = "{\"growth\": {\"live\": {\"bytes\": \"+5% +256 B\", \"blocks\": \"+0\"}},"
				       " \"program\": {\"peak\": \"+5% +4 KiB\"}}";
static const char growth_alone[] = "{\"growth\": {\"live\": {\"bytes\": \"+5% +256 B\", \"blocks\": \"+0\"}}}";
static const char no_leaks[] = "{\"program\": {\"leaks\": 0}}";

/* Adds the rules of a budget of our own. Their lines are nobody's. */
static int add(struct allot_budget *budget, const char *text, struct allot_error *error)
{
	struct allot_budget own;
	int rc = allotp_budget_parse(&own, "", text, strlen(text), error);

	if (rc < 0)
		return rc;
	rc = allotp_array_reserve(&budget->rules, &budget->room, budget->count + own.count, sizeof(*budget->rules));
	if (rc == 0) {
		for (uint32_t i = 0; i < own.count; i++) {
			for (uint32_t l = 0; l < own.rules[i].limit_count; l++)
				own.rules[i].limits[l].line = 0;
			budget->rules[budget->count++] = own.rules[i];
		}
		own.count = 0;
	}
	allotp_budget_release(&own);
	return rc;
}

int allotp_budget_complete(struct allot_budget *budget, bool given, bool has_baseline, bool has_suppressions,
			   struct allot_error *error)
{
	int rc = 0;

	if (!given && has_baseline)
		rc = add(budget, against_baseline, error);
	else if (has_baseline && !allotp_budget_has(budget, ALLOT_SCOPE_GROWTH))
		rc = add(budget, growth_alone, error);
	if (rc == 0 && (has_suppressions || (!given && !has_baseline)) &&
	    !allotp_budget_limits(budget, ALLOT_QUANTITY_LEAKS))
		rc = add(budget, no_leaks, error);
	return rc;
}
