/* SPDX-License-Identifier: MIT */
/* A verdict as Markdown, for the summary of a job or a comment. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gate/writer.h"
#include "report/print.h"

/* Text in a cell of a table, where nothing is to be taken for markup. */
static void put_cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>#|~&$", *text))
			fprintf(out, "&#%d;", *text);
		else
			putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
	}
}

static int write_finding(FILE *out, struct allot_verdict *verdict, const struct allot_finding *finding)
{
	struct allot_detail detail;
	int rc = allotp_detail_init(&detail, verdict, finding, 0);

	if (rc == 0) {
		fprintf(out, "| %s | ", allotp_kind_name(detail.kind));
		put_cell(out, detail.message);
		fputs(" | ", out);
		put_cell(out, detail.site ? detail.site : "");
		fputs(" |\n", out);
	}
	allotp_detail_release(&detail);
	return rc;
}

static int write_findings(FILE *out, struct allot_verdict *verdict)
{
	uint32_t shown = allotp_verdict_shown(verdict);
	int rc = 0;

	if (shown)
		fputs("\n| | what | where |\n| --- | --- | --- |\n", out);
	for (uint32_t i = 0; i < shown && rc == 0; i++)
		rc = write_finding(out, verdict, &verdict->findings[i]);
	if (shown < verdict->finding_count)
		fprintf(out, "\n%" PRIu32 " more.\n", verdict->finding_count - shown);
	return rc;
}

static int write_check(FILE *out, const struct allot_check *check)
{
	static const char *const words[] = { "kept", "**broken**", "not checked" };
	char *name = allotp_check_text(check), *now = allotp_count_text(check->now);
	char *before = check->compared ? allotp_count_text(check->before) : strdup("");
	int rc = name && now && before ? 0 : -ENOMEM;

	if (rc == 0) {
		fputs("| ", out);
		put_cell(out, name);
		fprintf(out, " | %s | %s | ", check->result == ALLOT_RESULT_UNCHECKED ? "" : now, before);
		for (uint32_t i = 0; i < check->limit_count; i++) {
			fputs(i ? ", " : "", out);
			put_cell(out, check->limits[i].text);
			fputs(check->limits[i].blocks ? " blocks" : "", out);
		}
		fprintf(out, " | %s |\n", words[check->result]);
	}
	free(name);
	free(now);
	free(before);
	return rc;
}

static int write_checks(FILE *out, const struct allot_verdict *verdict)
{
	int rc = 0;

	if (verdict->check_count)
		fputs("\n| limit on | now | baseline | allowed | |\n| --- | ---: | ---: | --- | --- |\n", out);
	for (uint32_t i = 0; i < verdict->check_count && rc == 0; i++)
		rc = write_check(out, &verdict->checks[i]);
	return rc;
}

static void write_list(FILE *out, const struct allot_verdict *verdict)
{
	if (verdict->incomplete_count || verdict->note_count || verdict->moved.moved)
		putc('\n', out);
	for (uint32_t i = 0; i < verdict->incomplete_count; i++) {
		fputs("- **Incomplete data:** ", out);
		put_cell(out, verdict->incomplete[i]);
		putc('\n', out);
	}
	if (verdict->moved.moved)
		fprintf(out, "- Only moved: %" PRIu32 " time%s the same bytes and blocks under another stack\n",
			verdict->moved.moved, ALLOT_PLURAL(verdict->moved.moved));
	for (uint32_t i = 0; i < verdict->note_count; i++) {
		const struct allot_note *note = &verdict->notes[i];

		fputs("- ", out);
		if (note->file) {
			put_cell(out, note->file);
			fprintf(out, ":%" PRIu32 ": ", note->line);
		}
		put_cell(out, note->text);
		putc('\n', out);
	}
}

int allotp_verdict_write_markdown(FILE *out, struct allot_verdict *verdict)
{
	int rc;

	fputs("### allot check: ", out);
	allotp_verdict_headline(out, verdict);
	putc('\n', out);
	rc = write_findings(out, verdict);
	if (rc == 0)
		rc = write_checks(out, verdict);
	write_list(out, verdict);
	return rc;
}
