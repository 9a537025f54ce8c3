/* SPDX-License-Identifier: MIT */
/* A verdict as SARIF 2.1.0 (OASIS), for code scanning. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "gate/place.h"
#include "gate/writer.h"
#include "report/json.h"

static const char schema[] = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/* In the order of enum allot_kind. */
static const struct {
	const char *id, *name, *text;
} rules[ALLOT_KINDS] = {
	{ "allot/limit", "OverBudget", "A part of the program uses more memory than its budget allows." },
	{ "allot/growth", "Growth", "A call site holds more memory than in the baseline." },
	{ "allot/leak", "Leak", "Memory that a call site allocated was never freed." },
};

static json_t *make_rules(void)
{
	json_t *array = json_array();

	for (int i = 0; i < ALLOT_KINDS && array; i++)
		if (json_array_append_new(array, json_pack("{s:s, s:s, s:{s:s}, s:{s:s}}", "id", rules[i].id, "name",
							   rules[i].name, "shortDescription", "text", rules[i].text,
							   "defaultConfiguration", "level", "error")) < 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

/* A path as a URI reference: relative ones stay so, others become "file:///…". NULL: out of memory. */
static char *uri_of(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/+@";
	char *uri = malloc(strlen("file://") + 3 * strlen(path) + 1), *to = uri;

	if (!uri)
		return NULL;
	if (*path == '/')
		to = stpcpy(to, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	}
	*to = '\0';
	return uri;
}

/* A place in the source; below: relative to the root of the sources. NULL: out of memory. */
static json_t *physical(const char *file, bool below, uint32_t line)
{
	char *uri = uri_of(file);
	json_t *place = uri ? json_pack("{s:{s:s}}", "artifactLocation", "uri", uri) : NULL;
	int failed = 0;

	free(uri);
	if (!place)
		return NULL;
	if (below)
		failed = json_object_set_new(json_object_get(place, "artifactLocation"), "uriBaseId",
					     json_string("%SRCROOT%"));
	if (line)
		failed |=
			json_object_set_new(place, "region", json_pack("{s:o}", "startLine", allotp_json_number(line)));
	if (failed) {
		json_decref(place);
		return NULL;
	}
	return place;
}

static json_t *location(const char *file, bool below, uint32_t line)
{
	return json_pack("{s:o}", "physicalLocation", physical(file, below, line));
}

static json_t *stack_frame(const struct allot_trace_frame *frame, const char *root)
{
	json_t *where = json_object();
	const char *name = frame->function ? frame->function : "?";
	int failed =
		!where || json_object_set_new(where, "message", json_pack("{s:o}", "text", allotp_json_string(name)));
	json_t *result;

	if (!failed && frame->file) {
		bool below;
		char *file = allotp_place_file(frame->file, root, &below);

		failed = !file || json_object_set_new(where, "physicalLocation", physical(file, below, frame->line));
		free(file);
	}
	result = failed ? NULL : json_pack("{s:O, s:o}", "location", where, "module", allotp_json_string(frame->path));
	json_decref(where);
	return result;
}

static json_t *make_stacks(const struct allot_trace *trace, const char *root)
{
	json_t *frames = json_array();

	for (uint32_t i = 0; i < trace->count && frames; i++)
		if (json_array_append_new(frames, stack_frame(trace->frames[i], root)) < 0) {
			json_decref(frames);
			frames = NULL;
		}
	return json_pack("[{s:o}]", "frames", frames);
}

static json_t *make_result(struct allot_verdict *verdict, const struct allot_finding *finding)
{
	struct allot_detail detail;
	json_t *result = NULL;
	int failed = 1;

	if (allotp_detail_init(&detail, verdict, finding, 0) == 0) {
		result = json_pack("{s:s, s:i, s:s, s:{s:o}, s:{s:s}}", "ruleId", rules[detail.kind].id, "ruleIndex",
				   (int)detail.kind, "level", "error", "message", "text",
				   allotp_json_string(detail.text), "partialFingerprints", "allotIdentity/v1",
				   detail.fingerprint);
		failed = !result;
		if (!failed && detail.file)
			failed =
				json_object_set_new(result, "locations",
						    json_pack("[o]", location(detail.file, detail.below, detail.line)));
		if (!failed && detail.trace.count)
			failed = json_object_set_new(result, "stacks",
						     make_stacks(&detail.trace, verdict->judged->root));
	}
	allotp_detail_release(&detail);
	if (!failed)
		return result;
	json_decref(result);
	return NULL;
}

static json_t *make_results(struct allot_verdict *verdict)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < verdict->finding_count && array; i++)
		if (json_array_append_new(array, make_result(verdict, &verdict->findings[i])) < 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static json_t *notification(const char *text, const char *level)
{
	return json_pack("{s:{s:o}, s:s}", "message", "text", allotp_json_string(text), "level", level);
}

static json_t *make_notifications(const struct allot_verdict *verdict)
{
	json_t *array = json_array();
	int failed = !array;

	for (uint32_t i = 0; i < verdict->incomplete_count && !failed; i++)
		failed = json_array_append_new(
			array, notification(verdict->incomplete[i], verdict->refused ? "error" : "warning"));
	for (uint32_t i = 0; i < verdict->note_count && !failed; i++)
		failed = json_array_append_new(array, notification(verdict->notes[i].text, "note"));
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

int allotp_verdict_write_sarif(FILE *out, struct allot_verdict *verdict)
{
	json_t *log = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[{s:b, s:o}], s:s, s:o}]}", "$schema", schema,
				"version", "2.1.0", "runs", "tool", "driver", "name", "allot", "version",
				PACKAGE_VERSION, "rules", make_rules(), "invocations", "executionSuccessful",
				!verdict->refused, "toolExecutionNotifications", make_notifications(verdict),
				"columnKind", "unicodeCodePoints", "results", make_results(verdict));

	if (!log)
		return -ENOMEM;
	json_dumpf(log, out, JSON_INDENT(1));
	putc('\n', out);
	json_decref(log);
	return 0;
}
