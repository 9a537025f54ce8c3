/* SPDX-License-Identifier: MIT */
/* What `allot run` leaves behind: snapshots in files, and the report. */
#ifndef ALLOT_CLI_OUTCOME_H
#define ALLOT_CLI_OUTCOME_H

#include "launch.h"
#include "report/report.h"
#include "tracees.h"

struct allot_outcome_options {
	struct allot_report_options report;
	const char *output;      /* NULL: allot.PROG.PID.snap */
	const char *report_path; /* NULL: standard error */
};

/* Keeps a snapshot of the running program as FILE.NNN. A failure is said on standard error. */
void allotp_outcome_interval(const struct allot_outcome_options *options, struct allot_tracees *tracees, pid_t pid,
			     unsigned int number);

/*
 * After the program's end: snapshots of it and of all followed children, and the report. program is what was
 * asked for, for messages. What fails is said on standard error; the exit status stays the program's.
 */
void allotp_outcome_finish(const struct allot_outcome_options *options, struct allot_tracees *tracees,
			   const struct allot_launch *launch, const char *program);

#endif
