/* SPDX-License-Identifier: MIT */
/* allot check: passes or fails a snapshot, for a job that is to fail when memory grows. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "filters.h"
#include "gate/baseline.h"
#include "gate/date.h"
#include "gate/writer.h"
#include "leaks/leaks.h"
#include "library/handle.h"
#include "options.h"
#include "progress.h"
#include "terminal.h"

enum { DEFAULT_TOP = 10 };

static const struct allot_option options[] = {
	{ "baseline", 'B', "OLD", "compare with an older snapshot, call site by call site" },
	{ "budget", 0, "FILE", "check the limits of a file: allot-budget(5)" },
	{ "suppressions", 's', "FILE",
	  "leave out leaks that are known, from a file as LeakSanitizer has them; may be repeated" },
	{ "top", 'n', "N", "show at most N places where limits are broken (default: 10)" },
	{ "format", 'f', "FORMAT", "text, github, gitlab, junit, sarif, markdown, json (default: text)" },
	{ "allow-incomplete", 0, NULL, "judge data that is incomplete, too, instead of exiting with status 3" },
	{ "keep", 'k', "FILE", "write the snapshot there with all names, to be the baseline of later checks" },
	{ "write-baseline", 'w', "FILE", "write suppressions for what leaks now, and check nothing" },
	ALLOT_FILTERS_FILTER,
	ALLOT_FILTERS_ALL_FRAMES,
	ALLOT_FILTERS_DOMAIN,
	ALLOT_FILTERS_REGION,
	{ 0 },
};

/* What the options ask for, and what is read for it. */
struct request {
	const struct allot_arguments *arguments;
	const char *baseline_path, *budget_path, *keep_path, *write_path;
	int format;
	uint64_t top;
	struct allot_filter_options filters;
	struct allot_budget budget;
	struct allot_suppressions suppressions;
	allot_snapshot_t *now, *before;
	allot_snapshot_t *whole; /* now, before filters */
	struct allot_progress_line progress;
	char root[PATH_MAX + 1];
	struct allot_error *error;
};

static const char *value_of(const struct request *request, const char *name)
{
	return allotp_option_value(&command_check, request->arguments, name);
}

static int out_of_memory(const struct request *request)
{
	return allotp_error(request->error, -ENOMEM, "out of memory");
}

static int read_options(struct request *request)
{
	const char *formats[ALLOT_VERDICT_FORMATS];
	int rc;

	for (int i = 0; i < ALLOT_VERDICT_FORMATS; i++)
		formats[i] = allotp_verdict_format_name((enum allot_verdict_format)i);
	request->top = DEFAULT_TOP;
	request->baseline_path = value_of(request, "baseline");
	request->budget_path = value_of(request, "budget");
	request->keep_path = value_of(request, "keep");
	request->write_path = value_of(request, "write-baseline");
	rc = allotp_option_number(&command_check, request->arguments, "top", 1, UINT32_MAX, &request->top,
				  request->error);
	if (rc == 0)
		rc = allotp_option_choice(&command_check, request->arguments, "format", formats, ALLOT_VERDICT_FORMATS,
					  &request->format, request->error);
	return rc < 0 ? rc
		      : allotp_filter_options(&command_check, request->arguments, &request->filters, request->error);
}

static int read_rules(struct request *request)
{
	bool has_suppressions = value_of(request, "suppressions");
	const char *path;
	int place = 0, rc = 0;

	request->suppressions.today = allotp_date_today();
	while (rc == 0 && (path = allotp_option_next(&command_check, request->arguments, "suppressions", &place)))
		rc = allotp_suppressions_read(&request->suppressions, path, request->error);
	if (rc == 0)
		rc = request->budget_path
			     ? allotp_budget_read(&request->budget, request->budget_path, request->error)
			     : allotp_budget_parse(&request->budget, "", "{}", strlen("{}"), request->error);
	if (rc == 0)
		rc = allotp_budget_complete(&request->budget, request->budget_path, request->baseline_path,
					    has_suppressions, request->error);
	return rc;
}

static int open_snapshot(struct request *request, const char *path, allot_snapshot_t **snapshot)
{
	int rc = allot_snapshot_load(path, snapshot, request->error);

	if (rc == 0)
		allot_snapshot_set_progress(*snapshot, allotp_progress_line_show, &request->progress);
	return rc;
}

static int open_snapshots(struct request *request)
{
	int rc = open_snapshot(request, request->arguments->operands[0], &request->now);

	if (rc < 0)
		return rc;
	request->whole = allotp_handle_retain(request->now);
	rc = allotp_filter_options_apply(&request->filters, &request->now, request->error);
	if (rc < 0 || !request->baseline_path)
		return rc;
	rc = open_snapshot(request, request->baseline_path, &request->before);
	return rc < 0 ? rc : allotp_filter_options_apply(&request->filters, &request->before, request->error);
}

/* Where the sources are: what CI says, or else the working directory. */
static void find_root(struct request *request)
{
	const char *root = getenv("GITHUB_WORKSPACE");
	char here[PATH_MAX];

	if (!root || !*root)
		root = getenv("CI_PROJECT_DIR");
	if (!root || !*root)
		root = getcwd(here, sizeof(here));
	if (root && *root == '/' && strlen(root) < PATH_MAX)
		snprintf(request->root, sizeof(request->root), "%s%s", root, root[strlen(root) - 1] == '/' ? "" : "/");
}

