/* SPDX-License-Identifier: MIT */
/* The text: the worst leaks, a few lines each, and what there is of each class; on one screen. */
#include <inttypes.h>
#include <string.h>

#include "leaks/phrase.h"
#include "leaks/place.h"
#include "leaks/suppressed.h"
#include "leaks/writer.h"
#include "report/print.h"
#include "report/size.h"

enum { DEFAULT_TOP = 5, SHOWN_CYCLES = 3, SHOWN_STEPS = 8 };

static void write_count(FILE *out, const char *what, struct allot_count count, struct allot_count fresh, bool again)
{
	fprintf(out, "%16s: %s in %" PRIu64 " block%s", what, allotp_size((double)count.bytes).text, count.blocks,
		ALLOT_PLURAL(count.blocks));
	if (again && count.blocks)
		fprintf(out, ", new %s in %" PRIu64, allotp_size((double)fresh.bytes).text, fresh.blocks);
	putc('\n', out);
}

static void write_totals(FILE *out, const struct allot_leaks_report *report)
{
	const struct allot_tally *tally = report->tally;
	const struct allot_leaks *leaks = &report->view->snapshot->leaks;

	for (int i = 0; i < ALLOT_LEAKS; i++)
		write_count(out, allotp_leak_class_words((enum allot_leak_class)i), tally->counts[i], tally->fresh[i],
			    leaks->looks > 1 && i != ALLOT_LEAK_REACHABLE);
	if (tally->suppressed.blocks)
		write_count(out, "suppressed", tally->suppressed, tally->suppressed, false);
}

void allotp_leaks_write_suppressions(FILE *out, const struct allot_suppressions *set)
{
	static const char *const notes[] = { "", ": has met nothing", ": expired", ": more than its limit" };

	for (uint32_t i = 0; set && i < set->count; i++) {
		const struct allot_suppression *one = &set->list[i];
		enum allot_suppression_state state = allotp_suppression_state(set, one);

		/* A program may have many of its own, for all its uses. */
		if (state == ALLOT_SUPPRESSION_UNUSED && !strcmp(one->file, ALLOT_LEAKS_OWN))
			continue;
		fprintf(out, "%16s: ", "suppression");
		allotp_put(out, one->text);
		if (one->met.blocks)
			fprintf(out, ": %s in %" PRIu64 " block%s", allotp_size((double)one->met.bytes).text,
				one->met.blocks, ALLOT_PLURAL(one->met.blocks));
		fprintf(out, "%s\n", notes[state]);
	}
}

static void write_how(FILE *out, const struct allot_leaks *leaks)
{
	char text[256];

	allotp_look_text(leaks, text, sizeof(text));
	fprintf(out, "%s.\n", text);
	if (leaks->unreadable_bytes)
		fprintf(out, "%s of memory could not be read: pointers there have not counted.\n",
			allotp_size((double)leaks->unreadable_bytes).text);
	if (leaks->left_out)
		fprintf(out, "%" PRIu64 " lost block%s found no room in the store, and %s only counted.\n",
			leaks->left_out, ALLOT_PLURAL(leaks->left_out), leaks->left_out == 1 ? "is" : "are");
}

/* "definitely lost, a.c:12: size=…" and what goes with it. */
static int write_group(FILE *out, const struct allot_leaks_report *report, int leak_class, uint32_t number)
{
	const struct allot_leaks_list *list = &report->lists[leak_class];
	const struct allot_group *group = &list->statistics->groups[number];
	int rc;

	fprintf(out, "%s, ", allotp_leak_class_words((enum allot_leak_class)leak_class));
	rc = allotp_write_text_group(out, &list->report, group);
	if (rc == 0 && group->ever.blocks)
		fprintf(out, "    and with it, indirectly, %s in %" PRIu64 " block%s\n",
			allotp_size((double)group->ever.bytes).text, group->ever.blocks,
			ALLOT_PLURAL(group->ever.blocks));
	return rc;
}

