/* SPDX-License-Identifier: MIT */
/* Growth as text: a line for each group that grows or has grown, where it is, and how many others there are. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "leaks/growth-writer.h"
#include "leaks/suppressed.h"
#include "report/print.h"
#include "report/size.h"

/* Less of a slope than this part is not worth telling as an error. */
#define TOLD 0.005

void allotp_growth_put_rate(FILE *out, double rate)
{
	if (rate < 100)
		fprintf(out, "%.3g B", rate);
	else
		fputs(allotp_size(rate).text, out);
}

/* "48 B (+- 2 B) in 1 block per request" */
static void put_slopes(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	const struct allot_trend *trend = allotp_growth_trend(group);
	double blocks = group->blocks.slope;

	if (trend == &group->bytes) {
		allotp_growth_put_rate(out, trend->slope);
		if (isfinite(trend->error) && trend->error >= TOLD * trend->slope) {
			fputs(" (±", out);
			allotp_growth_put_rate(out, trend->error);
			putc(')', out);
		}
		if (group->blocks.kind != ALLOT_TREND_FLAT && blocks > 0)
			fprintf(out, " in %.3g block%s", blocks, fabs(blocks - 1) < TOLD ? "" : "s");
	} else {
		fprintf(out, "%.3g block%s of 0 B", blocks, fabs(blocks - 1) < TOLD ? "" : "s");
	}
	fputs(" per ", out);
	allotp_put(out, growth->unit_name);
}

/* "200 times", "12.5 s", "5 snapshots" */
static void put_span(FILE *out, const struct allot_growth *growth, double span)
{
	static const char *const units[] = {
		[ALLOT_GROWTH_MARKS] = " times",
		[ALLOT_GROWTH_SECONDS] = " s",
		[ALLOT_GROWTH_SNAPSHOTS] = " snapshots",
	};

	if (span == 1 && growth->unit != ALLOT_GROWTH_SECONDS)
		fputs(growth->unit == ALLOT_GROWTH_MARKS ? "once" : "1 snapshot", out);
	else if (growth->unit == ALLOT_GROWTH_SECONDS)
		fprintf(out, "%.3g%s", span, units[growth->unit]);
	else
		fprintf(out, "%.0f%s", span, units[growth->unit]);
}

/* "1.2 KiB", or "7 blocks" where they have no bytes. */
static void put_amount(FILE *out, const struct allot_growth_group *group, double amount)
{
	if (allotp_growth_trend(group) == &group->bytes)
		fputs(allotp_size(amount).text, out);
	else
		fprintf(out, "%.0f block%s of 0 B", amount, amount == 1 ? "" : "s");
}

static void put_once(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	const struct allot_trend *trend = allotp_growth_trend(group);
	double at = growth->x[trend->settle], after = growth->x[growth->points - 1] - at;

	fputs("grew once: by ", out);
	put_amount(out, group, trend->high - trend->low);
	fprintf(out, growth->unit == ALLOT_GROWTH_SECONDS ? " until %s %.3g" : " until %s %.0f", growth->unit_name, at);
	if (after > 0) {
		fputs(", no more in ", out);
		put_span(out, growth, after);
		fputs(" since", out);
	}
	fputs(": a cache?", out);
}

static void put_verdict(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	const struct allot_trend *trend = allotp_growth_trend(group);

	switch (trend->kind) {
	case ALLOT_TREND_GROWS:
		fputs("grows ", out);
		put_slopes(out, growth, group);
		fprintf(out, " (R² %.2f, ", trend->r_squared);
		put_span(out, growth, allotp_growth_span(growth, trend));
		if (trend->first) {
			fputs(" after ", out);
			put_span(out, growth, growth->x[trend->first] - growth->x[0]);
			fputs(" of warm-up", out);
		}
		putc(')', out);
		break;
	case ALLOT_TREND_ONCE:
		put_once(out, growth, group);
		break;
	default:
		fputs("rises by ", out);
		put_amount(out, group, trend->high - trend->low);
		fputs(trend->kind == ALLOT_TREND_SLOWS ? ", by less and less: a cache that fills?"
						       : ", but not steadily",
		      out);
		break;
	}
	putc('\n', out);
}

