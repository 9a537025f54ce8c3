/* SPDX-License-Identifier: MIT */
/* From snapshot files to a report on standard output: what report, diff and leaks share. */
#include "render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "options.h"
#include "terminal.h"

int allotp_render_options(const struct allot_command *command, const struct allot_arguments *arguments,
			  struct allot_report_options *options, struct allot_error *error)
{
	const char *groups[ALLOT_GROUPS], *measures[ALLOT_MEASURES], *formats[ALLOT_FORMATS];
	int group_by = (int)options->group_by, measure = (int)options->measure, format = (int)options->format, rc;
	uint64_t top = options->top;

	for (int i = 0; i < ALLOT_GROUPS; i++)
		groups[i] = allot_group_by_name((enum allot_group_by)i);
	for (int i = 0; i < ALLOT_MEASURES; i++)
		measures[i] = allot_measure_name((enum allot_measure)i);
	for (int i = 0; i < ALLOT_FORMATS; i++)
		formats[i] = allot_format_name((enum allot_format)i);
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
	/* said here in the words of the command line, before a large snapshot is read in vain */
	if (options->cumulative && (options->group_by == ALLOT_GROUP_STACK || options->group_by == ALLOT_GROUP_DOMAIN))
		return allotp_error(error, -EINVAL,
				    "--cumulative does not go with --group-by %s, which counts each block once",
				    groups[options->group_by]);
	return 0;
}

static int open_input(const char *path, const struct allot_filter_options *filters,
		      struct allot_progress_line *progress, allot_snapshot_t **snapshot, struct allot_error *error)
{
	int rc = allot_snapshot_load(path, snapshot, error);

	if (rc < 0)
		return rc;
	allot_snapshot_set_progress(*snapshot, allotp_progress_line_show, progress);
	return allotp_filter_options_apply(filters, snapshot, error);
}

int allotp_render_snapshots(FILE *out, const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			    const struct allot_report_options *options, struct allot_progress_line *progress,
			    struct allot_error *error)
{
	struct allot_report_options how = *options;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = out;
	int rc;

	how.width = allotp_terminal_width(fileno(out));
	/* On a terminal names are still looked up, and progress shown, while the first lines are there already. */
	if (how.width)
		stream = open_memstream(&text, &size);
	if (!stream)
		return allotp_error(error, -ENOMEM, "out of memory");
	rc = allot_snapshot_report(snapshot, older, &how, stream, error);
	if (stream != out && fclose(stream) != 0 && rc == 0)
		rc = allotp_error(error, -ENOMEM, "out of memory");
	allotp_progress_line_clear(progress);
	if (rc == 0 && stream != out)
		fwrite(text, 1, size, out);
	free(text);
	return rc;
}

static int render(const char *path, const char *older_path, const struct allot_filter_options *filters,
		  const struct allot_report_options *options, struct allot_error *error)
{
	allot_snapshot_t *snapshot = NULL, *older = NULL;
	struct allot_progress_line progress;
	int rc = 0;

	allotp_progress_line_init(&progress);
	if (older_path)
		rc = open_input(older_path, filters, &progress, &older, error);
	if (rc == 0)
		rc = open_input(path, filters, &progress, &snapshot, error);
	if (rc == 0)
		rc = allotp_render_snapshots(stdout, snapshot, older, options, &progress, error);
	allotp_progress_line_clear(&progress);
	allot_snapshot_free(snapshot);
	allot_snapshot_free(older);
	return rc < 0 ? EXIT_USAGE : EXIT_OK;
}

int allotp_render(const struct allot_command *command, const struct allot_arguments *arguments, const char *path,
		  const char *older_path, const struct allot_report_options *standard, struct allot_error *error)
{
	struct allot_report_options options = *standard;
	struct allot_filter_options filters;
	int result = EXIT_USAGE;

	if (allotp_render_options(command, arguments, &options, error) < 0)
		return EXIT_USAGE;
	if (allotp_filter_options(command, arguments, &filters, error) == 0)
		result = render(path, older_path, &filters, &options, error);
	allotp_filter_options_release(&filters);
	return result;
}
