/* SPDX-License-Identifier: MIT */
/* Budgets: which limits hold for which part of a program. doc/allot-budget.5 has the file. */
#ifndef ALLOT_GATE_BUDGET_H
#define ALLOT_GATE_BUDGET_H

#include "gate/limit.h"

struct allot_error;
struct allot_filter;

enum allot_scope {
	ALLOT_SCOPE_PROGRAM,
	ALLOT_SCOPE_DOMAIN,
	ALLOT_SCOPE_REGION,
	ALLOT_SCOPE_MODULE,
	ALLOT_SCOPE_SITES,  /* those that filters match, together */
	ALLOT_SCOPE_GROWTH, /* each call site by itself, against the baseline */
};

struct allot_rule {
	enum allot_scope scope;
	char *name; /* of the domain, region, module; of SITES what they are called; "" for the others */
	struct allot_filter *filters; /* of SITES */
	uint32_t filter_count;
	struct allot_limit *limits; /* by quantity, as the enum has them */
	uint32_t limit_count;
	uint32_t line; /* of the budget; 0: none */
};

struct allot_budget {
	char *file; /* as it was named, "" for one of allot's own */
	struct allot_rule *rules;
	uint32_t count, room;
	double truncated_percent; /* of the walks that may end early */
	bool truncated_given;
	uint32_t truncated_line;
};

/* Reads the file. 0 or a negative errno with the error: "file:line:column: what is wrong"; release it only after 0. */
int allotp_budget_read(struct allot_budget *budget, const char *path, struct allot_error *error);
/* The same from memory; the text ends with a byte of 0. */
int allotp_budget_parse(struct allot_budget *budget, const char *name, const char *text, size_t size,
			struct allot_error *error);
void allotp_budget_release(struct allot_budget *budget);

/*
 * Adds what is checked when no budget says it: against a baseline the growth of what is live at each call site, unless the
 * budget has `growth`, and without a budget the peak; leaks, if there are suppressions, or nothing else to check, unless the
 * budget limits leaks. given: it was read from a file. 0 or -ENOMEM.
 */
int allotp_budget_complete(struct allot_budget *budget, bool given, bool has_baseline, bool has_suppressions,
			   struct allot_error *error);

/* Is there a rule for the scope, a limit on the quantity? */
bool allotp_budget_has(const struct allot_budget *budget, enum allot_scope scope);
bool allotp_budget_limits(const struct allot_budget *budget, enum allot_quantity quantity);

#endif
