/* SPDX-License-Identifier: MIT */
/* Groups what the sites had at each point, judges each group, and hands them to a writer. */
#include "leaks/growth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "leaks/growth-writer.h"
#include "report/array.h"
#include "report/namer.h"
#include "snapshot/counts.h"

enum { DEFAULT_TOP = 10 };

const char *allotp_trend_name(enum allot_trend_kind kind)
{
	static const char *const names[ALLOT_TREND_KINDS] = {
		[ALLOT_TREND_NONE] = "none",         [ALLOT_TREND_FLAT] = "flat",   [ALLOT_TREND_GROWS] = "grows",
		[ALLOT_TREND_UNSTEADY] = "unsteady", [ALLOT_TREND_SLOWS] = "slows", [ALLOT_TREND_ONCE] = "once",
		[ALLOT_TREND_BOUNDED] = "bounded",
	};

	return names[kind];
}

double allotp_growth_span(const struct allot_growth *growth, const struct allot_trend *trend)
{
	const double *x = growth->x;
	double end = x[growth->points - 1];

	if (growth->unit == ALLOT_GROWTH_SECONDS)
		return end - x[trend->first];
	/* A point is of the repetitions since the one before. */
	return end - (trend->first ? x[trend->first - 1] : 0);
}

void allotp_growth_place(const struct allot_growth *growth, const struct allot_growth_group *group,
			 struct allot_growth_place *place)
{
	*place = (struct allot_growth_place){
		.how = { .group_by = growth->options->group_by,
			 .measure = ALLOT_MEASURE_LIVE,
			 .format = growth->options->format,
			 .width = growth->options->width },
		.statistics = { .keys = growth->keys, .measure = ALLOT_MEASURE_LIVE },
		.report.now = &growth->views[group ? group->view : growth->view_count - 1],
	};
	if (group)
		place->group = (struct allot_group){ .key = group->key, .node = group->node };
	place->report.options = &place->how;
	place->report.statistics = &place->statistics;
}

/* ---- whether it can be told ---- */

static const struct allot_module *program_of(const struct allot_snapshot *snapshot)
{
	for (uint32_t i = 1; i < snapshot->module_count; i++) {
		if (!strcmp(snapshot->modules[i].path, snapshot->program))
			return &snapshot->modules[i];
	}
	return NULL;
}

static bool is_same_build(const struct allot_snapshot *a, const struct allot_snapshot *b)
{
	const struct allot_module *of_a = program_of(a), *of_b = program_of(b);

	if (!of_a || !of_b || !of_a->build_id_size || !of_b->build_id_size)
		return true;
	return of_a->build_id_size == of_b->build_id_size &&
	       !memcmp(of_a->build_id, of_b->build_id, of_a->build_id_size);
}

static int check_history(const struct allot_snapshot *snapshot, const char *name, struct allot_error *error)
{
	const struct allot_history *history = &snapshot->history;
	const char *mark = history->mark;

	if (history->point_count >= ALLOT_GROWTH_LEAST)
		return 0;
	if (!mark && !history->repetitions)
		return allotp_error(
			error, -ENODATA,
			"%s: has no history; 'allot run --repeat-mark NAME' and '--interval S' keep one, and three "
			"snapshots do without",
			name);
	if (history->left_out)
		return allotp_error(error, -ENODATA, "%s: there was no memory for a history", name);
	return allotp_error(error, -ENODATA, "%s: %s%s%s %llu time%s, growth takes at least 3", name,
			    mark ? "the mark '" : "looked at", mark ? mark : "", mark ? "' came" : "",
			    (unsigned long long)history->repetitions, history->repetitions == 1 ? "" : "s");
}

int allotp_growth_check(const struct allot_view *views, uint32_t count, const char *const *names,
			struct allot_error *error)
{
	if (count == 1)
		return check_history(views[0].snapshot, names[0], error);
	if (count < ALLOT_GROWTH_LEAST)
		return allotp_error(error, -ENODATA,
				    "growth takes at least three snapshots, or one that has a history");
	for (uint32_t i = 1; i < count; i++) {
		const struct allot_snapshot *before = views[i - 1].snapshot, *after = views[i].snapshot;

		if (strcmp(before->program, after->program))
			return allotp_error(error, -EINVAL,
					    "%s is of %.100s, %s of %.100s: growth is that of one program",
					    names[i - 1], before->program, names[i], after->program);
		if (!is_same_build(before, after))
			return allotp_error(error, -EINVAL, "%s and %s are of different builds of %.200s", names[i - 1],
					    names[i], after->program);
		if (before->start_time_ns + before->time_ns >= after->start_time_ns + after->time_ns)
			return allotp_error(error, -EINVAL, "%s is no older than %s: give them in order of time",
					    names[i - 1], names[i]);
	}
	return 0;
}

