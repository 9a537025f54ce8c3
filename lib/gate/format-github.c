/* SPDX-License-Identifier: MIT */
/* A verdict as GitHub's workflow commands, which become annotations at file and line. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "gate/writer.h"

/* What the data of a command must not hold as it is; in its properties ':' and ',' must not stand, either. */
static void put_escaped(FILE *out, const char *text, bool property)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			fprintf(out, "%%%02X", c);
		else
			putc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

/* "::error file=a.c,line=3,title=…::" */
static void put_command(FILE *out, const char *command, const char *file, uint32_t line, const char *title)
{
	fprintf(out, "::%s ", command);
	if (file) {
		fputs("file=", out);
		put_escaped(out, file, true);
		fprintf(out, ",line=%" PRIu32 ",", line ? line : 1);
	}
	fputs("title=", out);
	put_escaped(out, title, true);
	fputs("::", out);
}

static int write_finding(FILE *out, struct allot_verdict *verdict, const struct allot_finding *finding)
{
	static const char *const titles[ALLOT_KINDS] = { "allot: over budget", "allot: growth", "allot: leak" };
	struct allot_detail detail;
	int rc = allotp_detail_init(&detail, verdict, finding, 0);

	if (rc == 0) {
		/* Files elsewhere are not the repository's: an annotation there would be shown nowhere. */
		put_command(out, "error", detail.below ? detail.file : NULL, detail.line, titles[detail.kind]);
		put_escaped(out, detail.text, false);
		putc('\n', out);
	}
	allotp_detail_release(&detail);
	return rc;
}

int allotp_verdict_write_github(FILE *out, struct allot_verdict *verdict)
{
	uint32_t shown = allotp_verdict_shown(verdict);
	int rc = 0;

	for (uint32_t i = 0; i < verdict->incomplete_count; i++) {
		put_command(out, verdict->refused ? "error" : "warning", NULL, 0, "allot: incomplete data");
		put_escaped(out, verdict->incomplete[i], false);
		putc('\n', out);
	}
	for (uint32_t i = 0; i < shown && rc == 0; i++)
		rc = write_finding(out, verdict, &verdict->findings[i]);
	for (uint32_t i = 0; i < verdict->note_count; i++) {
		const struct allot_note *note = &verdict->notes[i];

		put_command(out, "notice", note->file, note->line, "allot");
		put_escaped(out, note->text, false);
		putc('\n', out);
	}
	allotp_verdict_headline(out, verdict);
	if (shown < verdict->finding_count)
		fprintf(out, "; %" PRIu32 " not shown", verdict->finding_count - shown);
	putc('\n', out);
	return rc;
}
