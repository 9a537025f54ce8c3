/* SPDX-License-Identifier: MIT */
/* What `allot run` leaves behind: snapshots in files, and the report. */
#ifndef ALLOT_CLI_OUTCOME_H
#define ALLOT_CLI_OUTCOME_H

#include <limits.h>

#include "children.h"
#include "foresight.h"
#include "kept.h"
#include "launch.h"
#include "leak-options.h"
#include "refusals.h"
#include "report/report.h"
#include "saver.h"
#include "tracees.h"

struct allot_outcome {
	/* as asked for */
	struct allot_report_options report;
	const char *output;      /* NULL: allot.PROG.PID.snap */
	const char *report_path; /* NULL: standard error */
	bool look;               /* for leaks: then the report is of those */
	struct allot_leak_options leaks;
	bool growth;        /* there is a history to tell growth of; */
	bool growth_wanted; /* and if there is too little of it, that is to be told */
	/* as it is */
	FILE *out; /* where the report goes */
	struct allot_foresight foresight;
	pid_t pid;           /* of the program */
	char base[PATH_MAX]; /* what the names of all snapshots begin with */
	struct allot_kept kept;
	struct allot_refusals refusals;
	struct allot_snapshot *program; /* of the program's end; NULL: not recorded */
	struct allot_saver saver;       /* of that */
	bool written;                   /* it is in its file */
	int leak_status;                /* what its leaks and growth come to: EXIT_OK, EXIT_GATE or EXIT_INCOMPLETE */
	struct allot_children left;     /* still run, and have recorded nothing */
	bool leaving;                   /* followed processes still run */
};

/*
 * Before the program runs: looks whether the snapshot and the report can be written, so that nobody learns it when hours
 * of work are to be kept. 0 or a negative errno with the error.
 */
int allotp_outcome_open(struct allot_outcome *outcome, struct allot_error *error);
/* The program is being run: its snapshot gets a name. */
void allotp_outcome_name(struct allot_outcome *outcome, const char *program, pid_t pid);
void allotp_outcome_release(struct allot_outcome *outcome);

/* Something of what the report will need is read, if there is anything: while there is little else to do. */
void allotp_outcome_foresee(struct allot_outcome *outcome, struct allot_tracees *tracees, pid_t pid);

/* Keeps a snapshot of the running program as FILE.NNN. A failure is said on standard error. */
void allotp_outcome_interval(struct allot_outcome *outcome, struct allot_tracees *tracees, pid_t pid,
			     unsigned int number);

/* Keeps snapshots of the followed processes that have ended, as FILE.PID, and lets them go. */
void allotp_outcome_ended(struct allot_outcome *outcome, struct allot_tracees *tracees, pid_t pid);

/* After the program's end: begins to keep its snapshot, and lets it go. What fails is said on standard error. */
void allotp_outcome_keep(struct allot_outcome *outcome, struct allot_tracees *tracees,
			 const struct allot_launch *launch);
/* After that: the snapshots of all others, also of those that still run. */
void allotp_outcome_keep_rest(struct allot_outcome *outcome, struct allot_tracees *tracees);

/* Says on standard error that the program has ended and what is waited for. */
void allotp_outcome_tell_wait(const char *program, const struct allot_children *children);
/* Some of these still run, and are waited for no longer: the report is to say so. */
void allotp_outcome_leave(struct allot_outcome *outcome, struct allot_tracees *tracees,
			  const struct allot_children *children);
/*
 * The report, which may take long, and the same snapshot once more with the names that were found. program is what was
 * asked for, for messages.
 */
void allotp_outcome_report(struct allot_outcome *outcome, const char *program);

#endif
