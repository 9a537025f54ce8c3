/* SPDX-License-Identifier: MIT */
/* What `allot run` leaves behind. */
#include "outcome.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leaks/growth.h"
#include "progress.h"
#include "report/print.h"
#include "terminal.h"

static void complain(const char *text)
{
	fputs("allot run: ", stderr);
	allotp_put(stderr, text);
	putc('\n', stderr);
}

void allotp_outcome_name(struct allot_outcome *outcome, const char *program, pid_t pid)
{
	const char *slash = strrchr(program, '/');

	outcome->pid = pid;
	if (outcome->output)
		snprintf(outcome->base, sizeof(outcome->base), "%s", outcome->output);
	else
		snprintf(outcome->base, sizeof(outcome->base), "allot.%s.%d.snap", slash ? slash + 1 : program, pid);
}

void allotp_outcome_release(struct allot_outcome *outcome)
{
	struct allot_error error;

	if (outcome->out && outcome->out != stderr && fclose(outcome->out)) {
		allotp_error(&error, -errno, "%s: %s", outcome->report_path, strerror(errno));
		complain(error.text);
	}
	allotp_ahead_release(&outcome->foresight.ahead);
	allotp_kept_release(&outcome->kept);
	allotp_leak_options_release(&outcome->leaks);
	allotp_refusals_release(&outcome->refusals);
	allotp_saver_release(&outcome->saver);
	allotp_snapshot_free(outcome->program);
	outcome->out = NULL;
}

static int check_output(const char *path, struct allot_error *error)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct stat status;
	int result = 0;

	if (!folder)
		return allotp_error(error, -ENOMEM, "out of memory");
	if (strlen(path) >= PATH_MAX)
		result = allotp_error(error, -ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
	else if (!stat(path, &status) && S_ISDIR(status.st_mode))
		result = allotp_error(error, -EISDIR, "%s: is a directory", path);
	else if (!stat(path, &status) && !S_ISREG(status.st_mode))
		result = access(path, W_OK) ? allotp_error(error, -errno, "%s: %s", path, strerror(errno)) : 0;
	else if (access(folder, W_OK | X_OK))
		result = allotp_error(error, -errno, "%s: cannot be written: %s", path, strerror(errno));
	free(folder);
	return result;
}

int allotp_outcome_open(struct allot_outcome *outcome, struct allot_error *error)
{
	int result = check_output(outcome->output ? outcome->output : "allot.snap", error);

	if (result)
		return result;
	outcome->out = outcome->report_path ? fopen(outcome->report_path, "we") : stderr;
	if (!outcome->out)
		return allotp_error(error, -errno, "%s: %s", outcome->report_path, strerror(errno));
	return 0;
}

static struct allot_snapshot *freeze(struct allot_tracee *tracee, bool over, const struct allot_launch *launch,
				     bool tick)
{
	struct allot_reader_end end = { .over = over, .exit = ALLOT_EXIT_UNKNOWN, .tick = tick };
	struct allot_snapshot *snapshot = NULL;
	struct allot_error error;
	int result;

	/* What waitpid says of the program counts more than what it said of itself. */
	if (over && launch && launch->ended && tracee->pid == (uint32_t)launch->pid &&
	    tracee->reader.store.header->exit_state != ALLOT_EXIT_EXEC) {
		end.exit = WIFSIGNALED(launch->status) ? ALLOT_EXIT_SIGNALED : ALLOT_EXIT_CLEAN;
		end.exit_value = WIFSIGNALED(launch->status) ? WTERMSIG(launch->status) : WEXITSTATUS(launch->status);
	}
	result = allotp_reader_freeze(&tracee->reader, &end, "store", &snapshot, &error);
	/* One that has stopped tracing has nothing to show now, and may start again. */
	if (result && (over || result != -ENODATA))
		complain(error.text);
	return result ? NULL : snapshot;
}

