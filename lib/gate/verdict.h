/* SPDX-License-Identifier: MIT */
/* The verdict on a snapshot: which limits it keeps, which call sites break them, and whether it can be judged at all. */
#ifndef ALLOT_GATE_VERDICT_H
#define ALLOT_GATE_VERDICT_H

#include "gate/budget.h"
#include "gate/change.h"
#include "gate/ledger.h"
#include "gate/suppression.h"

/* What to judge, and by what. */
struct allot_case {
	const struct allot_view *now;
	const struct allot_view *before; /* the baseline; NULL: none */
	const char *name, *before_name;  /* of the files, for people */
	const struct allot_budget *budget;
	struct allot_suppressions *suppressions;
	bool allow_incomplete;
	const char *root; /* the folder that files are shown relative to; "" for none, else it ends with '/' */
	uint32_t top;     /* how many findings people are shown */
	unsigned width;   /* of the terminal; 0: nothing is cut */
	allot_progress_fn *progress; /* may be NULL */
	void *context;               /* for progress */
};

enum allot_result {
	ALLOT_RESULT_PASS,
	ALLOT_RESULT_OVER,
	ALLOT_RESULT_UNCHECKED, /* reason says why */
};

/* One thing that was checked: the limits of a rule on one quantity. */
struct allot_check {
	const struct allot_rule *rule;
	const struct allot_limit *limits; /* the first of them, in the rule */
	uint32_t limit_count;
	enum allot_quantity quantity;
	char *subject; /* "program", "region parse", "each call site" … */
	enum allot_result result;
	const char *reason;             /* of UNCHECKED */
	bool compared;                  /* the baseline says something: before is valid */
	struct allot_count now, before; /* of GROWTH: of all call sites together */
	struct allot_variance variance; /* of now; if compared, of the difference */
	uint32_t findings;
};

/* One reason for a failure. */
struct allot_finding {
	uint32_t check;                  /* in checks[] */
	const struct allot_limit *limit; /* the first that is broken */
	bool site;                       /* it is a call site; else the check's subject as a whole */
	bool compared;                   /* before is valid */
	uint32_t key;                    /* of the site, or of the one that has most of it; 0: none */
	uint32_t stack;                  /* the same as an example, a node of the new snapshot */
	struct allot_count now, before;
	struct allot_variance variance; /* as in checks */
};

/* What people should know, though it fails nothing. */
struct allot_note {
	char *text;       /* a sentence without its end */
	const char *file; /* where it is about: the suppression's or the budget's; NULL: nowhere */
	uint32_t line;
};

struct allot_verdict {
	const struct allot_case *judged;
	struct allot_keys *keys;
	struct allot_ledger now, before; /* before: empty without a baseline */
	struct allot_check *checks;
	uint32_t check_count, check_room;
	struct allot_finding *findings; /* the worst first */
	uint32_t finding_count, finding_room;
	struct allot_changes moved; /* of what is live; those that cancel out have a number */
	char **incomplete;          /* why the data cannot be trusted, one sentence each */
	uint32_t incomplete_count;
	struct allot_note *notes;
	uint32_t note_count;
	bool over, refused; /* refused: the data is incomplete, and that was not allowed */
};

/* Judges. Returns 0 and *out, or -ENOMEM. All of the case must outlive the verdict. */
int allotp_verdict_new(const struct allot_case *judged, struct allot_verdict **out);
void allotp_verdict_free(struct allot_verdict *verdict);

/* Parts of allotp_verdict_new. */

/* Makes the checks and findings; lib/gate/check.c. 0 or -ENOMEM. */
int allotp_verdict_check(struct allot_verdict *verdict);
/* Why a snapshot is not to be judged by; lib/gate/complete.c. prefix is "" or "baseline: ". 0 or -ENOMEM. */
int allotp_verdict_find_incomplete(struct allot_verdict *verdict, const struct allot_view *view, const char *prefix);
/* What people should know; lib/gate/note.c. 0 or -ENOMEM. */
int allotp_verdict_note(struct allot_verdict *verdict);
#endif
