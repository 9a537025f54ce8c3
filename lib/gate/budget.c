/* SPDX-License-Identifier: MIT */
/* Budgets: which limits hold for which part of a program. */
#include "gate/budget.h"

#include <allot/snapshot.h>
#include <stdlib.h>

static void release_rule(struct allot_rule *rule)
{
	while (rule->filter_count)
		allot_filter_release(&rule->filters[--rule->filter_count]);
	while (rule->limit_count)
		free(rule->limits[--rule->limit_count].text);
	free(rule->filters);
	free(rule->limits);
	free(rule->name);
}

void allotp_budget_release(struct allot_budget *budget)
{
	while (budget->count)
		release_rule(&budget->rules[--budget->count]);
	free(budget->rules);
	free(budget->file);
	*budget = (struct allot_budget){ 0 };
}

bool allotp_budget_has(const struct allot_budget *budget, enum allot_scope scope)
{
	for (uint32_t i = 0; i < budget->count; i++)
		if (budget->rules[i].scope == scope)
			return true;
	return false;
}

bool allotp_budget_limits(const struct allot_budget *budget, enum allot_quantity quantity)
{
	for (uint32_t i = 0; i < budget->count; i++)
		for (uint32_t l = 0; l < budget->rules[i].limit_count; l++)
			if (budget->rules[i].limits[l].quantity == quantity)
				return true;
	return false;
}
