/* SPDX-License-Identifier: MIT */
/* The options that choose call sites. */
#include "filters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

/* Makes room for one more. */
static struct allot_filter *add(struct allot_filter_set *set)
{
	struct allot_filter *more = reallocarray(set->filters, set->count + 1, sizeof(*more));

	if (!more)
		return NULL;
	set->filters = more;
	more[set->count] = (struct allot_filter){ 0 };
	return &more[set->count++];
}

/* Reads all values of an option; what stands before each makes it a filter. */
static int read_all(const struct allot_command *command, const struct allot_arguments *arguments, const char *option,
		    const char *before, struct allot_filter_set *set, struct allot_error *error)
{
	bool all_frames = allotp_option_value(command, arguments, "all-frames");
	struct allot_filter *filter;
	struct allot_error reason;
	const char *value;
	int place = 0, rc;
	char *text;

	while ((value = allotp_option_next(command, arguments, option, &place))) {
		filter = add(set);
		if (!filter || asprintf(&text, "%s%s", before, value) < 0)
			return allotp_error(error, -ENOMEM, "out of memory");
		rc = allot_filter_parse(text, filter, &reason);
		free(text);
		if (rc < 0)
			return allotp_error(error, rc, "--%s: %s", option, reason.text);
		filter->all_frames = all_frames;
	}
	return 0;
}

int allotp_filter_options(const struct allot_command *command, const struct allot_arguments *arguments,
			  struct allot_filter_options *options, struct allot_error *error)
{
	int rc;

	*options = (struct allot_filter_options){ 0 };
	rc = read_all(command, arguments, "domain", "domain=", &options->domains, error);
	if (rc == 0)
		rc = read_all(command, arguments, "region", "region=", &options->regions, error);
	if (rc == 0)
		rc = read_all(command, arguments, "filter", "", &options->filters, error);
	return rc;
}

static void release(struct allot_filter_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		allot_filter_release(&set->filters[i]);
	free(set->filters);
	*set = (struct allot_filter_set){ 0 };
}

void allotp_filter_options_release(struct allot_filter_options *options)
{
	release(&options->domains);
	release(&options->regions);
	release(&options->filters);
}

static int apply(const struct allot_filter_set *set, allot_snapshot_t **snapshot, struct allot_error *error)
{
	allot_snapshot_t *filtered;
	int rc;

	if (!set->count)
		return 0;
	rc = allot_snapshot_filter(*snapshot, set->filters, set->count, &filtered, error);
	if (rc < 0)
		return rc;
	allot_snapshot_free(*snapshot);
	*snapshot = filtered;
	return 0;
}

int allotp_filter_options_apply(const struct allot_filter_options *options, allot_snapshot_t **snapshot,
				struct allot_error *error)
{
	int rc = apply(&options->domains, snapshot, error);

	if (rc == 0)
		rc = apply(&options->regions, snapshot, error);
	if (rc == 0)
		rc = apply(&options->filters, snapshot, error);
	return rc;
}
