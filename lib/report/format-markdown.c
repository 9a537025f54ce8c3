/* SPDX-License-Identifier: MIT */
/* The Markdown format: a table fit for a comment on a change, with the totals and the trust header below. */
#include <inttypes.h>

#include "report/filtered.h"
#include "report/print.h"
#include "report/size.h"
#include "report/writer.h"

static void write_numbers(FILE *out, const struct allot_report *report, const struct allot_group_change *change)
{
	bool sampled = allotp_report_is_sampled(report);

	fprintf(out, "| %s%s ", allotp_size((double)change->now.bytes).text,
		sampled ? allotp_size_error(change->variance.bytes).text : "");
	if (report->before)
		fprintf(out, "| %s%s ", allotp_size_change((double)change->bytes).text,
			sampled ? allotp_size_error(change->change_variance.bytes).text : "");
	fprintf(out, "| %" PRIu64 "%s ", change->now.blocks,
		sampled ? allotp_count_error(change->variance.blocks).text : "");
	if (report->before)
		fprintf(out, "| %+" PRId64 "%s ", change->blocks,
			sampled ? allotp_count_error(change->change_variance.blocks).text : "");
	fprintf(out, "| %s ",
		change->now.blocks ? allotp_size((double)change->now.bytes / (double)change->now.blocks).text : "");
}

void allotp_put_key(FILE *out, const struct allot_keys *keys, uint32_t key)
{
	for (uint32_t k = key; k; k = allotp_keys_caller(keys, k)) {
		if (k != key)
			fputs("<br>", out);
		allotp_put_code(out, allotp_keys_newest(keys, k)->text);
	}
}

static int write_group(FILE *out, const struct allot_report *report, const struct allot_group *group)
{
	const struct allot_view *view = allotp_group_view(report, group);
	struct allot_backtrace backtrace = { .node = group->node, .frame = group->frame };
	struct allot_group_change change = allotp_group_change(report, group);
	const struct allot_frame *frame;
	int rc = allotp_backtrace_next(&backtrace, view, &frame);

	if (rc < 0)
		return rc;
	write_numbers(out, report, &change);
	fputs("| ", out);
	allotp_put_key(out, report->statistics->keys, group->key);
	fputs(" | ", out);
	if (rc && frame->function)
		allotp_put_code(out, frame->function);
	fputs(" |\n", out);
	return 0;
}

int allotp_write_markdown(FILE *out, const struct allot_report *report)
{
	const struct allot_statistics *statistics = report->statistics;
	struct allot_group_change total = allotp_total_change(report);
	char title[96];

	allotp_report_title(report, title, sizeof(title));
	fprintf(out, "### allot: %s\n\n", title);
	fputs(report->before ? "| Size | Change | Count | Change | Average | Where | Function |\n"
			       "| ---: | ---: | ---: | ---: | ---: | --- | --- |\n"
			     : "| Size | Count | Average | Where | Function |\n"
			       "| ---: | ---: | ---: | --- | --- |\n",
	      out);
	for (uint32_t i = 0; i < report->shown; i++) {
		int rc = write_group(out, report, &statistics->groups[i]);

		if (rc < 0)
			return rc;
	}
	write_numbers(out, report, &total);
	fprintf(out, "| **Total %s** | |\n\n", allotp_report_total_name(report));
	if (report->before)
		allotp_filtered_write(out, report->before->snapshot, statistics->measure, "- Old: ");
	allotp_filtered_write(out, report->now->snapshot, statistics->measure, report->before ? "- New: " : "- ");
	if (report->before)
		allotp_trust_write(out, report->before, &report->trust_before, "- Old: ");
	allotp_trust_write(out, report->now, &report->trust, report->before ? "- New: " : "- ");
	return 0;
}
