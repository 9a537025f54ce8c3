/* SPDX-License-Identifier: MIT */
/*
 * The JSON format. One object; each group is made, written and dropped, so that a report of many groups needs
 * no more memory than its largest. Numbers are exact up to 2^63 - 1 and stop there.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/filtered.h"
#include "report/json.h"
#include "report/writer.h"

/* Of a standard error more would be noise. */
enum { ERROR_DIGITS = 4 };

/* json_object_set_new fails on a NULL value too, so one check at the end of a chain is enough. */
static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static json_t *error_of(const struct allot_variance *variance)
{
	return json_pack("{s:f, s:f}", "bytes", sqrt(variance->bytes), "blocks", sqrt(variance->blocks));
}

/* variance: NULL if nothing was sampled, so that the count is exact. */
static json_t *count(struct allot_count count, const struct allot_variance *variance)
{
	json_t *object = json_pack("{s:o, s:o}", "bytes", allotp_json_number(count.bytes), "blocks",
				   allotp_json_number(count.blocks));

	if (object && variance && set(object, "error", error_of(variance))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *trust(const struct allot_snapshot *snapshot, const struct allot_trust_summary *summary)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "events", allotp_json_number(snapshot->trust.events), "lost",
			 allotp_json_number(summary->lost), "truncated", allotp_json_number(snapshot->trust.truncated),
			 "unsymbolized_bytes", allotp_json_number(summary->unsymbolized_bytes), "clean_exit",
			 summary->clean_exit);
}

static json_t *totals(const struct allot_snapshot *snapshot)
{
	const struct allot_variances variances = allotp_snapshot_variances(snapshot);
	bool sampled = snapshot->sampling_bytes;

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "live", count(snapshot->live, sampled ? &variances.live : NULL),
			 "peak", count(snapshot->peak, sampled ? &variances.peak : NULL), "ever",
			 count(snapshot->ever, sampled ? &variances.ever : NULL), "frees",
			 allotp_json_number(snapshot->frees), "temporary",
			 count(snapshot->temporary, sampled ? &variances.temporary : NULL));
}

/* How blocks were chosen, if not all were recorded. */
static json_t *sampled(const struct allot_snapshot *snapshot)
{
	return json_pack("{s:o}", "bytes", allotp_json_number(snapshot->sampling_bytes));
}

/* Which filters, what there was before them, and what part of what is ranked by is left. */
static json_t *filtered(const struct allot_snapshot *snapshot, enum allot_measure measure)
{
	const struct allot_snapshot_totals *whole = &snapshot->unfiltered;
	json_t *totals = json_pack("{s:o, s:o, s:o, s:o, s:o}", "live", count(whole->live, NULL), "peak",
				   count(whole->peak, NULL), "ever", count(whole->ever, NULL), "frees",
				   allotp_json_number(whole->frees), "temporary", count(whole->temporary, NULL));

	return json_pack("{s:o, s:f, s:o}", "by", allotp_json_string(snapshot->filters), "share",
			 allotp_filtered_share(snapshot, measure), "of", totals);
}

static json_t *frame(const struct allot_snapshot *snapshot, const struct allot_symbol *symbol,
		     const struct allot_frame *f)
{
	const struct allot_module *module = &snapshot->modules[symbol->module];
	char build_id[2 * sizeof(module->build_id) + 1] = "", address[32];

	for (uint32_t i = 0; i < module->build_id_size && i < sizeof(module->build_id); i++)
		snprintf(build_id + (size_t)2 * i, 3, "%02x", module->build_id[i]);
	snprintf(address, sizeof(address), "0x%" PRIx64, allotp_symbol_offset(snapshot, symbol));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:b}", "function", allotp_json_string(f->function), "file",
			 allotp_json_string(f->file), "line", f->line ? allotp_json_number(f->line) : json_null(),
			 "module", allotp_json_string(symbol->module ? module->path : NULL), "build_id",
			 allotp_json_string(*build_id ? build_id : NULL), "address", address, "inlined", f->inlined);
}

int allotp_json_frames(const struct allot_report *report, const struct allot_group *group, json_t *array)
{
	const struct allot_view *view = allotp_group_view(report, group);
	struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	const struct allot_frame *f;
	int rc;

	while ((rc = allotp_backtrace_next(&backtrace, view, &f)) > 0)
		if (json_array_append_new(array, frame(view->snapshot, backtrace.symbol, f)) < 0)
			return -ENOMEM;
	return rc;
}

static json_t *mark(const struct allot_mark *of)
{
	return json_pack("{s:o, s:f, s:o}", "name", allotp_json_string(of->name), "seconds", (double)of->time_ns / 1e9,
			 "live_bytes", allotp_json_number(of->live_bytes));
}

static json_t *region(const struct allot_snapshot *snapshot, uint32_t number)
{
	const struct allot_program_region *of = &snapshot->regions[number];
	char *path = allotp_snapshot_region_path(snapshot, number);
	json_t *object = path ? json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", allotp_json_string(path), "live",
					  count(of->live, NULL), "peak", count(of->peak, NULL), "ever",
					  count(of->ever, NULL), "temporary", count(of->temporary, NULL)) :
				NULL;

	free(path);
	return object;
}

