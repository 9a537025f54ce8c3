/* SPDX-License-Identifier: MIT */
/* Statistics and comparisons of handles. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "library/options.h"
#include "library/traceback.h"
#include "report/size.h"
#include "report/writer.h"

struct allot_statistics_handle {
	allot_snapshot_t *snapshot, *older; /* older NULL: not a comparison */
	struct allot_keys *keys;
	struct allot_statistics *groups;
	/* What the formats of reports are given, too: the same numbers come out of both. */
	struct allot_report report;
	struct allot_report_options options;
	struct allot_view now, before; /* only their snapshots are used, without a lock */
};

/* Groups what is wanted; both views are locked. */
static int group(allot_statistics_t *statistics, const struct allot_statistics_options *options,
		 const struct allot_view *now, const struct allot_view *before)
{
	struct allot_statistics_options how = *options;
	struct allot_statistics *newer = NULL, *older = NULL;
	int rc = allotp_keys_new(&statistics->keys);

	how.measure = allotp_measure_choose(how.measure, now->snapshot, before ? before->snapshot : NULL);
	if (rc == 0)
		rc = allotp_statistics_new(now, statistics->keys, &how, &newer);
	if (rc == 0 && before)
		rc = allotp_statistics_new(before, statistics->keys, &how, &older);
	if (rc == 0 && before)
		rc = allotp_statistics_compare(older, newer, &statistics->groups);
	if (rc == 0 && !before) {
		statistics->groups = newer;
		newer = NULL;
	}
	allotp_statistics_free(newer);
	allotp_statistics_free(older);
	return rc;
}

static void fill_in(allot_statistics_t *statistics, const struct allot_statistics_options *options,
		    const struct allot_view *now, const struct allot_view *before)
{
	statistics->now = *now;
	if (before)
		statistics->before = *before;
	statistics->options =
		(struct allot_report_options){ .group_by = options->group_by, .cumulative = options->cumulative };
	statistics->report = (struct allot_report){
		.options = &statistics->options,
		.now = &statistics->now,
		.before = before ? &statistics->before : NULL,
		.statistics = statistics->groups,
	};
}

static int make(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
		const struct allot_statistics_options *options, allot_statistics_t **out, struct allot_error *error)
{
	allot_statistics_t *statistics;
	struct allot_view now, before;
	int rc =
		allotp_grouping_check(snapshot, older, options->group_by, options->measure, options->cumulative, error);

	if (rc < 0)
		return rc;
	statistics = calloc(1, sizeof(*statistics));
	if (!statistics)
		return allotp_error(error, -ENOMEM, "out of memory");
	statistics->snapshot = allotp_handle_retain(snapshot);
	statistics->older = older ? allotp_handle_retain(older) : NULL;
	rc = allotp_handle_lock_both(snapshot, older, &now, &before);
	if (rc == 0) {
		rc = group(statistics, options, &now, older ? &before : NULL);
		allotp_handle_unlock_both(snapshot, older);
	}
	if (rc < 0) {
		allot_statistics_free(statistics);
		return allotp_error(error, rc, "out of memory");
	}
	fill_in(statistics, options, &now, older ? &before : NULL);
	*out = statistics;
	return 0;
}

int allot_snapshot_statistics(const allot_snapshot_t *snapshot, const struct allot_statistics_options *options,
			      allot_statistics_t **out, struct allot_error *error)
{
	return make(snapshot, NULL, options, out, error);
}

int allot_snapshot_compare(const allot_snapshot_t *snapshot, const allot_snapshot_t *older,
			   const struct allot_statistics_options *options, allot_statistics_t **out,
			   struct allot_error *error)
{
	return make(snapshot, older, options, out, error);
}

void allot_statistics_free(allot_statistics_t *statistics)
{
	if (!statistics)
		return;
	allotp_statistics_free(statistics->groups);
	allotp_keys_free(statistics->keys);
	allot_snapshot_free(statistics->snapshot);
	allot_snapshot_free(statistics->older);
	free(statistics);
}

