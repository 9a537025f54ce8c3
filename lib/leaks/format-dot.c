/* SPDX-License-Identifier: MIT */
/* Pictures for graphviz: the cycles of lost blocks, and the chains that keep a block alive. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "leaks/leaks.h"
#include "leaks/place.h"
#include "leaks/shapes.h"
#include "leaks/why.h"
#include "report/print.h"
#include "report/size.h"

/* Within quotes: a name may hold anything. */
static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
	}
}

static int put_place(FILE *out, const struct allot_view *view, uint32_t stack, bool called)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	int rc = -ENOMEM;

	if (memory)
		rc = (called ? allotp_place_write_called : allotp_place_write)(memory, view, stack);

	if (memory && fclose(memory))
		rc = -ENOMEM;
	if (rc == 0)
		put_quoted(out, text);
	free(text);
	return rc;
}

/* The end of a node's line, whose beginning names it. called: say by whom, too. */
static int write_block(FILE *out, const struct allot_view *view, uint32_t stack, bool called, uint64_t size,
		       uint64_t times)
{
	int rc;

	fputs(" [label=\"", out);
	rc = put_place(out, view, stack, called);
	fprintf(out, "\\n%s", allotp_size((double)size).text);
	if (times > 1)
		fprintf(out, ", %" PRIu64 " times", times);
	fputs("\"];\n", out);
	return rc;
}

/* The end of an edge's line: "16", or "16 next". */
static void write_edge(FILE *out, uint64_t offset, const char *field)
{
	fprintf(out, " [label=\"%" PRIu64, offset);
	if (field) {
		putc(' ', out);
		put_quoted(out, field);
	}
	fputs("\"];\n", out);
}

static void begin(FILE *out, const char *name)
{
	fprintf(out, "digraph %s {\n\tnode [shape=box, fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\"];\n",
		name);
}

/* ---- cycles ---- */

static int write_step(FILE *out, const struct allot_view *view, const struct allot_cycle *cycle, uint32_t number,
		      uint32_t i)
{
	const struct allot_cycle_step *step = &cycle->steps[i];
	uint32_t stack = view->snapshot->sites[step->site].stack;
	const char *field, *type;
	int rc;

	fprintf(out, "\t\tc%" PRIu32 "_%" PRIu32, number, i);
	rc = write_block(out, view, stack, false, step->size, cycle->times);
	if (rc == 0)
		rc = allotp_place_field(view, stack, step->size, step->offset, &field, &type);
	if (rc < 0)
		return rc;
	fprintf(out, "\t\tc%" PRIu32 "_%" PRIu32 " -> c%" PRIu32 "_%" PRIu32, number, i, number,
		(i + 1) % cycle->step_count);
	write_edge(out, step->offset, field);
	return 0;
}

static int write_cycle(FILE *out, const struct allot_view *view, const struct allot_cycle *cycle, uint32_t number)
{
	int rc = 0;

	fprintf(out, "\tsubgraph cluster_%" PRIu32 " {\n\t\tlabel=\"", number);
	if (cycle->times > 1)
		fprintf(out, "%" PRIu64 " times ", cycle->times);
	fprintf(out, "a cycle of %" PRIu32 " blocks, %s", cycle->step_count, allotp_size((double)cycle->bytes).text);
	if (cycle->blocks > cycle->step_count)
		fprintf(out, "\\none of several in a knot of %" PRIu32 " blocks", cycle->blocks);
	fputs("\";\n", out);
	for (uint32_t i = 0; i < cycle->step_count && rc == 0; i++)
		rc = write_step(out, view, cycle, number, i);
	fputs("\t}\n", out);
	return rc;
}

int allotp_leaks_write_dot(FILE *out, const struct allot_view *view)
{
	struct allot_cycles cycles;
	int rc = allotp_shapes_find(view, &cycles);

	begin(out, "cycles");
	for (uint32_t i = 0; i < cycles.count && rc == 0; i++)
		rc = write_cycle(out, view, &cycles.list[i], i);
	fputs("}\n", out);
	allotp_cycles_release(&cycles);
	return rc;
}

/* ---- chains ---- */

static int write_link(FILE *out, const struct allot_view *view, const struct allot_answer *answer, uint32_t number,
		      uint32_t i)
{
	const struct allot_link *link = &answer->links[i];
	const char *field;
	int rc = 0;

	fprintf(out, "\tw%" PRIu32 "_%" PRIu32, number, i);
	if (link->kind == ALLOT_LINK_LEFT_OUT)
		fprintf(out, " [label=\"... %" PRIu64 " more block%s\", style=dashed];\n", link->size,
			ALLOT_PLURAL(link->size));
	else
		rc = write_block(out, view, link->stack, true, link->size, i ? 1 : answer->count.blocks);
	if (rc < 0 || i == 0)
		return rc;
	rc = allotp_why_field(view, answer, i, &field);
	fprintf(out, "\tw%" PRIu32 "_%" PRIu32 " -> w%" PRIu32 "_%" PRIu32, number, i, number, i - 1);
	if (link->kind == ALLOT_LINK_LEFT_OUT)
		fputs(" [style=dashed];\n", out);
	else
		write_edge(out, link->offset, field);
	return rc;
}

static int write_chain(FILE *out, const struct allot_view *view, const struct allot_answer *answer, uint32_t number)
{
	uint32_t last = answer->link_count - 1;
	struct allot_link_text root;
	int rc = allotp_why_root(view, &answer->links[last], &root);

	if (rc < 0)
		return rc;
	fprintf(out, "\tw%" PRIu32 "_%" PRIu32 " [shape=ellipse, label=\"", number, last);
	put_quoted(out, root.text);
	fprintf(out, "\"];\n\tw%" PRIu32 "_%" PRIu32 " -> w%" PRIu32 "_%" PRIu32 ";\n", number, last, number, last - 1);
	for (uint32_t i = last; i-- && rc == 0;)
		rc = write_link(out, view, answer, number, i);
	return rc;
}

int allotp_why_write_dot(FILE *out, const struct allot_view *view, const struct allot_why *why)
{
	int rc = 0;

	begin(out, "why");
	for (uint32_t i = 0; i < why->count && rc == 0; i++) {
		const struct allot_answer *answer = &why->list[i];

		if (answer->links) {
			rc = write_chain(out, view, answer, i);
		} else {
			fprintf(out, "\tw%" PRIu32, i);
			rc = write_block(out, view, answer->stack, true, answer->count.bytes, answer->count.blocks);
		}
	}
	fputs("}\n", out);
	return rc;
}
