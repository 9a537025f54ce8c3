/* SPDX-License-Identifier: MIT */
/* From snapshot files to a report on standard output: what report, diff and leaks share. */
#include "render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "open.h"
#include "options.h"
#include "terminal.h"

int allotp_render_options(const struct allot_command *command, const struct allot_arguments *arguments,
			  struct allot_report_options *options, struct allot_error *error)
{
	const char *groups[ALLOT_GROUPS], *measures[ALLOT_MEASURES], *formats[ALLOT_FORMATS];
	int group_by = (int)options->group_by, measure = (int)options->measure, format = (int)options->format, rc;
	uint64_t top = options->top;

	for (int i = 0; i < ALLOT_GROUPS; i++)
		groups[i] = allotp_group_by_name((enum allot_group_by)i);
	for (int i = 0; i < ALLOT_MEASURES; i++)
		measures[i] = allotp_measure_name((enum allot_measure)i);
	for (int i = 0; i < ALLOT_FORMATS; i++)
		formats[i] = allotp_format_name((enum allot_format)i);
	rc = allotp_option_number(command, arguments, "top", 1, UINT32_MAX, &top, error);
	if (rc == 0)
		rc = allotp_option_choice(command, arguments, "by", measures, ALLOT_MEASURES, &measure, error);
	if (rc == 0)
		rc = allotp_option_choice(command, arguments, "group-by", groups, ALLOT_GROUPS, &group_by, error);
	if (rc == 0)
		rc = allotp_option_choice(command, arguments, "format", formats, ALLOT_FORMATS, &format, error);
	if (rc < 0)
		return rc;
	options->top = (uint32_t)top;
	options->measure = (enum allot_measure)measure;
	options->group_by = (enum allot_group_by)group_by;
	options->format = (enum allot_format)format;
	options->cumulative = allotp_option_value(command, arguments, "cumulative") != NULL;
	if (options->cumulative && (options->group_by == ALLOT_GROUP_STACK || options->group_by == ALLOT_GROUP_DOMAIN))
		return allotp_error(error, -EINVAL,
				    "--cumulative does not go with --group-by %s, which counts each block once",
				    groups[options->group_by]);
	return 0;
}

/* A snapshot and its resolver. */
struct input {
	struct allot_snapshot *snapshot;
	struct allot_view view;
};

static void close_input(struct input *input)
{
	allotp_resolver_free(input->view.resolver);
	allotp_snapshot_free(input->snapshot);
}

static int open_input(const char *path, struct allot_progress_line *progress, struct input *input,
		      struct allot_error *error)
{
	int rc = allotp_snapshot_open(path, &input->snapshot, error);

	if (rc < 0)
		return rc;
	input->view.snapshot = input->snapshot;
	rc = allotp_resolver_new(input->snapshot, allotp_progress_line_show, progress, &input->view.resolver);
	return rc < 0 ? allotp_error(error, rc, "%s: cannot prepare its symbols: %s", path, strerror(-rc)) : 0;
}

int allotp_render_views(FILE *out, const struct allot_view *now, const struct allot_view *before,
			const struct allot_report_options *options, struct allot_progress_line *progress)
{
	struct allot_report_options how = *options;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = out;
	int rc;

	how.progress = allotp_progress_line_show;
	how.context = progress;
	how.width = allotp_terminal_width(fileno(out));
	/* On a terminal names are still looked up, and progress shown, while the first lines are there already. */
	if (how.width)
		stream = open_memstream(&text, &size);
	if (!stream)
		return -ENOMEM;
	rc = allotp_report_write(stream, now, before, &how);
	if (stream != out && fclose(stream) != 0 && rc == 0)
		rc = -ENOMEM;
	allotp_progress_line_clear(progress);
	if (rc == 0 && stream != out)
		fwrite(text, 1, size, out);
	free(text);
	return rc;
}

int allotp_render(const char *path, const char *before_path, const struct allot_report_options *options,
		  struct allot_error *error)
{
	struct allot_progress_line progress;
	struct input now = { 0 }, before = { 0 };
	int rc = 0;

	allotp_progress_line_init(&progress);
	if (before_path)
		rc = open_input(before_path, &progress, &before, error);
	if (rc == 0)
		rc = open_input(path, &progress, &now, error);
	if (rc == 0) {
		rc = allotp_render_views(stdout, &now.view, before_path ? &before.view : NULL, options, &progress);
		if (rc < 0)
			allotp_error(error, rc, "%s: %s", path, strerror(-rc));
	}
	close_input(&now);
	close_input(&before);
	return rc < 0 ? EXIT_USAGE : EXIT_OK;
}