/* ---- what there was ---- */

/* While sites are put into groups. */
struct gather {
	struct allot_growth *growth;
	uint32_t *group_of; /* key -> group + 1, 0: none yet */
	uint32_t group_of_room;
	struct allot_namer namer;
	/* of the view that is read */
	uint32_t view;
	const struct allot_snapshot *snapshot;
	struct allot_count *last; /* what each site had at its last point */
	uint32_t *met;            /* what the suppressions have said of it */
};

static int find_group(struct gather *gather, uint32_t key, struct allot_growth_group **group)
{
	struct allot_growth *growth = gather->growth;
	uint32_t old = gather->group_of_room;
	struct allot_count *live;
	int rc = 0;

	if (key >= old)
		rc = allotp_array_reserve(&gather->group_of, &gather->group_of_room, key + 1, sizeof(key));
	if (rc == 0 && key >= old)
		memset(gather->group_of + old, 0, (gather->group_of_room - old) * sizeof(key));
	if (rc == 0 && !gather->group_of[key]) {
		rc = allotp_array_reserve(&growth->groups, &growth->room, growth->count + 1, sizeof(**group));
		live = rc ? NULL : calloc(growth->points, sizeof(*live));
		if (!live)
			return -ENOMEM;
		growth->groups[growth->count] = (struct allot_growth_group){ .key = key, .live = live };
		gather->group_of[key] = ++growth->count;
	}
	if (rc == 0)
		*group = &growth->groups[gather->group_of[key] - 1];
	return rc;
}

static bool is_last(const struct gather *gather)
{
	return gather->view + 1 == gather->growth->view_count;
}

/* The group of a site; NULL: it is suppressed. */
static int group_of_site(struct gather *gather, uint32_t number, struct allot_growth_group **out)
{
	const struct allot_site *site = &gather->snapshot->sites[number];
	struct allot_suppressions *suppressions = gather->growth->options->suppressions;
	struct allot_growth_group *group = NULL;
	uint32_t origin, key;
	int rc;

	*out = NULL;
	if (suppressions && allotp_suppressions_hold(suppressions, gather->met[number])) {
		if (is_last(gather))
			allotp_count_add(&gather->growth->suppressed, gather->last[number]);
		return 0;
	}
	rc = allotp_backtrace_origin(&gather->namer.view, site->stack, &origin);
	if (rc == 0)
		rc = allotp_namer_site(&gather->namer, site->domain, origin, site->region, &key);
	if (rc == 0)
		rc = find_group(gather, key, &group);
	if (rc < 0)
		return rc;
	/* The last view comes first: its names are the ones to show. */
	if (!group->node || (group->view == gather->view && gather->last[number].bytes > group->largest.bytes)) {
		group->view = gather->view;
		group->node = origin;
		group->largest = gather->last[number];
	}
	if (is_last(gather))
		group->variance += site->variance.live.bytes;
	*out = group;
	return 0;
}

static int add_live(struct gather *gather)
{
	struct allot_growth_group *group;
	int rc = 0;

	for (uint32_t i = 0; i < gather->snapshot->site_count && rc == 0; i++) {
		if (!gather->last[i].blocks)
			continue;
		rc = group_of_site(gather, i, &group);
		if (rc == 0 && group)
			allotp_count_add(&group->live[gather->view], gather->last[i]);
	}
	return rc;
}

/* The end of the steps of one site, which begin at this one. */
static uint32_t end_of_site(const struct allot_history *history, uint32_t first)
{
	uint32_t end = first + 1;

	while (end < history->step_count && history->steps[end].site == history->steps[first].site)
		end++;
	return end;
}

static int add_history(struct gather *gather)
{
	const struct allot_history *history = &gather->snapshot->history;
	uint32_t end;
	int rc = 0;

	for (uint32_t i = 0; i < history->step_count && rc == 0; i = end) {
		struct allot_growth_group *group;
		struct allot_count live = { 0, 0 };
		uint32_t next = i;

		end = end_of_site(history, i);
		rc = group_of_site(gather, history->steps[i].site, &group);
		for (uint32_t point = 0; point < history->point_count && rc == 0 && group; point++) {
			if (next < end && history->steps[next].point == point)
				live = history->steps[next++].live;
			allotp_count_add(&group->live[point], live);
		}
	}
	return rc;
}

