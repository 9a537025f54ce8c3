/* SPDX-License-Identifier: MIT */
/* What people should know of a verdict, though it fails nothing. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gate/date.h"
#include "gate/verdict.h"
#include "report/print.h"
#include "report/size.h"

static int note(struct allot_verdict *verdict, const char *file, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int note(struct allot_verdict *verdict, const char *file, uint32_t line, const char *format, ...)
{
	struct allot_note *bigger = reallocarray(verdict->notes, verdict->note_count + (size_t)1, sizeof(*bigger));
	va_list args;
	char *text;
	int length;

	if (!bigger)
		return -ENOMEM;
	verdict->notes = bigger;
	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	bigger[verdict->note_count++] = (struct allot_note){ text, file, line };
	return 0;
}

static int note_suppression(struct allot_verdict *verdict, const struct allot_suppression *s)
{
	char met[96];

	snprintf(met, sizeof(met), "%s in %" PRIu64 " block%s", allotp_size((double)s->met.bytes).text, s->met.blocks,
		 ALLOT_PLURAL(s->met.blocks));
	switch (allotp_suppression_state(verdict->judged->suppressions, s)) {
	case ALLOT_SUPPRESSION_UNUSED:
		return note(verdict, s->file, s->line, "unused suppression: leak:%s", s->text);
	case ALLOT_SUPPRESSION_EXPIRED:
		if (!s->stacks)
			return note(verdict, s->file, s->line, "expired on %s, and unused: leak:%s",
				    allotp_date_text(s->until).text, s->text);
		return note(verdict, s->file, s->line, "expired on %s, so %s are not suppressed: leak:%s",
			    allotp_date_text(s->until).text, met, s->text);
	case ALLOT_SUPPRESSION_EXCEEDED:
		return note(verdict, s->file, s->line, "met more than it allows, so %s are not suppressed: leak:%s",
			    met, s->text);
	default:
		return 0;
	}
}

static int note_suppressions(struct allot_verdict *verdict)
{
	const struct allot_suppressions *set = verdict->judged->suppressions;
	int rc = 0;

	for (uint32_t i = 0; i < set->count && rc == 0; i++)
		rc = note_suppression(verdict, &set->list[i]);
	return rc;
}

static int note_unchecked(struct allot_verdict *verdict)
{
	const struct allot_budget *budget = verdict->judged->budget;
	uint32_t relative = 0;
	int rc = 0;

	for (uint32_t i = 0; i < verdict->check_count && rc == 0; i++) {
		const struct allot_check *check = &verdict->checks[i];

		for (uint32_t l = 0; l < check->limit_count && !verdict->judged->before; l++)
			relative += check->limits[l].relative;
		if (check->result == ALLOT_RESULT_UNCHECKED && !check->limits->relative)
			rc = note(verdict, check->limits->line ? budget->file : NULL, check->limits->line,
				  "not checked: %s of %s: %s", allotp_quantity_name(check->quantity), check->subject,
				  check->reason);
	}
	if (rc == 0 && relative)
		rc = note(verdict, NULL, 0, "%" PRIu32 " limit%s not checked, for want of a baseline", relative,
			  relative == 1 ? " was" : "s were");
	return rc;
}

/* A hint for those who are told of leaks that are none. */
static int note_look(struct allot_verdict *verdict)
{
	const struct allot_snapshot *now = verdict->judged->now->snapshot;
	bool leaks = false;

	for (uint32_t i = 0; i < verdict->check_count; i++)
		leaks |= verdict->checks[i].quantity == ALLOT_QUANTITY_LEAKS &&
			 verdict->checks[i].result == ALLOT_RESULT_OVER;
	if (!leaks || now->leaks.looked)
		return 0;
	return note(
		verdict, NULL, 0,
		"what the program can still reach counts as leaked: `allot run --leaks` tells it from what is lost");
}

/* Sites of the baseline with a frame that had a name once: its file is another one by now. */
static int note_nameless(struct allot_verdict *verdict)
{
	const struct allot_view *before = verdict->judged->before;
	uint32_t nameless = 0;

	for (uint32_t i = 0; before && i < before->snapshot->site_count; i++) {
		uint32_t node = before->snapshot->sites[i].stack;

		for (; node >= ALLOT_NODE_FIRST; node = before->snapshot->nodes[node].parent) {
			const struct allot_symbol *symbol = allotp_resolve(before->resolver, node);

			if (!symbol)
				return -ENOMEM;
			if (!symbol->frames[0].function &&
			    allotp_module_symbols(before->resolver, symbol->module) == ALLOT_SYMBOLS_REBUILT)
				break;
		}
		nameless += node >= ALLOT_NODE_FIRST;
	}
	if (!nameless)
		return 0;
	return note(verdict, NULL, 0,
		    "%" PRIu32 " of %" PRIu32 " call sites of the baseline lack names, for its program was built anew: "
		    "keep baselines with `allot check --keep`",
		    nameless, before->snapshot->site_count);
}

static int note_kinds(struct allot_verdict *verdict)
{
	const struct allot_snapshot *now = verdict->judged->now->snapshot;
	const struct allot_snapshot *before = verdict->judged->before ? verdict->judged->before->snapshot : NULL;
	int rc = 0;

	if (now->sampling_bytes || (before && before->sampling_bytes))
		rc = note(
			verdict, NULL, 0,
			"blocks were sampled: numbers are estimates, which may exceed limits by three standard errors");
	if (rc == 0 && before && now->depth_limit != before->depth_limit)
		rc = note(verdict, NULL, 0, "the baseline was recorded with another --depth, so stacks differ");
	return rc;
}

int allotp_verdict_note(struct allot_verdict *verdict)
{
	int rc = note_suppressions(verdict);

	if (rc == 0)
		rc = note_unchecked(verdict);
	if (rc == 0)
		rc = note_look(verdict);
	if (rc == 0)
		rc = note_nameless(verdict);
	return rc < 0 ? rc : note_kinds(verdict);
}