static bool write_snapshot(const struct allot_snapshot *snapshot, const char *path)
{
	struct allot_error error;

	if (!allotp_snapshot_write(snapshot, path, &error))
		return true;
	complain(error.text);
	return false;
}

void allotp_outcome_foresee(struct allot_outcome *outcome, struct allot_tracees *tracees, pid_t pid)
{
	const struct allot_tracee *tracee = allotp_tracees_last_of(tracees, (uint32_t)pid);

	if (tracee && allotp_reader_ready(&tracee->reader))
		allotp_foresee(&outcome->foresight, &tracee->reader);
}

void allotp_outcome_interval(struct allot_outcome *outcome, struct allot_tracees *tracees, pid_t pid,
			     unsigned int number)
{
	struct allot_tracee *tracee = allotp_tracees_last_of(tracees, (uint32_t)pid);
	struct allot_snapshot *snapshot = tracee ? freeze(tracee, false, NULL, true) : NULL;
	char *path = NULL;

	if (!snapshot)
		return;
	if (asprintf(&path, "%s.%03u", outcome->base, number) >= 0)
		write_snapshot(snapshot, path);
	free(path);
	allotp_snapshot_free(snapshot);
}

/* Leaks, if they were to be looked for and have been; why not, if not, with the usual report behind it. */
static int write_report(struct allot_outcome *outcome, const struct allot_view *view, struct allot_report_options *how)
{
	struct allot_count counts[ALLOT_LEAKS];
	struct allot_error error;
	char reason[256];
	int result;

	if (!outcome->look)
		return allotp_report_write(outcome->out, view, NULL, how);
	if (!view->snapshot->leaks.looked) {
		allotp_leaks_failure(view->snapshot, reason, sizeof(reason));
		fprintf(outcome->out, "allot: %s\n", reason);
		outcome->leak_status = outcome->leaks.error_on & ~ALLOT_LEAK_GROWTH ? EXIT_INCOMPLETE : EXIT_OK;
		return allotp_report_write(outcome->out, view, NULL, how);
	}
	outcome->leaks.report.group_by = how->group_by;
	outcome->leaks.report.top = how->top;
	outcome->leaks.report.width = how->width;
	result = allotp_leaks_write(outcome->out, view, &outcome->leaks.report, counts);
	if (!result)
		outcome->leak_status = allotp_leak_options_status(&outcome->leaks, counts);
	if (!result && outcome->leaks.why) {
		putc('\n', outcome->out);
		result = allotp_leak_options_why(outcome->out, &outcome->leaks, view, true, false, &error);
		if (result == -ENOENT) {
			fprintf(outcome->out, "allot: %s\n", error.text);
			result = 0;
		}
	}
	return result;
}

/* What grows, behind the report. */
static int write_growth(struct allot_outcome *outcome, const struct allot_view *view,
			const struct allot_report_options *how)
{
	const struct allot_growth_options options = {
		.group_by = how->group_by == ALLOT_GROUP_TYPE ? ALLOT_GROUP_LINE : how->group_by,
		.top = how->top,
		.suppressions = outcome->leaks.report.suppressions,
		.width = how->width,
		.appendix = true,
	};
	const char *name = outcome->base;
	struct allot_error error;
	uint32_t grows;
	int result;

	if (!outcome->growth)
		return 0;
	if (allotp_growth_check(view, 1, &name, &error)) {
		if (outcome->growth_wanted)
			fprintf(outcome->out, "allot: no verdict on growth: %s\n", error.text);
		if (outcome->leaks.error_on & ALLOT_LEAK_GROWTH && outcome->leak_status == EXIT_OK)
			outcome->leak_status = EXIT_INCOMPLETE;
		return 0;
	}
	putc('\n', outcome->out);
	result = allotp_growth_write(outcome->out, view, 1, &options, &grows);
	if (!result && grows && outcome->leaks.error_on & ALLOT_LEAK_GROWTH)
		outcome->leak_status = EXIT_GATE;
	return result;
}

