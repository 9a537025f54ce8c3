/* SPDX-License-Identifier: MIT */
/* Growth as Markdown: a table fit for a comment on a change, with the trust header below. */
#include <inttypes.h>
#include <math.h>

#include "leaks/growth-writer.h"
#include "report/print.h"
#include "report/size.h"

static int write_group(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	const struct allot_trend *trend = allotp_growth_trend(group);
	struct allot_count first = group->live[0], last = group->live[growth->points - 1];
	struct allot_backtrace backtrace = { .node = group->node };
	const struct allot_frame *frame = NULL;
	int rc = allotp_backtrace_next(&backtrace, &growth->views[group->view], &frame);

	if (rc < 0)
		return rc;
	fprintf(out, "| %s | ", allotp_trend_name(trend->kind));
	if (trend->kind == ALLOT_TREND_GROWS) {
		allotp_growth_put_rate(out, group->bytes.slope);
		fprintf(out, " | %.3g | %.2f ", group->blocks.slope, trend->r_squared);
	} else {
		fputs("| | ", out);
	}
	fprintf(out, "| %s ", allotp_size((double)first.bytes).text);
	fprintf(out, "| %s | ", allotp_size((double)last.bytes).text);
	allotp_put_key(out, growth->keys, group->key);
	fputs(" | ", out);
	if (rc && frame->function)
		allotp_put_code(out, frame->function);
	fputs(" |\n", out);
	return 0;
}

int allotp_growth_write_markdown(FILE *out, const struct allot_growth *growth)
{
	const struct allot_view *last = &growth->views[growth->view_count - 1];
	struct allot_trust_summary trust;
	int rc = allotp_trust_summarize(last, &trust);

	fputs("### allot: growth per ", out);
	allotp_put_code(out, growth->unit_name);
	fprintf(out, ", %" PRIu32 " points\n\n", growth->points);
	fputs("| Verdict | Bytes per unit | Blocks | R² | First | Last | Where | Function |\n"
	      "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |\n",
	      out);
	for (uint32_t i = 0; i < growth->shown && rc == 0; i++)
		rc = write_group(out, growth, &growth->groups[i]);
	if (rc < 0)
		return rc;
	fprintf(out, "\n- %" PRIu32 " of %" PRIu32 " grow%s\n", growth->kinds[ALLOT_TREND_GROWS], growth->count,
		growth->kinds[ALLOT_TREND_GROWS] == 1 ? "s" : "");
	allotp_trust_write(out, last, &trust, "- ");
	return 0;
}