static int write_group(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	struct allot_growth_place place;

	allotp_growth_place(growth, group, &place);
	allotp_write_text_label(out, &place.report, &place.group);
	put_verdict(out, growth, group);
	return allotp_write_text_place(out, &place.report, &place.group);
}

/* What was not shown, by verdict. */
static void write_others(FILE *out, const struct allot_growth *growth)
{
	uint32_t left = growth->count - growth->kinds[ALLOT_TREND_FLAT] - growth->kinds[ALLOT_TREND_NONE] -
			growth->kinds[ALLOT_TREND_BOUNDED] - growth->shown;
	const char *separator = "";

	if (left) {
		fprintf(out, "%" PRIu32 " other%s: --top N shows more", left, ALLOT_PLURAL(left));
		separator = "; ";
	}
	if (growth->kinds[ALLOT_TREND_BOUNDED]) {
		fprintf(out, "%s%" PRIu32 " go%s up and down", separator, growth->kinds[ALLOT_TREND_BOUNDED],
			growth->kinds[ALLOT_TREND_BOUNDED] == 1 ? "es" : "");
		separator = "; ";
	}
	if (growth->kinds[ALLOT_TREND_FLAT]) {
		fprintf(out, "%s%" PRIu32 " do%s not change", separator, growth->kinds[ALLOT_TREND_FLAT],
			growth->kinds[ALLOT_TREND_FLAT] == 1 ? "es" : "");
		separator = "; ";
	}
	if (*separator)
		fputs(".\n", out);
}

static void write_total(FILE *out, const struct allot_growth *growth)
{
	struct allot_count first = growth->total[0], last = growth->total[growth->points - 1];
	uint32_t grow = growth->kinds[ALLOT_TREND_GROWS];
	double slope = 0;

	for (uint32_t i = 0; i < grow; i++)
		slope += growth->groups[i].bytes.slope;
	fprintf(out, "Live: %s in %" PRIu64 " block%s at first, ", allotp_size((double)first.bytes).text, first.blocks,
		ALLOT_PLURAL(first.blocks));
	fprintf(out, "%s in %" PRIu64 " block%s at last", allotp_size((double)last.bytes).text, last.blocks,
		ALLOT_PLURAL(last.blocks));
	if (growth->suppressed.blocks)
		fprintf(out, ", %s in %" PRIu64 " more suppressed", allotp_size((double)growth->suppressed.bytes).text,
			growth->suppressed.blocks);
	if (!grow) {
		fputs("; nothing grows steadily.\n", out);
		return;
	}
	fprintf(out, "; what grows: ");
	allotp_growth_put_rate(out, slope);
	fputs(" per ", out);
	allotp_put(out, growth->unit_name);
	fputs(" in all.\n", out);
}

int allotp_growth_write_text(FILE *out, const struct allot_growth *growth)
{
	const struct allot_view *last = &growth->views[growth->view_count - 1];
	struct allot_trust_summary trust;
	int rc = 0;

	fputs("[ Growth per ", out);
	allotp_put(out, growth->unit_name);
	fputs(": ", out);
	put_span(out, growth,
		 growth->unit == ALLOT_GROWTH_SECONDS ? growth->x[growth->points - 1] - growth->x[0]
						      : (double)growth->repetitions);
	if (growth->unit != ALLOT_GROWTH_SNAPSHOTS)
		fprintf(out, ", %" PRIu32 " points", growth->points);
	fprintf(out, "%s ]\n", last->snapshot->filters ? ", filtered" : "");
	for (uint32_t i = 0; i < growth->shown && rc == 0; i++)
		rc = write_group(out, growth, &growth->groups[i]);
	if (rc == 0)
		rc = allotp_trust_summarize(last, &trust);
	if (rc < 0)
		return rc;
	write_others(out, growth);
	write_total(out, growth);
	if (growth->options->appendix)
		return 0;
	allotp_leaks_write_suppressions(out, growth->options->suppressions);
	allotp_trust_write(out, last, &trust, "");
	if (growth->shown && growth->options->group_by != ALLOT_GROUP_STACK)
		fputs("More: --group-by stack for whole stacks.\n", out);
	return 0;
}
