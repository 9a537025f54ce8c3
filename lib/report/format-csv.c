/* SPDX-License-Identifier: MIT */
/* The CSV format (RFC 4180): a header, then one record for each group, in its order. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/writer.h"

/* A field of text; quoted when it must be. */
static void write_field(FILE *out, const char *text)
{
	if (!text)
		return;
	if (!strpbrk(text, "\",\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void write_count(FILE *out, struct allot_count count)
{
	fprintf(out, ",%" PRIu64 ",%" PRIu64, count.bytes, count.blocks);
}

static int write_group(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	const struct allot_view *view = allotp_group_view(report, group);
	struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	struct allot_group_change change = allotp_group_change(report, group);
	const struct allot_frame *frame = NULL;
	int rc = allotp_backtrace_next(&backtrace, view, &frame);
	char *key = allotp_keys_text(report->statistics->keys, group->key);

	if (rc < 0 || !key) {
		free(key);
		return -ENOMEM;
	}
	write_field(out, key);
	free(key);
	putc(',', out);
	write_field(out, rc ? frame->function : NULL);
	putc(',', out);
	write_field(out, rc ? view->snapshot->modules[backtrace.symbol->module].path : NULL);
	write_count(out, group->live);
	write_count(out, group->peak);
	write_count(out, group->ever);
	write_count(out, group->temporary);
	if (report->before)
		fprintf(out, ",%" PRId64 ",%" PRId64, change.bytes, change.blocks);
	fputs("\r\n", out);
	return 0;
}

int allotp_write_csv(FILE *out, const struct allot_report *report)
{
	fputs("key,function,module,live_bytes,live_blocks,peak_bytes,peak_blocks,ever_bytes,ever_blocks,"
	      "temporary_bytes,temporary_blocks",
	      out);
	fputs(report->before ? ",diff_bytes,diff_blocks\r\n" : "\r\n", out);
	for (uint32_t i = 0; i < report->shown; i++) {
		int rc = write_group(out, report, &report->statistics->groups[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}
