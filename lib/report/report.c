/* SPDX-License-Identifier: MIT */
/* Reports: makes the statistics that a format needs and hands them to its writer. */
#include "report/writer.h"
#include "snapshot/counts.h"

enum { DEFAULT_TOP = 10 };

struct allot_group_change allotp_group_change(const struct allot_report *report, const struct allot_group *group)
{
	struct allot_count now = allotp_group_count(group, report->statistics->measure);
	struct allot_variance variance = allotp_group_variance(group, report->statistics->measure);
	struct allot_group_change change = { .now = now,
					     .bytes = (int64_t)(now.bytes - group->before.bytes),
					     .blocks = (int64_t)(now.blocks - group->before.blocks),
					     .variance = variance,
					     .change_variance = variance };

	allotp_variance_add(&change.change_variance, group->variance_before);
	return change;
}

static struct allot_variance total_variance(const struct allot_view *view, enum allot_measure measure)
{
	struct allot_variances variances = allotp_snapshot_variances(view->snapshot);

	return allotp_variances_of(&variances, measure);
}

struct allot_group_change allotp_total_change(const struct allot_report *report)
{
	const struct allot_statistics *statistics = report->statistics;
	struct allot_group_change change = { .now = statistics->total };

	change.bytes = (int64_t)(statistics->total.bytes - statistics->total_before.bytes);
	change.blocks = (int64_t)(statistics->total.blocks - statistics->total_before.blocks);
	change.variance = change.change_variance = total_variance(report->now, statistics->measure);
	if (report->before)
		allotp_variance_add(&change.change_variance, total_variance(report->before, statistics->measure));
	return change;
}

bool allotp_report_is_sampled(const struct allot_report *report)
{
	return report->now->snapshot->sampling_bytes || (report->before && report->before->snapshot->sampling_bytes);
}

const struct allot_view *allotp_group_view(const struct allot_report *report, const struct allot_group *group)
{
	return group->gone ? report->before : report->now;
}

void allotp_report_title(const struct allot_report *report, char *buffer, size_t size)
{
	uint32_t top = report->options->top ? report->options->top : DEFAULT_TOP;
	const char *what = report->options->leaks     ? " leaks"
			   : report->options->objects ? report->before ? " types of objects, differences"
								       : " types of objects"
			   : report->before	      ? " differences"
						      : "";
	bool live = report->statistics->measure == ALLOT_MEASURE_LIVE;

	snprintf(buffer, size, "Top %u%s%s%s%s%s%s", top, what, live ? "" : " by ",
		 live ? "" : allot_measure_name(report->statistics->measure),
		 report->options->cumulative ? ", cumulative" : "", report->now->snapshot->filters ? ", filtered" : "",
		 allotp_report_is_sampled(report) ? ", sampled" : "");
}

const char *allotp_report_total_name(const struct allot_report *report)
{
	switch (report->statistics->measure) {
	case ALLOT_MEASURE_PEAK:
		return "at peak";
	case ALLOT_MEASURE_EVER:
	case ALLOT_MEASURE_COUNT:
		return "ever";
	case ALLOT_MEASURE_TEMPORARY:
		return "temporary";
	default:
		if (!report->options->leaks)
			return report->options->objects ? "of objects" : "live";
		return report->now->snapshot->trust.exit == ALLOT_EXIT_RUNNING ? "not freed yet" : "never freed";
	}
}

static const struct {
	const char *name;
	int (*write)(FILE *out, const struct allot_report *report);
	bool for_people; /* ten groups are enough, and none that has nothing of the measure */
} formats[ALLOT_FORMATS] = {
	[ALLOT_FORMAT_TEXT] = { "text", allotp_write_text, true },
	[ALLOT_FORMAT_JSON] = { "json", allotp_write_json, false },
	[ALLOT_FORMAT_MARKDOWN] = { "markdown", allotp_write_markdown, true },
	[ALLOT_FORMAT_CSV] = { "csv", allotp_write_csv, false },
};

const char *allot_format_name(enum allot_format format)
{
	return (unsigned)format < ALLOT_FORMATS ? formats[format].name : NULL;
}

/* How many groups are worth a person's look. */
static uint32_t count_ranked(const struct allot_report *report)
{
	uint32_t ranked = 0;

	while (ranked < report->statistics->count) {
		const struct allot_group *group = &report->statistics->groups[ranked];
		struct allot_group_change change = allotp_group_change(report, group);

		if (report->before ? !change.bytes && !change.blocks : !change.now.bytes && !change.now.blocks)
			break;
		ranked++;
	}
	return ranked;
}

static void choose_shown(struct allot_report *report)
{
	const struct allot_report_options *options = report->options;
	uint32_t top = options->top;

	report->ranked = count_ranked(report);
	report->shown = formats[options->format].for_people ? report->ranked : report->statistics->count;
	if (!top && formats[options->format].for_people)
		top = DEFAULT_TOP;
	if (top && top < report->shown)
		report->shown = top;
}

static int write_format(FILE *out, struct allot_report *report)
{
	int rc = allotp_trust_summarize(report->now, &report->trust);

	if (rc == 0 && report->before)
		rc = allotp_trust_summarize(report->before, &report->trust_before);
	if (rc < 0)
		return rc;
	choose_shown(report);
	return formats[report->options->format].write(out, report);
}

static bool wants_peak(const struct allot_report *report)
{
	const struct allot_snapshot *snapshot = report->now->snapshot;

	return report->options->also_peak && report->options->format == ALLOT_FORMAT_TEXT &&
	       report->options->measure == ALLOT_MEASURE_AUTO &&
	       report->options->group_by != ALLOT_GROUP_TYPE && report->statistics->measure == ALLOT_MEASURE_LIVE &&
	       snapshot->live.bytes < snapshot->peak.bytes / 2;
}

int allotp_report_write(FILE *out, const struct allot_view *now, const struct allot_view *before,
			const struct allot_report_options *options)
{
	struct allot_report report = { .options = options, .now = now, .before = before }, peak = report;
	struct allot_statistics *newer = NULL, *older = NULL, *both = NULL, *at_peak = NULL;
	struct allot_keys *keys = NULL;
	struct allot_statistics_options how = {
		.group_by = options->group_by,
		.measure = options->group_by == ALLOT_GROUP_TYPE ? ALLOT_MEASURE_LIVE
								 : allotp_measure_choose(options->measure, now->snapshot,
											 before ? before->snapshot : NULL),
		.cumulative = options->cumulative,
		.skip_empty = formats[options->format].for_people,
		.objects_only = options->objects,
	};
	int rc;

	rc = allotp_keys_new(&keys);
	if (rc == 0)
		rc = allotp_statistics_new(now, keys, &how, &newer);
	if (rc == 0 && before) {
		rc = allotp_statistics_new(before, keys, &how, &older);
		if (rc == 0)
			rc = allotp_statistics_compare(older, newer, &both);
	}
	report.statistics = before ? both : newer;
	if (rc == 0 && wants_peak(&report)) {
		how.measure = ALLOT_MEASURE_PEAK;
		rc = allotp_statistics_new(now, keys, &how, &at_peak);
		peak.statistics = at_peak;
		if (rc == 0)
			choose_shown(&peak);
		report.also = &peak;
	}
	if (rc == 0)
		rc = write_format(out, &report);
	allotp_statistics_free(at_peak);
	allotp_statistics_free(both);
	allotp_statistics_free(older);
	allotp_statistics_free(newer);
	allotp_keys_free(keys);
	return rc;
}
