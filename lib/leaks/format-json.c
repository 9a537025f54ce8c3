/* SPDX-License-Identifier: MIT */
/* The JSON: that of a report, with a member "leaks", and a group for each stack and class. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "leaks/phrase.h"
#include "leaks/place.h"
#include "leaks/suppressed.h"
#include "leaks/writer.h"
#include "report/json.h"

static json_t *count(struct allot_count count)
{
	return json_pack("{s:o, s:o}", "bytes", allotp_json_number(count.bytes), "blocks",
			 allotp_json_number(count.blocks));
}

static json_t *suppression(const struct allot_suppressions *set, const struct allot_suppression *one)
{
	static const char *const states[] = { "holds", "unused", "expired", "exceeded" };

	return json_pack("{s:o, s:s, s:o, s:o}", "pattern", allotp_json_string(one->text), "state",
			 states[allotp_suppression_state(set, one)], "bytes", allotp_json_number(one->met.bytes),
			 "blocks", allotp_json_number(one->met.blocks));
}

json_t *allotp_leaks_json_suppressions(const struct allot_suppressions *set)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < set->count; i++) {
		if (json_array_append_new(array, suppression(set, &set->list[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* With where its block comes from; `site` counts the snapshot's sites. */
static json_t *step(const struct allot_view *view, const struct allot_cycle_step *step)
{
	uint32_t stack = view->snapshot->sites[step->site].stack;
	const char *field, *type;
	json_t *object = json_pack("{s:o, s:o, s:o}", "site", allotp_json_number(step->site), "offset",
				   allotp_json_number(step->offset), "size", allotp_json_number(step->size));
	int rc = object ? allotp_place_json(view, stack, object) : -ENOMEM;

	if (rc == 0)
		rc = allotp_place_field(view, stack, step->size, step->offset, &field, &type);
	if (rc == 0 && field)
		rc = json_object_set_new(object, "field", allotp_json_string(field));
	if (rc == 0 && field && type)
		rc = json_object_set_new(object, "type", allotp_json_string(type));
	if (rc == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *cycle(const struct allot_view *view, const struct allot_cycle *cycle)
{
	json_t *steps = json_array();

	for (uint32_t i = 0; steps && i < cycle->step_count; i++) {
		if (json_array_append_new(steps, step(view, &cycle->steps[i]))) {
			json_decref(steps);
			return NULL;
		}
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "times", allotp_json_number(cycle->times), "blocks",
			 allotp_json_number(cycle->blocks), "bytes", allotp_json_number(cycle->bytes), "steps", steps);
}

static json_t *cycles(const struct allot_view *view, const struct allot_cycles *found)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < found->count; i++) {
		if (json_array_append_new(array, cycle(view, &found->list[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *leaks(const struct allot_leaks_report *report)
{
	const struct allot_leaks *look = &report->view->snapshot->leaks;
	const struct allot_tally *tally = report->tally;
	json_t *object = json_object(), *fresh = json_object();
	int rc = object && fresh ? 0 : -ENOMEM;

	for (int i = 0; i < ALLOT_LEAKS && rc == 0; i++) {
		rc = json_object_set_new(object, allotp_leak_class_name((enum allot_leak_class)i),
					 count(tally->counts[i]));
		if (rc == 0 && i != ALLOT_LEAK_REACHABLE)
			rc = json_object_set_new(fresh, allotp_leak_class_name((enum allot_leak_class)i),
						 count(tally->fresh[i]));
	}
	if (rc == 0)
		rc = json_object_set(object, "new", fresh) ||
		     json_object_set_new(object, "suppressed", count(tally->suppressed)) ||
		     json_object_set_new(object, "cycles", cycles(report->view, &report->cycles)) ||
		     (report->options->suppressions &&
		      json_object_set_new(object, "suppressions",
					  allotp_leaks_json_suppressions(report->options->suppressions))) ||
		     json_object_set_new(object, "look",
					 json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "method",
						   allotp_look_method_name(look), "at_exit", look->at_exit, "threads",
						   allotp_json_number(look->threads), "stop_ns",
						   allotp_json_number(look->stop_ns), "scan_ns",
						   allotp_json_number(look->scan_ns), "unreadable_bytes",
						   allotp_json_number(look->unreadable_bytes), "number",
						   allotp_json_number(look->looks)));
	json_decref(fresh);
	if (rc == 0)
		return object;
	json_decref(object);
	return NULL;
}

static int write_object(FILE *out, json_t *object)
{
	if (!object)
		return -ENOMEM;
	json_dumpf(object, out, JSON_COMPACT);
	json_decref(object);
	return 0;
}

static int write_group(FILE *out, const struct allot_leaks_list *list, int leak_class, const struct allot_group *group)
{
	json_t *array = json_array();
	char *key = allotp_keys_text(list->statistics->keys, group->key);
	int rc = array && key ? allotp_json_frames(&list->report, group, array) : -ENOMEM;
	json_t *object =
		rc ? NULL
		   : json_pack("{s:s, s:o, s:o}", "class", allotp_leak_class_name((enum allot_leak_class)leak_class),
			       "key", allotp_json_string(key), "live", count(group->live));

	if (object && leak_class == ALLOT_LEAK_DEFINITE && json_object_set_new(object, "leads_to", count(group->ever)))
		rc = -ENOMEM;
	if (object && leak_class != ALLOT_LEAK_REACHABLE && json_object_set_new(object, "new", count(group->temporary)))
		rc = -ENOMEM;
	if (object && json_object_set(object, "frames", array))
		rc = -ENOMEM;
	free(key);
	json_decref(array);
	if (rc) {
		json_decref(object);
		return rc;
	}
	return write_object(out, object);
}

static int write_groups(FILE *out, const struct allot_leaks_report *report)
{
	uint32_t left = report->options->top ? report->options->top : UINT32_MAX;
	const char *separator = "\n";
	int rc = 0;

	for (int i = 0; i < ALLOT_LEAKS && rc == 0; i++) {
		const struct allot_leaks_list *list = &report->lists[i];

		for (uint32_t j = 0; j < list->report.ranked && left && rc == 0; j++, left--) {
			fputs(separator, out);
			separator = ",\n";
			rc = write_group(out, list, i, &list->statistics->groups[j]);
		}
	}
	return rc;
}

int allotp_leaks_write_json(FILE *out, const struct allot_leaks_report *report)
{
	struct allot_report whole = report->lists[0].report;
	int rc;

	whole.now = report->view;
	rc = allotp_trust_summarize(report->view, &whole.trust);
	if (rc == 0)
		rc = allotp_write_json_head(out, &whole);
	fputs(",\"leaks\":", out);
	if (rc == 0)
		rc = write_object(out, leaks(report));
	fputs(",\"groups\":[", out);
	if (rc == 0)
		rc = write_groups(out, report);
	fputs("\n]}\n", out);
	return rc;
}
