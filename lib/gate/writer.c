/* SPDX-License-Identifier: MIT */
/* The formats that a verdict is written in, and what they share. */
#include "gate/writer.h"

#include <inttypes.h>

#include "report/print.h"

static const struct {
	const char *name;
	int (*write)(FILE *out, struct allot_verdict *verdict);
} formats[ALLOT_VERDICT_FORMATS] = {
	[ALLOT_VERDICT_TEXT] = { "text", allotp_verdict_write_text },
	[ALLOT_VERDICT_GITHUB] = { "github", allotp_verdict_write_github },
	[ALLOT_VERDICT_GITLAB] = { "gitlab", allotp_verdict_write_gitlab },
	[ALLOT_VERDICT_JUNIT] = { "junit", allotp_verdict_write_junit },
	[ALLOT_VERDICT_SARIF] = { "sarif", allotp_verdict_write_sarif },
	[ALLOT_VERDICT_MARKDOWN] = { "markdown", allotp_verdict_write_markdown },
	[ALLOT_VERDICT_JSON] = { "json", allotp_verdict_write_json },
};

const char *allotp_verdict_format_name(enum allot_verdict_format format)
{
	return formats[format].name;
}

int allotp_verdict_write(FILE *out, struct allot_verdict *verdict, enum allot_verdict_format format)
{
	return formats[format].write(out, verdict);
}

const char *allotp_verdict_word(const struct allot_verdict *verdict)
{
	return verdict->refused ? "INCOMPLETE" : verdict->over ? "OVER BUDGET" : "PASS";
}

static uint32_t count_results(const struct allot_verdict *verdict, enum allot_result result)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < verdict->check_count; i++)
		count += verdict->checks[i].result == result;
	return count;
}

void allotp_verdict_headline(FILE *out, const struct allot_verdict *verdict)
{
	uint32_t kept = count_results(verdict, ALLOT_RESULT_PASS), over = count_results(verdict, ALLOT_RESULT_OVER);
	uint32_t unchecked = count_results(verdict, ALLOT_RESULT_UNCHECKED);

	fprintf(out, "%s ", allotp_verdict_word(verdict));
	allotp_put(out, verdict->judged->name);
	if (verdict->judged->before) {
		fputs(", baseline ", out);
		allotp_put(out, verdict->judged->before_name);
	}
	if (!verdict->check_count)
		fputs(": there was no limit to check", out);
	else
		fprintf(out, ": %" PRIu32 " limit%s kept", kept, ALLOT_PLURAL(kept));
	if (over)
		fprintf(out, ", %" PRIu32 " broken in %" PRIu32 " place%s", over, verdict->finding_count,
			ALLOT_PLURAL(verdict->finding_count));
	if (unchecked)
		fprintf(out, ", %" PRIu32 " not checked", unchecked);
}

uint32_t allotp_verdict_shown(const struct allot_verdict *verdict)
{
	return verdict->finding_count < verdict->judged->top ? verdict->finding_count : verdict->judged->top;
}
