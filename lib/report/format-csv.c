/* SPDX-License-Identifier: MIT */
/* The CSV format (RFC 4180): a header, then one record for each group, in its order. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report/print.h"
#include "report/writer.h"

static void write_count(FILE *out, struct allot_count count)
{
	fprintf(out, ",%" PRIu64 ",%" PRIu64, count.bytes, count.blocks);
}

static void write_error(FILE *out, struct allot_variance variance)
{
	fprintf(out, ",%.0f,%.3f", sqrt(variance.bytes), sqrt(variance.blocks));
}

int allotp_write_csv_place(FILE *out, const struct allot_view *view, struct allot_backtrace backtrace,
			   const struct allot_keys *keys, uint32_t number)
{
	const struct allot_frame *frame = NULL;
	int rc = allotp_backtrace_next(&backtrace, view, &frame);
	char *key = allotp_keys_text(keys, number);

	if (rc < 0 || !key) {
		free(key);
		return -ENOMEM;
	}
	allotp_put_field(out, key);
	free(key);
	putc(',', out);
	allotp_put_field(out, rc ? frame->function : NULL);
	putc(',', out);
	allotp_put_field(out, rc ? view->snapshot->modules[backtrace.symbol->module].path : NULL);
	return 0;
}

static int write_group(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	const struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	struct allot_group_change change = allotp_group_change(report, group);
	int rc = allotp_write_csv_place(out, allotp_group_view(report, group), backtrace, report->statistics->keys,
					group->key);

	if (rc < 0)
		return rc;
	write_count(out, group->live);
	write_count(out, group->peak);
	write_count(out, group->ever);
	write_count(out, group->temporary);
	if (report->before)
		fprintf(out, ",%" PRId64 ",%" PRId64, change.bytes, change.blocks);
	if (allotp_report_is_sampled(report)) {
		write_error(out, group->variance.live);
		write_error(out, group->variance.peak);
		write_error(out, group->variance.ever);
		write_error(out, group->variance.temporary);
		if (report->before)
			write_error(out, change.change_variance);
	}
	fputs("\r\n", out);
	return 0;
}

int allotp_write_csv(FILE *out, const struct allot_report *report)
{
	fputs("key,function,module,live_bytes,live_blocks,peak_bytes,peak_blocks,ever_bytes,ever_blocks,"
	      "temporary_bytes,temporary_blocks",
	      out);
	if (report->before)
		fputs(",diff_bytes,diff_blocks", out);
	if (allotp_report_is_sampled(report)) {
		fputs(",live_bytes_error,live_blocks_error,peak_bytes_error,peak_blocks_error,ever_bytes_error,"
		      "ever_blocks_error,temporary_bytes_error,temporary_blocks_error",
		      out);
		if (report->before)
			fputs(",diff_bytes_error,diff_blocks_error", out);
	}
	fputs("\r\n", out);
	for (uint32_t i = 0; i < report->shown; i++) {
		int rc = write_group(out, report, &report->statistics->groups[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}
