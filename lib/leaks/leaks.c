/* SPDX-License-Identifier: MIT */
/* Groups the leaks of each class, and hands them to a writer. */
#include "leaks/leaks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "gate/date.h"
#include "leaks/shapes.h"
#include "leaks/writer.h"

static const char *const names[ALLOT_LEAKS] = { "definite", "indirect", "possible", "reachable" };

const char *allotp_leak_class_name(enum allot_leak_class leak_class)
{
	return names[leak_class];
}

const char *allotp_leak_class_words(enum allot_leak_class leak_class)
{
	static const char *const words[ALLOT_LEAKS] = { "definitely lost", "indirectly lost", "possibly lost",
							"still reachable" };

	return words[leak_class];
}

int allotp_leak_classes(const char *text, unsigned *classes)
{
	unsigned found = 0;

	for (;;) {
		size_t size = strcspn(text, ",");
		unsigned i = 0;

		while (i < ALLOT_LEAKS && (strlen(names[i]) != size || strncmp(names[i], text, size)))
			i++;
		if (i == ALLOT_LEAKS)
			return -EINVAL;
		found |= ALLOT_LEAK_BIT(i);
		text += size;
		if (!*text++)
			break;
	}
	*classes = found;
	return 0;
}

/* Sites with what they have of one class. What is not new is left out, if that is wanted. */
static int shadow(const struct allot_leaks_report *report, struct allot_leaks_list *list, int leak_class)
{
	const struct allot_snapshot *snapshot = report->view->snapshot;
	struct allot_site *sites = calloc((size_t)snapshot->site_count + 1, sizeof(*sites));

	if (!sites)
		return -ENOMEM;
	list->snapshot = *snapshot;
	list->snapshot.sites = sites;
	list->snapshot.sampling_bytes = 0;
	list->snapshot.live = report->tally->counts[leak_class];
	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		const struct allot_site_leaks *leaks = &report->tally->sites[i];

		sites[i] =
			(struct allot_site){ .stack = snapshot->sites[i].stack, .domain = snapshot->sites[i].domain };
		sites[i].region = snapshot->sites[i].region;
		sites[i].temporary = leaks->fresh[leak_class];
		if (report->options->fresh && !leaks->fresh[leak_class].blocks)
			continue;
		sites[i].live = report->options->fresh ? leaks->fresh[leak_class] : leaks->counts[leak_class];
		if (leak_class == ALLOT_LEAK_DEFINITE)
			sites[i].ever = leaks->led;
	}
	list->view = *report->view;
	list->view.snapshot = &list->snapshot;
	return 0;
}

static int fill(struct allot_leaks_report *report, struct allot_keys *keys, int leak_class)
{
	struct allot_leaks_list *list = &report->lists[leak_class];
	struct allot_statistics_options how = {
		.group_by = report->how.group_by,
		.measure = ALLOT_MEASURE_LIVE,
		.skip_empty = true,
	};
	int rc = shadow(report, list, leak_class);

	if (rc == 0)
		rc = allotp_statistics_new(&list->view, keys, &how, &list->statistics);
	list->report = (struct allot_report){
		.options = &report->how,
		.now = &list->view,
		.statistics = list->statistics,
	};
	/* A block of no bytes is lost, too. */
	while (rc == 0 && list->report.ranked < list->statistics->count &&
	       list->statistics->groups[list->report.ranked].live.blocks)
		list->report.ranked++;
	return rc;
}

static bool is_wanted(const struct allot_leaks_options *options, int leak_class)
{
	return options->format == ALLOT_FORMAT_JSON || options->classes & ALLOT_LEAK_BIT(leak_class);
}

static int write_leaks(FILE *out, const struct allot_view *view, const struct allot_leaks_options *options,
		       const char *complaint, struct allot_count counts[ALLOT_LEAKS])
{
	struct allot_tally tally;
	struct allot_leaks_report report = {
		.options = options,
		.view = view,
		.tally = &tally,
		.complaint = complaint,
	};
	struct allot_keys *keys = NULL;
	int rc = allotp_tally(&tally, view, options->suppressions);

	report.how.group_by = options->format == ALLOT_FORMAT_JSON ? ALLOT_GROUP_STACK : options->group_by;
	report.how.measure = ALLOT_MEASURE_LIVE;
	report.how.format = options->format;
	report.how.width = options->width;
	if (rc == 0)
		rc = allotp_keys_new(&keys);
	for (int i = 0; i < ALLOT_LEAKS && rc == 0; i++) {
		if (is_wanted(options, i))
			rc = fill(&report, keys, i);
	}
	if (rc == 0)
		rc = allotp_shapes_find(view, &report.cycles);
	if (rc == 0)
		rc = (options->format == ALLOT_FORMAT_JSON ? allotp_leaks_write_json
							   : allotp_leaks_write_text)(out, &report);
	if (rc == 0)
		memcpy(counts, options->fresh ? tally.fresh : tally.counts, sizeof(tally.counts));
	for (int i = 0; i < ALLOT_LEAKS; i++) {
		allotp_statistics_free(report.lists[i].statistics);
		free(report.lists[i].snapshot.sites);
	}
	allotp_cycles_release(&report.cycles);
	allotp_keys_free(keys);
	allotp_tally_release(&tally);
	return rc;
}

int allotp_leaks_write(FILE *out, const struct allot_view *view, const struct allot_leaks_options *options,
		       struct allot_count counts[ALLOT_LEAKS])
{
	const char *text = view->snapshot->suppressions;
	struct allot_suppressions own = { .today = allotp_date_today() };
	struct allot_leaks_options with_own = *options;
	struct allot_suppressions *set = options->suppressions ? options->suppressions : &own;
	uint32_t count = set->count;
	struct allot_error error;
	int rc = 0;

	if (!text)
		return write_leaks(out, view, options, NULL, counts);
	/* Behind those that the user has given, which count first. */
	with_own.suppressions = set;
	rc = allotp_suppressions_parse(set, ALLOT_LEAKS_OWN, text, strlen(text), &error);
	if (rc == 0 || rc == -EINVAL)
		rc = write_leaks(out, view, &with_own, rc ? error.text : NULL, counts);
	allotp_suppressions_cut(set, count);
	allotp_suppressions_release(&own);
	return rc;
}
