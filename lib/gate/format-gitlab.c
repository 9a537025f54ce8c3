/* SPDX-License-Identifier: MIT */
/* A verdict as GitLab's code quality report: an array, empty if all is well. */
#include <errno.h>
#include <inttypes.h>

#include "gate/writer.h"
#include "report/json.h"

static json_t *issue(const char *description, const char *check, const char *fingerprint, const char *severity,
		     const char *path, uint32_t line)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:{s:o, s:{s:o}}}", "description", allotp_json_string(description),
			 "check_name", check, "fingerprint", fingerprint, "severity", severity, "location", "path",
			 allotp_json_string(path), "lines", "begin", allotp_json_number(line ? line : 1));
}

/* Where no source is known the limit is what to look at, or else the snapshot: GitLab wants a place. */
static void find_location(const struct allot_verdict *verdict, const struct allot_finding *finding,
			  const struct allot_detail *detail, const char **path, uint32_t *line)
{
	const char *budget = verdict->judged->budget->file;

	*path = verdict->judged->name;
	*line = 0;
	if (detail->file) {
		*path = detail->file;
		*line = detail->line;
	} else if (finding->limit->line) {
		*path = budget;
		*line = finding->limit->line;
	}
}

static int add(json_t *array, json_t *value)
{
	return json_array_append_new(array, value) < 0 ? -ENOMEM : 0;
}

static int add_finding(json_t *array, struct allot_verdict *verdict, const struct allot_finding *finding)
{
	static const char *const checks[ALLOT_KINDS] = { "allot-limit", "allot-growth", "allot-leak" };
	struct allot_detail detail;
	const char *path;
	uint32_t line;
	int rc = allotp_detail_init(&detail, verdict, finding, 0);

	if (rc == 0) {
		find_location(verdict, finding, &detail, &path, &line);
		rc = add(array, issue(detail.text, checks[detail.kind], detail.fingerprint, "major", path, line));
	}
	allotp_detail_release(&detail);
	return rc;
}

int allotp_verdict_write_gitlab(FILE *out, struct allot_verdict *verdict)
{
	json_t *array = json_array();
	int rc = array ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < verdict->incomplete_count && rc == 0; i++) {
		char fingerprint[32];

		snprintf(fingerprint, sizeof(fingerprint), "incomplete-%" PRIu32, i);
		rc = add(array, issue(verdict->incomplete[i], "allot-incomplete", fingerprint,
				      verdict->refused ? "critical" : "info", verdict->judged->name, 0));
	}
	for (uint32_t i = 0; i < verdict->finding_count && rc == 0; i++)
		rc = add_finding(array, verdict, &verdict->findings[i]);
	if (rc == 0) {
		json_dumpf(array, out, JSON_INDENT(1));
		putc('\n', out);
	}
	json_decref(array);
	return rc;
}
