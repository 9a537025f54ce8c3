/* SPDX-License-Identifier: MIT */
/* What `allot run` leaves behind. */
#include "outcome.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progress.h"
#include "report/print.h"
#include "terminal.h"

static void complain(const char *text)
{
	fputs("allot run: ", stderr);
	allotp_put(stderr, text);
	putc('\n', stderr);
}

/* The name of the snapshot without a suffix: as asked for, or after the program that ran last. */
static char *base_name(const struct allot_outcome_options *options, const struct allot_snapshot *snapshot)
{
	const char *slash = strrchr(snapshot->program, '/');
	char *name = NULL;

	if (options->output)
		return strdup(options->output);
	if (asprintf(&name, "allot.%s.%llu.snap", slash ? slash + 1 : snapshot->program,
		     (unsigned long long)snapshot->pid) < 0)
		return NULL;
	return name;
}

static struct allot_snapshot *freeze(struct allot_tracee *tracee, bool over, const struct allot_launch *launch)
{
	struct allot_reader_end end = { .over = over, .exit = ALLOT_EXIT_UNKNOWN };
	struct allot_snapshot *snapshot = NULL;
	struct allot_error error;

	/* What waitpid says of the program counts more than what it said of itself. */
	if (over && launch && launch->ended && tracee->pid == (uint32_t)launch->pid &&
	    tracee->reader.store.header->exit_state != ALLOT_EXIT_EXEC) {
		end.exit = WIFSIGNALED(launch->status) ? ALLOT_EXIT_SIGNALED : ALLOT_EXIT_CLEAN;
		end.exit_value = WIFSIGNALED(launch->status) ? WTERMSIG(launch->status) : WEXITSTATUS(launch->status);
	}
	if (allotp_reader_freeze(&tracee->reader, &end, "store", &snapshot, &error)) {
		complain(error.text);
		return NULL;
	}
	return snapshot;
}

static void write_snapshot(const struct allot_snapshot *snapshot, const char *path)
{
	struct allot_error error;

	if (allotp_snapshot_write(snapshot, path, &error))
		complain(error.text);
}

void allotp_outcome_interval(const struct allot_outcome_options *options, struct allot_tracees *tracees, pid_t pid,
			     unsigned int number)
{
	struct allot_tracee *tracee = allotp_tracees_last_of(tracees, (uint32_t)pid);
	struct allot_snapshot *snapshot = tracee ? freeze(tracee, false, NULL) : NULL;
	char *base, *path = NULL;

	if (!snapshot)
		return;
	base = base_name(options, snapshot);
	if (base && asprintf(&path, "%s.%03u", base, number) >= 0)
		write_snapshot(snapshot, path);
	free(path);
	free(base);
	allotp_snapshot_free(snapshot);
}

/* Where the report goes, and all else there is to say after the program's end: standard error stays the program's. */
static FILE *open_report(const struct allot_outcome_options *options)
{
	FILE *out = options->report_path ? fopen(options->report_path, "we") : stderr;
	struct allot_error error;

	if (out)
		return out;
	allotp_error(&error, -errno, "%s: %s", options->report_path, strerror(errno));
	complain(error.text);
	return NULL;
}

static void close_report(const struct allot_outcome_options *options, FILE *out)
{
	struct allot_error error;

	if (!out || out == stderr || !fclose(out))
		return;
	allotp_error(&error, -errno, "%s: %s", options->report_path, strerror(errno));
	complain(error.text);
}

/* Writes the report, and puts the names that it needed into the snapshot. */
static void report(const struct allot_outcome_options *options, struct allot_snapshot *snapshot, FILE *out)
{
	struct allot_report_options how = options->report;
	struct allot_progress_line progress;
	struct allot_view view = { .snapshot = snapshot };
	int result;

	allotp_progress_line_init(&progress);
	how.progress = allotp_progress_line_show;
	how.context = &progress;
	how.width = options->report_path ? 0 : allotp_terminal_width(STDERR_FILENO);
	result = allotp_resolver_new(snapshot, how.progress, how.context, &view.resolver);
	if (!result)
		result = allotp_report_write(out, &view, NULL, &how);
	allotp_progress_line_clear(&progress);
	if (!result)
		result = allotp_resolver_keep(view.resolver, snapshot);
	if (result)
		complain(strerror(-result));
	allotp_resolver_free(view.resolver);
}

static void print_kept(FILE *out, const struct allot_snapshot *snapshot, const char *path, const char *what)
{
	fputs("allot: ", out);
	allotp_put(out, snapshot->program);
	fprintf(out, " (%llu%s): snapshot in ", (unsigned long long)snapshot->pid, what);
	allotp_put(out, path);
	putc('\n', out);
}

/* What the report must not leave to the reader to guess. */
static void print_caveats(FILE *out, const struct allot_snapshot *snapshot)
{
	if (snapshot->trust.exit == ALLOT_EXIT_EXEC)
		fputs("allot: the program has become another one, which was not recorded\n", out);
	if (!snapshot->trust.events)
		fputs("allot: no allocation was seen; one that brings its own malloc makes none that can be\n", out);
}

/* FILE.PID, or FILE.PID.N for the programs that the process was before its last. */
static void keep_other(FILE *out, const char *base, struct allot_tracees *tracees, struct allot_tracee *tracee,
		       const struct allot_launch *launch)
{
	bool last = allotp_tracees_last_of(tracees, tracee->pid) == tracee;
	bool over = !last || !allotp_reader_is_running(&tracee->reader);
	struct allot_snapshot *snapshot = freeze(tracee, over, launch);
	unsigned int before = 1;
	char *path = NULL;

	if (!snapshot)
		return;
	for (size_t i = 0; !last && &tracees->list[i] != tracee; i++)
		before += tracees->list[i].pid == tracee->pid;
	if ((last ? asprintf(&path, "%s.%u", base, tracee->pid)
		  : asprintf(&path, "%s.%u.%u", base, tracee->pid, before)) >= 0) {
		write_snapshot(snapshot, path);
		if (out)
			print_kept(out, snapshot, path, over ? "" : ", still running");
	}
	free(path);
	allotp_snapshot_free(snapshot);
}

void allotp_outcome_finish(const struct allot_outcome_options *options, struct allot_tracees *tracees,
			   const struct allot_launch *launch, const char *program)
{
	struct allot_tracee *main_tracee = allotp_tracees_last_of(tracees, (uint32_t)launch->pid);
	struct allot_snapshot *snapshot = main_tracee ? freeze(main_tracee, true, launch) : NULL;
	struct allot_error error;
	char *base;
	FILE *out;

	if (!snapshot) {
		allotp_error(&error, 0, "%s has run, but was not recorded; 'allot doctor %s' may know why", program,
			     program);
		complain(error.text);
		return;
	}
	base = base_name(options, snapshot);
	if (!base) {
		complain("out of memory");
		allotp_snapshot_free(snapshot);
		return;
	}
	/* First on disk, then made pleasant to read. */
	write_snapshot(snapshot, base);
	out = open_report(options);
	if (out)
		report(options, snapshot, out);
	write_snapshot(snapshot, base);
	for (size_t i = 0; i < tracees->count; i++) {
		struct allot_tracee *tracee = &tracees->list[i];

		if (tracee->announced && tracee != main_tracee)
			keep_other(out, base, tracees, tracee, launch);
	}
	if (out) {
		print_caveats(out, snapshot);
		print_kept(out, snapshot, base, "");
	}
	close_report(options, out);
	free(base);
	allotp_snapshot_free(snapshot);
}
