/* SPDX-License-Identifier: MIT */
/* The numbers of a group on one line, as CPython's Statistic and StatisticDiff. */
#include <inttypes.h>

#include "report/size.h"
#include "report/writer.h"

void allotp_put_numbers(FILE *out, const struct allot_report *report, const struct allot_group_change *change)
{
	bool sampled = allotp_report_is_sampled(report);

	fprintf(out, "size=%s", allotp_size((double)change->now.bytes).text);
	if (sampled)
		fputs(allotp_size_error(change->variance.bytes).text, out);
	if (report->before)
		fprintf(out, " (%s%s)", allotp_size_change((double)change->bytes).text,
			sampled ? allotp_size_error(change->change_variance.bytes).text : "");
	fprintf(out, ", count=%" PRIu64, change->now.blocks);
	if (sampled)
		fputs(allotp_count_error(change->variance.blocks).text, out);
	if (report->before)
		fprintf(out, " (%+" PRId64 "%s)", change->blocks,
			sampled ? allotp_count_error(change->change_variance.blocks).text : "");
	if (change->now.blocks)
		fprintf(out, ", average=%s", allotp_size((double)change->now.bytes / (double)change->now.blocks).text);
}
