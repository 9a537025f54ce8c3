/* SPDX-License-Identifier: MIT */
/* A verdict as text: what fits a screen, the worst first, and how to see more. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "gate/writer.h"
#include "report/print.h"
#include "report/trust.h"

enum {
	MOVES = 3, /* shown */
	NOTES = 5,
	NAME_COLUMNS = 48, /* of a function */
	NARROW = 24,       /* of a function, on a terminal */
};

static unsigned name_columns(const struct allot_verdict *verdict)
{
	return verdict->judged->width ? NARROW : NAME_COLUMNS;
}

static int write_finding(FILE *out, struct allot_verdict *verdict, const struct allot_finding *finding)
{
	static const char *const words[ALLOT_KINDS] = { "over", "grew", "leak" };
	struct allot_detail detail;
	int rc = allotp_detail_init(&detail, verdict, finding, name_columns(verdict));

	if (rc == 0) {
		fprintf(out, "  %s  ", words[detail.kind]);
		allotp_put(out, detail.text);
		putc('\n', out);
	}
	allotp_detail_release(&detail);
	return rc;
}

static int write_findings(FILE *out, struct allot_verdict *verdict)
{
	uint32_t shown = allotp_verdict_shown(verdict);
	int rc = 0;

	for (uint32_t i = 0; i < shown && rc == 0; i++)
		rc = write_finding(out, verdict, &verdict->findings[i]);
	if (shown < verdict->finding_count)
		fprintf(out, "  %" PRIu32 " more; --top %" PRIu32 " for all of them\n", verdict->finding_count - shown,
			verdict->finding_count);
	return rc;
}

/* "moved 24 B in 1 block, f is now g: g (a.c:9) < main" */
static int write_move(FILE *out, struct allot_verdict *verdict, uint32_t number)
{
	struct allot_move move = allotp_verdict_move(verdict, number);
	char *count = allotp_count_text(move.count), *how = allotp_move_text(verdict, &move);
	char *to = allotp_entry_text(verdict, &verdict->now, move.to->now, name_columns(verdict));
	int rc = count && how && to ? 0 : -ENOMEM;

	if (rc == 0) {
		fprintf(out, "  moved %s, ", count);
		allotp_put(out, how);
		fprintf(out, ": %s", to);
		if (move.others)
			fprintf(out, " (and %" PRIu32 " more)", move.others);
		putc('\n', out);
	}
	free(count);
	free(how);
	free(to);
	return rc;
}

static int write_moves(FILE *out, struct allot_verdict *verdict)
{
	uint32_t moved = verdict->moved.moved;
	int rc = 0;

	for (uint32_t i = 0; i < moved && i < MOVES && rc == 0; i++)
		rc = write_move(out, verdict, i + 1);
	if (moved > MOVES)
		fprintf(out, "  %" PRIu32 " more moved\n", moved - MOVES);
	return rc;
}

static void write_notes(FILE *out, const struct allot_verdict *verdict)
{
	for (uint32_t i = 0; i < verdict->note_count && i < NOTES; i++) {
		const struct allot_note *note = &verdict->notes[i];

		fputs("  note  ", out);
		if (note->file) {
			allotp_put(out, note->file);
			fprintf(out, ":%" PRIu32 ": ", note->line);
		}
		allotp_put(out, note->text);
		putc('\n', out);
	}
	if (verdict->note_count > NOTES)
		fprintf(out, "  %" PRIu32 " more notes; --format json has all\n", verdict->note_count - NOTES);
}

static int write_suppressed(FILE *out, const struct allot_verdict *verdict)
{
	char *count;

	if (!verdict->now.suppressed.blocks)
		return 0;
	count = allotp_count_text(verdict->now.suppressed);
	if (!count)
		return -ENOMEM;
	fprintf(out, "Suppressed: %s.\n", count);
	free(count);
	return 0;
}

static void write_hint(FILE *out, const struct allot_verdict *verdict)
{
	if (!verdict->over)
		return;
	fputs("More: allot ", out);
	if (verdict->judged->before) {
		fputs("diff --group-by stack ", out);
		allotp_put(out, verdict->judged->before_name);
		putc(' ', out);
	} else {
		fputs("leaks ", out);
	}
	allotp_put(out, verdict->judged->name);
	putc('\n', out);
}

int allotp_verdict_write_text(FILE *out, struct allot_verdict *verdict)
{
	struct allot_trust_summary trust;
	int rc = allotp_trust_summarize(verdict->judged->now, &trust);

	allotp_verdict_headline(out, verdict);
	putc('\n', out);
	for (uint32_t i = 0; i < verdict->incomplete_count; i++) {
		fputs("  data  ", out);
		allotp_put(out, verdict->incomplete[i]);
		putc('\n', out);
	}
	if (rc == 0)
		rc = write_findings(out, verdict);
	if (rc == 0)
		rc = write_moves(out, verdict);
	write_notes(out, verdict);
	if (rc == 0)
		rc = write_suppressed(out, verdict);
	if (rc == 0)
		allotp_trust_write(out, verdict->judged->now, &trust, "");
	write_hint(out, verdict);
	return rc;
}
