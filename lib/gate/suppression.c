/* SPDX-License-Identifier: MIT */
/* Suppressions: which leaks are known, and whether each suppression still holds. */
#include "gate/suppression.h"

#include <stdlib.h>

#include "gate/pattern.h"
#include "snapshot/counts.h"

static bool match_frame(const char *pattern, const struct allot_trace_frame *frame)
{
	return allotp_pattern_match(pattern, frame->path) || allotp_pattern_match(pattern, frame->function) ||
	       allotp_pattern_match(pattern, frame->name) || allotp_pattern_match(pattern, frame->file);
}

bool allotp_suppression_match(const struct allot_suppression *suppression, const struct allot_trace *trace)
{
	uint32_t matched = 0;

	for (uint32_t i = 0; i < trace->count && matched < suppression->pattern_count; i++)
		matched += match_frame(suppression->patterns[matched], trace->frames[i]);
	return matched == suppression->pattern_count;
}

static bool is_expired(const struct allot_suppressions *set, const struct allot_suppression *suppression)
{
	return suppression->until && suppression->until < set->today;
}

uint32_t allotp_suppressions_meet(struct allot_suppressions *set, const struct allot_trace *trace,
				  struct allot_count leaked)
{
	for (uint32_t i = 0; i < set->count; i++) {
		struct allot_suppression *suppression = &set->list[i];

		if (!allotp_suppression_match(suppression, trace))
			continue;
		suppression->stacks++;
		allotp_count_add(&suppression->met, leaked);
		if (!is_expired(set, suppression))
			return i + 1;
	}
	return 0;
}

uint32_t allotp_suppressions_find(const struct allot_suppressions *set, const struct allot_trace *trace)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (!is_expired(set, &set->list[i]) && allotp_suppression_match(&set->list[i], trace))
			return i + 1;
	return 0;
}

enum allot_suppression_state allotp_suppression_state(const struct allot_suppressions *set,
						      const struct allot_suppression *suppression)
{
	if (is_expired(set, suppression))
		return ALLOT_SUPPRESSION_EXPIRED;
	if (!suppression->stacks)
		return ALLOT_SUPPRESSION_UNUSED;
	if (suppression->met.blocks > suppression->most_blocks || suppression->met.bytes > suppression->most_bytes)
		return ALLOT_SUPPRESSION_EXCEEDED;
	return ALLOT_SUPPRESSION_HOLDS;
}

bool allotp_suppressions_hold(const struct allot_suppressions *set, uint32_t number)
{
	return number && allotp_suppression_state(set, &set->list[number - 1]) == ALLOT_SUPPRESSION_HOLDS;
}

void allotp_suppressions_cut(struct allot_suppressions *set, uint32_t count)
{
	while (set->count > count) {
		struct allot_suppression *last = &set->list[--set->count];

		while (last->pattern_count)
			free(last->patterns[--last->pattern_count]);
		free(last->patterns);
		free(last->file);
		free(last->text);
		free(last->reason);
	}
}

void allotp_suppressions_release(struct allot_suppressions *set)
{
	allotp_suppressions_cut(set, 0);
	free(set->list);
	*set = (struct allot_suppressions){ .today = set->today };
}