static int write_lists(FILE *out, const struct allot_leaks_report *report)
{
	uint32_t left = report->options->top ? report->options->top : DEFAULT_TOP, others = 0;
	int rc = 0;

	for (int i = 0; i < ALLOT_LEAKS && rc == 0; i++) {
		uint32_t ranked = report->lists[i].report.ranked;

		for (uint32_t j = 0; j < ranked && rc == 0; j++) {
			if (left) {
				rc = write_group(out, report, i, j);
				left--;
			} else {
				others++;
			}
		}
	}
	if (others)
		fprintf(out, "%" PRIu32 " other%s: --top N shows more.\n", others, ALLOT_PLURAL(others));
	return rc;
}

/* "16", or "16 (next)" where the field's name is certain. */
static int write_offset(FILE *out, const struct allot_view *view, const struct allot_cycle_step *step)
{
	const char *field, *type;
	int rc = allotp_place_field(view, view->snapshot->sites[step->site].stack, step->size, step->offset, &field,
				    &type);

	fprintf(out, "%" PRIu32, step->offset);
	if (rc == 0 && field) {
		fputs(" (", out);
		allotp_put(out, field);
		putc(')', out);
	}
	return rc;
}

/* "a cycle of 2 blocks, 48 B, lost at: a (list.c:3) -> b (list.c:4) -> a, through offsets 0 (next), 8" */
static int write_cycle(FILE *out, const struct allot_view *view, const struct allot_cycle *cycle)
{
	uint32_t shown = cycle->step_count < SHOWN_STEPS ? cycle->step_count : SHOWN_STEPS;
	int rc = 0;

	if (cycle->times > 1)
		fprintf(out, "%" PRIu64 " times ", cycle->times);
	fprintf(out, "a cycle of %" PRIu32 " blocks, %s, lost at: ", cycle->step_count,
		allotp_size((double)cycle->bytes).text);
	for (uint32_t i = 0; i < shown && rc == 0; i++) {
		rc = allotp_place_write(out, view, view->snapshot->sites[cycle->steps[i].site].stack);
		fputs(" -> ", out);
	}
	fputs(shown < cycle->step_count ? "..., through offsets " : "the first, through offsets ", out);
	for (uint32_t i = 0; i < shown && rc == 0; i++) {
		fputs(i ? ", " : "", out);
		rc = write_offset(out, view, &cycle->steps[i]);
	}
	if (cycle->blocks > cycle->step_count)
		fprintf(out, "; one of several in a knot of %" PRIu32 " blocks", cycle->blocks);
	putc('\n', out);
	return rc;
}

static int write_cycles(FILE *out, const struct allot_leaks_report *report)
{
	const struct allot_cycles *cycles = &report->cycles;
	int rc = 0;

	for (uint32_t i = 0; i < cycles->count && i < SHOWN_CYCLES && rc == 0; i++)
		rc = write_cycle(out, report->view, &cycles->list[i]);
	if (cycles->count > SHOWN_CYCLES)
		fprintf(out, "%" PRIu32 " other shapes of cycles: --format json has them.\n",
			cycles->count - SHOWN_CYCLES);
	return rc;
}

int allotp_leaks_write_text(FILE *out, const struct allot_leaks_report *report)
{
	struct allot_trust_summary trust;
	bool any = false;
	int rc;

	for (int i = 0; i < ALLOT_LEAKS; i++)
		any = any || report->lists[i].report.ranked;
	fprintf(out, "[ Leaks%s%s ]\n", report->options->fresh ? ", new ones" : "",
		report->view->snapshot->filters ? ", filtered" : "");
	rc = write_lists(out, report);
	if (rc == 0)
		rc = write_cycles(out, report);
	if (rc == 0)
		rc = allotp_trust_summarize(report->view, &trust);
	if (rc < 0)
		return rc;
	if (any)
		putc('\n', out);
	write_totals(out, report);
	allotp_leaks_write_suppressions(out, report->options->suppressions);
	if (report->complaint)
		fprintf(out, "The program's own suppressions are not used: %s.\n", report->complaint);
	write_how(out, &report->view->snapshot->leaks);
	allotp_trust_write(out, report->view, &trust, "");
	if (any && report->how.group_by != ALLOT_GROUP_STACK)
		fputs("More: --group-by stack for whole stacks.\n", out);
	return 0;
}
