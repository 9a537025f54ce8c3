/* SPDX-License-Identifier: MIT */
/* Why a block is still there, as text: the root, then a line for each block that leads to the next. */
#include <inttypes.h>

#include "leaks/leaks.h"
#include "leaks/place.h"
#include "leaks/why.h"
#include "report/print.h"
#include "report/size.h"

enum { DEFAULT_TOP = 3 };

/* "-> 24 B at 0x55d0, make (list.c:12), offset 8 (next)" */
static int write_link(FILE *out, const struct allot_view *view, const struct allot_answer *answer, uint32_t i)
{
	const struct allot_link *link = &answer->links[i];
	const char *field;
	int rc;

	if (link->kind == ALLOT_LINK_LEFT_OUT) {
		fprintf(out, "    -> ... %" PRIu64 " more block%s\n", link->size, ALLOT_PLURAL(link->size));
		return 0;
	}
	fprintf(out, "    -> %s at 0x%" PRIx64 ", ", allotp_size((double)link->size).text, link->address);
	rc = allotp_place_write_called(out, view, link->stack);
	if (link->inside)
		fprintf(out, ", pointed to at its offset %" PRIu64, link->inside);
	if (rc == 0 && i) {
		fprintf(out, "; offset %" PRIu64, link->offset);
		rc = allotp_why_field(view, answer, i, &field);
		if (rc == 0 && field) {
			fputs(" (", out);
			allotp_put(out, field);
			putc(')', out);
		}
	}
	putc('\n', out);
	return rc;
}

/* "still reachable: make (list.c:12) < main (list.c:30), one of 3 blocks, 72 B" */
static int write_head(FILE *out, const struct allot_view *view, const struct allot_answer *answer)
{
	int rc;

	fprintf(out, "%s: ", allotp_leak_class_words((enum allot_leak_class)answer->leak_class));
	if (answer->lost)
		fprintf(out, "%s at 0x%" PRIx64 ", ", allotp_size((double)answer->lost->size).text,
			answer->lost->address);
	rc = allotp_place_write_called(out, view, answer->stack);
	fprintf(out, ", %s%" PRIu64 " block%s, %s",
		answer->count.blocks > 1 && (answer->links || answer->lost) ? "one of " : "", answer->count.blocks,
		ALLOT_PLURAL(answer->count.blocks), allotp_size((double)answer->count.bytes).text);
	return rc;
}

static int write_lost(FILE *out, const struct allot_view *view, const struct allot_answer *answer)
{
	const struct allot_snapshot *snapshot = view->snapshot;
	const struct allot_leaked *leader;
	int rc = 0;

	if (answer->leak_class == ALLOT_LEAK_REACHABLE || answer->leak_class == ALLOT_LEAK_POSSIBLE) {
		fputs("    there was no room for the chain\n", out);
	} else if (answer->lost && answer->leak_class == ALLOT_LEAK_INDIRECT) {
		leader = &snapshot->lost[answer->lost->leader];
		fprintf(out, "    only a block leads to it that is lost itself: %s at 0x%" PRIx64 ", ",
			allotp_size((double)leader->size).text, leader->address);
		rc = allotp_place_write(out, view, snapshot->sites[leader->site].stack);
		putc('\n', out);
	} else {
		fputs(answer->leak_class == ALLOT_LEAK_INDIRECT
			      ? "    only blocks lead there that are lost themselves\n"
			      : "    no pointer leads there\n",
		      out);
	}
	return rc;
}

static int write_answer(FILE *out, const struct allot_view *view, const struct allot_answer *answer)
{
	struct allot_link_text root;
	int rc = write_head(out, view, answer);

	fputs(answer->example ? ", of which another:\n" : ":\n", out);
	if (rc == 0 && !answer->links)
		return write_lost(out, view, answer);
	if (rc == 0)
		rc = allotp_why_root(view, &answer->links[answer->link_count - 1], &root);
	if (rc < 0)
		return rc;
	fputs("    ", out);
	allotp_put(out, root.text);
	putc('\n', out);
	for (uint32_t i = answer->link_count - 1; i-- && rc == 0;)
		rc = write_link(out, view, answer, i);
	return rc;
}

int allotp_why_write_text(FILE *out, const struct allot_view *view, const struct allot_why *why, uint32_t top)
{
	uint32_t shown = top ? top : DEFAULT_TOP;
	int rc = 0;

	fputs("[ Why ", out);
	allotp_put(out, why->question);
	fputs(" ]\n", out);
	for (uint32_t i = 0; i < why->count && i < shown && rc == 0; i++)
		rc = write_answer(out, view, &why->list[i]);
	if (why->count > shown)
		fprintf(out, "%" PRIu32 " other%s: --top N shows more.\n", why->count - shown,
			ALLOT_PLURAL(why->count - shown));
	return rc;
}
