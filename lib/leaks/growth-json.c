/* SPDX-License-Identifier: MIT */
/* Growth as JSON: that of a report, with a member "growth", and groups with their slopes and series. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "leaks/growth-writer.h"
#include "leaks/suppressed.h"
#include "report/json.h"

static const char *const units[] = {
	[ALLOT_GROWTH_MARKS] = "mark",
	[ALLOT_GROWTH_SECONDS] = "second",
	[ALLOT_GROWTH_SNAPSHOTS] = "snapshot",
};

static json_t *count(struct allot_count count)
{
	return json_pack("{s:o, s:o}", "bytes", allotp_json_number(count.bytes), "blocks",
			 allotp_json_number(count.blocks));
}

/* null: it is not known. */
static json_t *real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *pair(double bytes, double blocks)
{
	return json_pack("{s:o, s:o}", "bytes", real(bytes), "blocks", real(blocks));
}

static json_t *numbers(const double *values, uint32_t n)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < n; i++)
		json_array_append_new(array, json_real(values[i]));
	return array;
}

/* The bytes, or the blocks, at each point. */
static json_t *series(const struct allot_count *live, uint32_t n, bool blocks)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < n; i++)
		json_array_append_new(array, allotp_json_number(blocks ? live[i].blocks : live[i].bytes));
	return array;
}

static json_t *growth_of(const struct allot_growth *growth)
{
	json_t *object =
		json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "unit", units[growth->unit], "name",
			  allotp_json_string(growth->unit_name), "repetitions", allotp_json_number(growth->repetitions),
			  "points", numbers(growth->x, growth->points), "first", count(growth->total[0]), "last",
			  count(growth->total[growth->points - 1]), "suppressed", count(growth->suppressed));
	json_t *verdicts = json_object();

	for (int i = 0; i < ALLOT_TREND_KINDS; i++)
		json_object_set_new(verdicts, allotp_trend_name((enum allot_trend_kind)i),
				    allotp_json_number(growth->kinds[i]));
	if (json_object_set_new(object, "verdicts", verdicts) ||
	    (growth->options->suppressions &&
	     json_object_set_new(object, "suppressions",
				 allotp_leaks_json_suppressions(growth->options->suppressions)))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int write_group(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	const struct allot_trend *trend = allotp_growth_trend(group);
	struct allot_growth_place place;
	json_t *frames = json_array(), *object = NULL;
	char *key = allotp_keys_text(growth->keys, group->key);
	int rc = frames && key ? 0 : -ENOMEM;

	allotp_growth_place(growth, group, &place);
	if (rc == 0)
		rc = allotp_json_frames(&place.report, &place.group, frames);
	if (rc == 0)
		object = json_pack(
			"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "key", allotp_json_string(key), "verdict",
			allotp_trend_name(trend->kind), "slope", pair(group->bytes.slope, group->blocks.slope), "error",
			pair(group->bytes.error, group->blocks.error), "r_squared", real(trend->r_squared), "span",
			real(allotp_growth_span(growth, trend)), "warm_up", allotp_json_number(trend->first), "bytes",
			series(group->live, growth->points, false), "blocks", series(group->live, growth->points, true),
			"frames", frames);
	if (rc == 0)
		rc = allotp_json_write(out, object, JSON_REAL_PRECISION(6));
	json_decref(object);
	json_decref(frames);
	free(key);
	return rc;
}

int allotp_growth_write_json(FILE *out, const struct allot_growth *growth)
{
	struct allot_growth_place place;
	json_t *object;
	int rc;

	allotp_growth_place(growth, NULL, &place);
	rc = allotp_trust_summarize(place.report.now, &place.report.trust);
	if (rc == 0)
		rc = allotp_write_json_head(out, &place.report);
	if (rc == 0) {
		object = growth_of(growth);
		fputs(",\"growth\":", out);
		rc = allotp_json_write(out, object, JSON_REAL_PRECISION(12));
		json_decref(object);
	}
	fputs(",\"groups\":[", out);
	for (uint32_t i = 0; i < growth->shown && rc == 0; i++) {
		fputs(i ? ",\n" : "\n", out);
		rc = write_group(out, growth, &growth->groups[i]);
	}
	fputs("\n]}\n", out);
	return rc;
}