/* For those who read the summary of a job on GitHub. What goes wrong there fails nobody's job. */
static int write_step_summary(struct allot_verdict *verdict)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *out = path && *path ? fopen(path, "ae") : NULL;
	int rc;

	if (!out)
		return 0;
	rc = allotp_verdict_write(out, verdict, ALLOT_VERDICT_MARKDOWN);
	fclose(out);
	return rc;
}

static int print(struct request *request, struct allot_verdict *verdict)
{
	int rc = allotp_verdict_write(stdout, verdict, (enum allot_verdict_format)request->format);

	if (rc == 0 && request->format == ALLOT_VERDICT_GITHUB)
		rc = write_step_summary(verdict);
	if (rc < 0) {
		out_of_memory(request);
		return EXIT_USAGE;
	}
	return verdict->refused ? EXIT_INCOMPLETE : verdict->over ? EXIT_GATE : EXIT_OK;
}

/* Says where suppressions went, or why they were not written. */
static int write_baseline(struct request *request, struct allot_verdict *verdict)
{
	uint32_t count = 0;
	FILE *out;
	int rc;

	if (verdict->refused) {
		allotp_error(request->error, 0, "%s: the data is incomplete, so no baseline is written: %s",
			     verdict->judged->name, verdict->incomplete[0]);
		return EXIT_INCOMPLETE;
	}
	out = fopen(request->write_path, "we");
	if (!out) {
		allotp_error(request->error, 0, "%s: cannot write: %s", request->write_path, strerror(errno));
		return EXIT_USAGE;
	}
	rc = allotp_baseline_write(out, verdict, &count);
	errno = 0;
	if ((ferror(out) | fclose(out)) && rc == 0)
		rc = errno ? -errno : -EIO;
	if (rc < 0) {
		allotp_error(request->error, 0, "%s: cannot write: %s", request->write_path, strerror(-rc));
		return EXIT_USAGE;
	}
	printf("%s: %u suppression%s\n", request->write_path, count, count == 1 ? "" : "s");
	return EXIT_OK;
}

/* What the program itself says is no leak counts behind what the user says. */
static int read_own(struct request *request)
{
	const char *text = request->now->snapshot->suppressions;

	return text ? allotp_suppressions_parse(&request->suppressions, ALLOT_LEAKS_OWN, text, strlen(text),
						request->error)
		    : 0;
}

static int judge(struct request *request)
{
	struct allot_view now, before;
	struct allot_case judged = {
		.now = &now,
		.before = request->before ? &before : NULL,
		.name = request->arguments->operands[0],
		.before_name = request->baseline_path,
		.budget = &request->budget,
		.suppressions = &request->suppressions,
		.allow_incomplete = value_of(request, "allow-incomplete"),
		.root = request->root,
		.top = (uint32_t)request->top,
		.width = allotp_terminal_width(STDOUT_FILENO),
		.progress = allotp_progress_line_show,
		.context = &request->progress,
	};
	struct allot_verdict *verdict = NULL;
	int status = EXIT_USAGE;

	if (read_own(request) < 0)
		return EXIT_USAGE;
	if (allotp_handle_lock_both(request->now, request->before, &now, &before) < 0) {
		out_of_memory(request);
		return EXIT_USAGE;
	}
	if (allotp_verdict_new(&judged, &verdict) < 0)
		out_of_memory(request);
	allotp_progress_line_clear(&request->progress);
	if (verdict)
		status = request->write_path ? write_baseline(request, verdict) : print(request, verdict);
	allotp_verdict_free(verdict);
	allotp_handle_unlock_both(request->now, request->before);
	return status;
}

/* What cannot be trusted is no baseline, either. */
static int keep(struct request *request, int status)
{
	int rc;

	if (!request->keep_path || status == EXIT_USAGE || status == EXIT_INCOMPLETE)
		return status;
	rc = allot_snapshot_resolve(request->whole, request->error);
	allotp_progress_line_clear(&request->progress);
	if (rc == 0)
		rc = allot_snapshot_dump(request->whole, request->keep_path, request->error);
	return rc < 0 ? EXIT_USAGE : status;
}

static int run(const struct allot_arguments *arguments, struct allot_error *error)
{
	struct request request = { .arguments = arguments, .error = error };
	int status = EXIT_USAGE;

	allotp_progress_line_init(&request.progress);
	find_root(&request);
	if (read_options(&request) == 0 && read_rules(&request) == 0 && open_snapshots(&request) == 0)
		status = keep(&request, judge(&request));
	allotp_progress_line_clear(&request.progress);
	allot_snapshot_free(request.now);
	allot_snapshot_free(request.before);
	allot_snapshot_free(request.whole);
	allotp_filter_options_release(&request.filters);
	allotp_budget_release(&request.budget);
	allotp_suppressions_release(&request.suppressions);
	return status;
}

const struct allot_command command_check = {
	.name = "check",
	.operands = "SNAP",
	.summary = "pass or fail a snapshot, by limits, an older snapshot, known leaks",
	.help = "Without options it fails if anything leaks. With --baseline it fails if a call site has more live blocks "
		"than before, or over 5 % and 256 bytes more, or if the peak has grown by over 5 % and 4 KiB; a budget may say "
		"otherwise. Call sites are the same if the modules and functions along their stacks are; lines and addresses "
		"are not compared.\n\n"
		"Exit status: 0 pass, 1 over budget, 2 wrong usage or bad input, 3 the data is incomplete.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