static void find_last(struct gather *gather)
{
	const struct allot_history *history = &gather->snapshot->history;

	if (gather->growth->unit == ALLOT_GROWTH_SNAPSHOTS) {
		for (uint32_t i = 0; i < gather->snapshot->site_count; i++)
			gather->last[i] = gather->snapshot->sites[i].live;
		return;
	}
	for (uint32_t i = 0; i < history->step_count; i++)
		gather->last[history->steps[i].site] = history->steps[i].live;
}

/* Lets the suppressions meet each site; what it has in the last view counts for their limits. */
static int meet(struct gather *gather)
{
	struct allot_suppressions *suppressions = gather->growth->options->suppressions;
	struct allot_trace trace = { 0 };
	struct allot_tracer tracer;
	int rc = 0;

	if (!suppressions || !suppressions->count)
		return 0;
	allotp_tracer_init(&tracer, &gather->namer.view);
	for (uint32_t i = 0; i < gather->snapshot->site_count && rc == 0; i++) {
		if (!gather->last[i].blocks)
			continue;
		rc = allotp_tracer_trace(&tracer, gather->snapshot->sites[i].stack, &trace);
		if (rc == 0)
			gather->met[i] = is_last(gather)
						 ? allotp_suppressions_meet(suppressions, &trace, gather->last[i])
						 : allotp_suppressions_find(suppressions, &trace);
	}
	allotp_trace_release(&trace);
	allotp_tracer_release(&tracer);
	return rc;
}

static int gather_view(struct gather *gather, uint32_t view)
{
	const struct allot_growth *growth = gather->growth;
	int rc = allotp_namer_init(&gather->namer, &growth->views[view], growth->keys, growth->options->group_by);

	gather->view = view;
	gather->snapshot = growth->views[view].snapshot;
	gather->last = calloc((size_t)gather->snapshot->site_count + 1, sizeof(*gather->last));
	gather->met = calloc((size_t)gather->snapshot->site_count + 1, sizeof(*gather->met));
	if (!gather->last || !gather->met)
		rc = -ENOMEM;
	if (rc == 0) {
		find_last(gather);
		rc = meet(gather);
	}
	if (rc == 0)
		rc = growth->unit == ALLOT_GROWTH_SNAPSHOTS ? add_live(gather) : add_history(gather);
	allotp_namer_release(&gather->namer);
	free(gather->last);
	free(gather->met);
	return rc;
}

/* The last view first: only then the suppressions have met all that they are judged by. */
static int gather_all(struct gather *gather)
{
	int rc = 0;

	for (uint32_t i = gather->growth->view_count; i-- > 0 && rc == 0;)
		rc = gather_view(gather, i);
	free(gather->group_of);
	return rc;
}

/* ---- what it comes to ---- */

static int set_points(struct allot_growth *growth)
{
	const struct allot_history *history = &growth->views[growth->view_count - 1].snapshot->history;

	growth->unit = growth->view_count > 1 ? ALLOT_GROWTH_SNAPSHOTS
		       : history->mark        ? ALLOT_GROWTH_MARKS
					      : ALLOT_GROWTH_SECONDS;
	growth->points = growth->view_count > 1 ? growth->view_count : history->point_count;
	growth->repetitions = growth->view_count > 1 ? growth->view_count : history->repetitions;
	growth->unit_name = growth->unit == ALLOT_GROWTH_SNAPSHOTS ? "snapshot"
			    : growth->unit == ALLOT_GROWTH_MARKS   ? history->mark
								   : "second";
	growth->x = calloc(growth->points, sizeof(*growth->x));
	growth->total = calloc(growth->points, sizeof(*growth->total));
	if (!growth->x || !growth->total)
		return -ENOMEM;
	for (uint32_t i = 0; i < growth->points; i++) {
		if (growth->unit == ALLOT_GROWTH_SNAPSHOTS)
			growth->x[i] = i + 1;
		else if (growth->unit == ALLOT_GROWTH_MARKS)
			growth->x[i] = (double)history->points[i].number;
		else
			growth->x[i] = (double)history->points[i].time_ns / 1e9;
	}
	return 0;
}