enum allot_measure allot_statistics_measure(const allot_statistics_t *statistics)
{
	return statistics->groups->measure;
}

size_t allot_statistics_count(const allot_statistics_t *statistics)
{
	return statistics->groups->count;
}

static struct allot_statistic statistic_of(const allot_statistics_t *statistics,
					   const struct allot_group_change *change)
{
	struct allot_statistic statistic = {
		.size = change->now.bytes,
		.count = change->now.blocks,
		.size_error = sqrt(change->variance.bytes),
		.count_error = sqrt(change->variance.blocks),
	};

	if (!statistics->older)
		return statistic;
	statistic.size_diff = change->bytes;
	statistic.count_diff = change->blocks;
	statistic.size_diff_error = sqrt(change->change_variance.bytes);
	statistic.count_diff_error = sqrt(change->change_variance.blocks);
	return statistic;
}

int allot_statistics_group(const allot_statistics_t *statistics, size_t number, struct allot_statistic *out)
{
	const struct allot_group *of;
	struct allot_group_change change;

	if (number >= statistics->groups->count)
		return -ERANGE;
	of = &statistics->groups->groups[number];
	change = allotp_group_change(&statistics->report, of);
	*out = statistic_of(statistics, &change);
	out->name = allotp_keys_newest(statistics->keys, of->key)->text;
	out->live = of->live;
	out->peak = of->peak;
	out->ever = of->ever;
	out->temporary = of->temporary;
	out->sites = of->sites;
	out->gone = of->gone;
	return 0;
}

void allot_statistics_total(const allot_statistics_t *statistics, struct allot_statistic *out)
{
	const struct allot_snapshot *snapshot = statistics->now.snapshot;
	struct allot_group_change change = allotp_total_change(&statistics->report);

	*out = statistic_of(statistics, &change);
	out->live = snapshot->live;
	out->peak = snapshot->peak;
	out->ever = snapshot->ever;
	out->temporary = snapshot->temporary;
	out->sites = snapshot->site_count;
}

char *allot_statistics_key(const allot_statistics_t *statistics, size_t number)
{
	if (number >= statistics->groups->count)
		return NULL;
	return allotp_keys_text(statistics->keys, statistics->groups->groups[number].key);
}

char *allot_statistics_format(const allot_statistics_t *statistics, size_t number)
{
	struct allot_group_change change;
	const struct allot_group *of;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (number >= statistics->groups->count)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	of = &statistics->groups->groups[number];
	change = allotp_group_change(&statistics->report, of);
	fprintf(out, "%s: ", allotp_keys_newest(statistics->keys, of->key)->text);
	allotp_put_numbers(out, &statistics->report, &change);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int allot_statistics_traceback(const allot_statistics_t *statistics, size_t number, allot_traceback_t **out,
			       struct allot_error *error)
{
	const allot_snapshot_t *snapshot;
	const struct allot_group *of;
	struct allot_view view;
	int rc;

	if (number >= statistics->groups->count)
		return allotp_error(error, -ERANGE, "there is no group %zu", number);
	of = &statistics->groups->groups[number];
	snapshot = of->gone ? statistics->older : statistics->snapshot;
	rc = allotp_handle_lock(snapshot, &view);
	if (rc == 0) {
		rc = allotp_traceback_new(snapshot, &view,
					  (struct allot_backtrace){ .node = of->node, .frame = of->frame }, out);
		allotp_handle_unlock(snapshot);
	}
	return rc < 0 ? allotp_error(error, rc, "out of memory") : 0;
}

const char *allot_format_size(char buffer[ALLOT_SIZE_TEXT], double bytes, bool sign)
{
	struct allot_size size = sign ? allotp_size_change(bytes) : allotp_size(bytes);

	_Static_assert(sizeof(size.text) == ALLOT_SIZE_TEXT, "what is promised fits");
	return memcpy(buffer, size.text, sizeof(size.text));
}