static int write_object(FILE *out, json_t *object)
{
	int rc = allotp_json_write(out, object, JSON_REAL_PRECISION(ERROR_DIGITS));

	json_decref(object);
	return rc;
}

static int write_member(FILE *out, const char *key, json_t *object)
{
	if (!object)
		return -ENOMEM;
	fprintf(out, ",\"%s\":", key);
	return write_object(out, object);
}

/* An array, one item after the other; nothing if it is empty. */
static int write_marks(FILE *out, const struct allot_snapshot *snapshot)
{
	int rc = 0;

	for (uint32_t i = 0; i < snapshot->mark_count && rc == 0; i++) {
		json_t *object = mark(&snapshot->marks[i]);

		fputs(i ? ",\n" : ",\"marks\":[\n", out);
		rc = object ? write_object(out, object) : -ENOMEM;
	}
	if (snapshot->mark_count)
		fputs("\n]", out);
	return rc;
}

static int write_regions(FILE *out, const struct allot_snapshot *snapshot)
{
	int rc = 0;

	for (uint32_t i = 1; i < snapshot->region_count && rc == 0; i++) {
		json_t *object = region(snapshot, i);

		fputs(i > 1 ? ",\n" : ",\"regions\":[\n", out);
		rc = object ? write_object(out, object) : -ENOMEM;
	}
	if (snapshot->region_count > 1)
		fputs("\n]", out);
	return rc;
}

static json_t *diff(const struct allot_report *report, const struct allot_group_change *change)
{
	json_t *object =
		json_pack("{s:I, s:I}", "bytes", (json_int_t)change->bytes, "blocks", (json_int_t)change->blocks);

	if (object && allotp_report_is_sampled(report) && set(object, "error", error_of(&change->change_variance))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int write_group(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	json_t *object = json_object(), *array = json_array();
	char *key = allotp_keys_text(report->statistics->keys, group->key);
	struct allot_group_change change = allotp_group_change(report, group);
	const struct allot_variances *variance = report->now->snapshot->sampling_bytes ? &group->variance : NULL;
	int rc = object && array && key ? allotp_json_frames(report, group, array) : -ENOMEM;

	if (rc == 0 && (set(object, "key", allotp_json_string(key)) ||
			set(object, "live", count(group->live, variance ? &variance->live : NULL)) ||
			set(object, "peak", count(group->peak, variance ? &variance->peak : NULL)) ||
			set(object, "ever", count(group->ever, variance ? &variance->ever : NULL)) ||
			set(object, "temporary", count(group->temporary, variance ? &variance->temporary : NULL))))
		rc = -ENOMEM;
	if (rc == 0 && report->before && set(object, "diff", diff(report, &change)))
		rc = -ENOMEM;
	if (rc == 0 && json_object_set(object, "frames", array))
		rc = -ENOMEM;
	if (rc == 0)
		rc = write_object(out, json_incref(object));
	json_decref(array);
	json_decref(object);
	free(key);
	return rc;
}

static json_t *old(const struct allot_report *report)
{
	const struct allot_snapshot *snapshot = report->before->snapshot;
	json_t *object =
		json_pack("{s:o, s:o}", "trust", trust(snapshot, &report->trust_before), "totals", totals(snapshot));

	if (object &&
	    ((snapshot->sampling_bytes && set(object, "sampled", sampled(snapshot))) ||
	     (snapshot->filters && set(object, "filtered", filtered(snapshot, report->statistics->measure))))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int allotp_write_json_head(FILE *out, const struct allot_report *report)
{
	int rc;

	fputs("{\"allot\":1", out);
	rc = write_member(out, "trust", trust(report->now->snapshot, &report->trust));
	if (rc == 0)
		rc = write_member(out, "totals", totals(report->now->snapshot));
	if (rc == 0 && report->now->snapshot->sampling_bytes)
		rc = write_member(out, "sampled", sampled(report->now->snapshot));
	if (rc == 0 && report->now->snapshot->filters)
		rc = write_member(out, "filtered", filtered(report->now->snapshot, report->statistics->measure));
	if (rc == 0 && report->before)
		rc = write_member(out, "old", old(report));
	return rc;
}

int allotp_write_json(FILE *out, const struct allot_report *report)
{
	int rc = allotp_write_json_head(out, report);

	if (rc == 0)
		rc = write_marks(out, report->now->snapshot);
	/* Their counts know no filters. */
	if (rc == 0 && !report->now->snapshot->filters)
		rc = write_regions(out, report->now->snapshot);
	fputs(",\"groups\":[", out);
	for (uint32_t i = 0; i < report->shown && rc == 0; i++) {
		fputs(i ? ",\n" : "\n", out);
		rc = write_group(out, report, &report->statistics->groups[i]);
	}
	fputs("\n]}\n", out);
	return rc;
}