static int judge(struct allot_growth *growth)
{
	double *y = calloc(growth->points, sizeof(*y));

	if (!y)
		return -ENOMEM;
	for (uint32_t i = 0; i < growth->count; i++) {
		struct allot_growth_group *group = &growth->groups[i];

		for (uint32_t j = 0; j < growth->points; j++) {
			y[j] = (double)group->live[j].bytes;
			allotp_count_add(&growth->total[j], group->live[j]);
		}
		allotp_trend_judge(&group->bytes, growth->x, y, growth->points, sqrt(group->variance));
		for (uint32_t j = 0; j < growth->points; j++)
			y[j] = (double)group->live[j].blocks;
		allotp_trend_judge(&group->blocks, growth->x, y, growth->points, 0);
	}
	free(y);
	return 0;
}

/* How a group ranks among those of its verdict: by how much it grows, or has grown. */
static double weight_of(const struct allot_trend *trend)
{
	return trend->kind == ALLOT_TREND_GROWS ? trend->slope : trend->high - trend->low;
}

static int compare(const void *left, const void *right, void *context)
{
	static const int ranks[ALLOT_TREND_KINDS] = {
		[ALLOT_TREND_GROWS] = 0,   [ALLOT_TREND_UNSTEADY] = 1, [ALLOT_TREND_SLOWS] = 2, [ALLOT_TREND_ONCE] = 3,
		[ALLOT_TREND_BOUNDED] = 4, [ALLOT_TREND_FLAT] = 5,     [ALLOT_TREND_NONE] = 6,
	};
	const struct allot_growth_group *a = left, *b = right;
	const struct allot_trend *of_a = allotp_growth_trend(a), *of_b = allotp_growth_trend(b);
	const struct allot_growth *growth = context;

	if (ranks[of_a->kind] != ranks[of_b->kind])
		return ranks[of_a->kind] - ranks[of_b->kind];
	/* Bytes count for more than blocks without any. */
	if ((of_a == &a->bytes) != (of_b == &b->bytes))
		return of_a == &a->bytes ? -1 : 1;
	if (weight_of(of_a) != weight_of(of_b))
		return weight_of(of_a) > weight_of(of_b) ? -1 : 1;
	return allotp_keys_compare(growth->keys, b->key, a->key);
}

static void rank(struct allot_growth *growth)
{
	bool all = growth->options->format == ALLOT_FORMAT_JSON || growth->options->format == ALLOT_FORMAT_CSV;
	uint32_t changed;

	for (uint32_t i = 0; i < growth->count; i++)
		growth->kinds[allotp_growth_trend(&growth->groups[i])->kind]++;
	if (growth->count)
		qsort_r(growth->groups, growth->count, sizeof(*growth->groups), compare, growth);
	changed = growth->count - growth->kinds[ALLOT_TREND_FLAT] - growth->kinds[ALLOT_TREND_NONE];
	if (!all)
		changed -= growth->kinds[ALLOT_TREND_BOUNDED];
	growth->shown = growth->options->top ? growth->options->top : all ? UINT32_MAX : DEFAULT_TOP;
	if (growth->shown > changed)
		growth->shown = changed;
}

static int write(FILE *out, const struct allot_growth *growth)
{
	switch (growth->options->format) {
	case ALLOT_FORMAT_JSON:
		return allotp_growth_write_json(out, growth);
	case ALLOT_FORMAT_MARKDOWN:
		return allotp_growth_write_markdown(out, growth);
	case ALLOT_FORMAT_CSV:
		return allotp_growth_write_csv(out, growth);
	default:
		return allotp_growth_write_text(out, growth);
	}
}

int allotp_growth_write(FILE *out, const struct allot_view *views, uint32_t count,
			const struct allot_growth_options *options, uint32_t *grows)
{
	struct allot_growth growth = { .options = options, .views = views, .view_count = count };
	struct gather gather = { .growth = &growth };
	int rc = allotp_keys_new(&growth.keys);

	if (rc == 0)
		rc = set_points(&growth);
	if (rc == 0)
		rc = gather_all(&gather);
	if (rc == 0)
		rc = judge(&growth);
	if (rc == 0) {
		rank(&growth);
		rc = write(out, &growth);
	}
	if (rc == 0)
		*grows = growth.kinds[ALLOT_TREND_GROWS];
	for (uint32_t i = 0; i < growth.count; i++)
		free(growth.groups[i].live);
	free(growth.groups);
	free(growth.total);
	free(growth.x);
	allotp_keys_free(growth.keys);
	return rc;
}