/* Writes the report, and the snapshot with the names that it needed. */
static void report(struct allot_outcome *outcome, struct allot_snapshot *snapshot)
{
	struct allot_report_options how = outcome->report;
	struct allot_progress_line progress;
	struct allot_view view = { .snapshot = snapshot, .progress = allotp_progress_line_show, .context = &progress };
	struct allot_error error;
	int result, failed;

	allotp_progress_line_init(&progress);
	how.also_peak = true;
	how.width = outcome->report_path ? 0 : allotp_terminal_width(STDERR_FILENO);
	result = outcome->foresight.ahead.context
			 ? allotp_resolver_new_ahead(snapshot, view.progress, view.context, &outcome->foresight.ahead,
						     &view.resolver)
			 : allotp_resolver_new(snapshot, view.progress, view.context, &view.resolver);
	if (!result)
		result = write_report(outcome, &view, &how);
	if (!result)
		result = write_growth(outcome, &view, &how);
	allotp_progress_line_clear(&progress);
	failed = allotp_saver_wait(&outcome->saver, &error);
	if (!result)
		result = allotp_resolver_keep(view.resolver, snapshot);
	if (result)
		complain(strerror(-result));
	if (!failed)
		failed = allotp_saver_finish(&outcome->saver, &error);
	if (failed)
		complain(error.text);
	outcome->written = !failed;
	allotp_resolver_free(view.resolver);
}

/* What the report must not leave to the reader to guess. */
static void print_caveats(FILE *out, const struct allot_snapshot *snapshot)
{
	if (snapshot->trust.exit == ALLOT_EXIT_EXEC)
		fputs("allot: the program has become another one, which was not recorded\n", out);
	if (!snapshot->trust.events && !snapshot->trust.stopped && !snapshot->sampling_bytes)
		fputs("allot: no allocation was seen; one that brings its own malloc makes none that can be\n", out);
}

/* FILE.PID, or FILE.PID.N for the programs that the process was before its last. */
static char *name_of(const struct allot_outcome *outcome, struct allot_tracees *tracees, struct allot_tracee *tracee,
		     const struct allot_snapshot *snapshot)
{
	/* The store of what it has become may not have been seen yet. */
	bool last = snapshot->trust.exit != ALLOT_EXIT_EXEC && allotp_tracees_is_last(tracees, tracee);
	unsigned int before = allotp_tracees_before(tracees, tracee);
	char *name = NULL;

	if ((last ? asprintf(&name, "%s.%u", outcome->base, tracee->pid)
		  : asprintf(&name, "%s.%u.%u", outcome->base, tracee->pid, before + 1)) < 0)
		return NULL;
	return name;
}

static void keep_other(struct allot_outcome *outcome, struct allot_tracees *tracees, struct allot_tracee *tracee,
		       bool over)
{
	struct allot_snapshot *snapshot = freeze(tracee, over, NULL, false);
	char *path = NULL;

	allotp_refusals_add(&outcome->refusals, &tracee->reader);
	if (snapshot && (tracee->pid == (uint32_t)outcome->pid || allotp_kept_matters(&outcome->kept, snapshot)))
		path = name_of(outcome, tracees, tracee, snapshot);
	if (path && write_snapshot(snapshot, path) && allotp_kept_add(&outcome->kept, snapshot, path, !over))
		complain("out of memory");
	free(path);
	allotp_snapshot_free(snapshot);
}

void allotp_outcome_ended(struct allot_outcome *outcome, struct allot_tracees *tracees, pid_t pid)
{
	struct allot_tracee *tracee, *program = allotp_tracees_last_of(tracees, (uint32_t)pid);

	while ((tracee = allotp_tracees_next_ended(tracees, program))) {
		keep_other(outcome, tracees, tracee, true);
		allotp_tracees_let_go(tracees, tracee);
	}
}

/* What is no file is written to once, when all is known. */
static bool is_file(const char *path)
{
	struct stat status;

	return stat(path, &status) || S_ISREG(status.st_mode);
}

void allotp_outcome_keep(struct allot_outcome *outcome, struct allot_tracees *tracees,
			 const struct allot_launch *launch)
{
	struct allot_tracee *program = allotp_tracees_last_of(tracees, (uint32_t)launch->pid);
	struct allot_reader reader;

	if (!program)
		return;
	outcome->program = freeze(program, true, launch, false);
	allotp_refusals_add(&outcome->refusals, &program->reader);
	/* Its number may become another's. */
	reader = allotp_tracees_hand_over(tracees, program);
	if (outcome->program)
		allotp_saver_start(&outcome->saver, outcome->program, outcome->base, is_file(outcome->base), &reader);
	else
		allotp_reader_close(&reader);
}

void allotp_outcome_keep_rest(struct allot_outcome *outcome, struct allot_tracees *tracees)
{
	allotp_outcome_ended(outcome, tracees, 0);
	for (size_t i = 0; i < tracees->count; i++) {
		struct allot_tracee *tracee = &tracees->list[i];

		if (tracee->announced && !tracee->over)
			keep_other(outcome, tracees, tracee, !allotp_reader_is_running(&tracee->reader));
	}
}

static void print_children(FILE *out, const struct allot_children *children)
{
	char name[32];

	for (size_t i = 0; i < children->count; i++) {
		allotp_children_name(children->list[i], name, sizeof(name));
		fputs(i ? ", " : " ", out);
		allotp_put(out, name);
		fprintf(out, " (%d)", children->list[i]);
	}
}

void allotp_outcome_tell_wait(const char *program, const struct allot_children *children)
{
	fputs("allot run: ", stderr);
	allotp_put(stderr, program);
	fputs(" has ended; waiting for what it has started (Ctrl-C ends that):", stderr);
	print_children(stderr, children);
	putc('\n', stderr);
}

void allotp_outcome_leave(struct allot_outcome *outcome, struct allot_tracees *tracees,
			  const struct allot_children *children)
{
	struct allot_children traced = { .count = 0 };

	for (size_t i = 0; i < children->count; i++) {
		struct allot_tracee *tracee = allotp_tracees_last_of(tracees, (uint32_t)children->list[i]);

		if (tracee && !tracee->over)
			traced.list[traced.count++] = children->list[i];
	}
	outcome->leaving = true;
	outcome->left = *children;
	allotp_children_without(&outcome->left, &traced);
}

/* After the snapshots of those that have one. */
static void print_left(FILE *out, const struct allot_outcome *outcome)
{
	if (!outcome->leaving)
		return;
	if (outcome->left.count) {
		fputs("allot: still running, with nothing recorded so far:", out);
		print_children(out, &outcome->left);
		putc('\n', out);
	}
	fputs("allot: what processes that still run do from now on is not recorded\n", out);
}

void allotp_outcome_report(struct allot_outcome *outcome, const char *program)
{
	struct allot_snapshot *snapshot = outcome->program;
	struct allot_kept kept = { 0 };
	struct allot_error error;

	if (snapshot) {
		report(outcome, snapshot);
		print_caveats(outcome->out, snapshot);
	} else {
		allotp_error(&error, 0, "%s has run, but was not recorded; 'allot doctor %s' may know why", program,
			     program);
		complain(error.text);
	}
	allotp_kept_print(&outcome->kept, outcome->out, outcome->base);
	allotp_kept_print_passed(&outcome->kept, outcome->out);
	allotp_refusals_print(&outcome->refusals, outcome->out);
	print_left(outcome->out, outcome);
	if (outcome->written && !allotp_kept_add(&kept, snapshot, outcome->base, false))
		allotp_kept_print(&kept, outcome->out, outcome->base);
	allotp_kept_release(&kept);
}
