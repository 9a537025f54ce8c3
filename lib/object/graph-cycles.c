/* SPDX-License-Identifier: MIT */
/*
 * Tells the cycles of references that cannot be reached: the strongly connected components of the garbage. Edges that lead
 * back on the way from a cycle's oldest object are those to make weak.
 */
#include <allot/graph.h>
#include <stdlib.h>
#include <string.h>

#include "common/components.h"
#include "object/index.h"
#include "object/origin.h"
#include "object/symbolizer.h"

#define SHOWN 20 /* objects of one cycle, and references of one object */

struct frame {
	uint32_t node;
	size_t edge;
};

struct cycles {
	struct allotp_index index;
	char *unreachable;
	uint32_t *component; /* of a node, from 1; 0: it is reachable */
	struct frame *frames;
	size_t depth;

	uint32_t *members; /* of one component, oldest first */
	size_t member_count;
	char *state;    /* in one component's walk: 1 on the way, 2 done */
	char weak[512]; /* the fields of one component to make weak */
	char **texts;   /* told so far */
	size_t *times;
	size_t text_count;
	struct allotp_symbolizer symbolizer;
};

static bool allocate(struct cycles *cycles)
{
	size_t count = cycles->index.count + 1;

	cycles->unreachable = allotp_index_unreachable(&cycles->index);
	cycles->component = calloc(count, sizeof(*cycles->component));
	cycles->frames = calloc(count, sizeof(*cycles->frames));
	cycles->members = calloc(count, sizeof(*cycles->members));
	cycles->state = calloc(count, 1);
	return cycles->unreachable && cycles->component && cycles->frames && cycles->members && cycles->state;
}

static void release(struct cycles *cycles)
{
	free(cycles->unreachable);
	allotp_symbolizer_end(&cycles->symbolizer);
	free(cycles->component);
	free(cycles->frames);
	free(cycles->members);
	free(cycles->state);
	for (size_t i = 0; i < cycles->text_count; i++)
		free(cycles->texts[i]);
	free(cycles->texts);
	free(cycles->times);
	allotp_index_release(&cycles->index);
}

/* ---- One cycle as text ---- */

static void write_site(struct cycles *cycles, FILE *file, const struct allot_object *object)
{
	struct allotp_call call;
	void *frame;

	if (allotp_origin_find(object, &frame, 1) < 1)
		return;
	allotp_symbolize_call(&cycles->symbolizer, frame, &call);
	if (call.function)
		fprintf(file, ", made by %s (%s)", call.function, call.place);
	else
		fprintf(file, ", made at %s", call.place);
}

/* A type's name, with a number if the cycle has several of it. */
static void write_name(const struct cycles *cycles, uint32_t node, FILE *file)
{
	const struct allot_type *type = cycles->index.objects[node]->type;
	size_t same = 0, number = 0;

	for (size_t i = 0; i < cycles->member_count; i++) {
		if (cycles->index.objects[cycles->members[i]]->type != type)
			continue;
		same++;
		if (cycles->members[i] == node)
			number = same;
	}
	fputs(type->name, file);
	if (same > 1)
		fprintf(file, " #%zu", number);
}

/* Adds TYPE.FIELD to those that should be weak, once. */
static void note_weak(struct cycles *cycles, const struct allot_type *type, const struct allot_field *field)
{
	size_t length = strlen(cycles->weak);
	char name[256], *found;

	snprintf(name, sizeof(name), "%s.%s", type->name, field->name);
	found = strstr(cycles->weak, name);
	if (found && (!found[strlen(name)] || found[strlen(name)] == ','))
		return;
	if (length + strlen(name) + 3 < sizeof(cycles->weak))
		sprintf(cycles->weak + length, "%s%s", length ? ", " : "", name);
}

/*
 * On the way from the oldest object, some references lead back to where the way has come by. Without these there is no
 * cycle.
 */
static void write_edge(struct cycles *cycles, uint32_t node, size_t edge, FILE *file)
{
	const struct allotp_index *index = &cycles->index;
	const struct allot_field *field;
	uint32_t to = index->edges[edge];
	unsigned which = 0;
	char name[256];
	size_t item;

	for (size_t i = index->first[node]; i < edge; i++)
		which += index->edges[i] == to;
	allotp_edge_name(index->objects[node], index->objects[to], which, name, sizeof(name));
	fprintf(file, "    %s -> ", name[0] ? name : "(a reference)");
	write_name(cycles, to, file);
	if (cycles->state[to] == 1) {
		fputs("    (leads back)", file);
		field = allotp_edge_field(index->objects[node], index->objects[to], which, &item);
		if (field)
			note_weak(cycles, index->objects[node]->type, field);
	}
	fputc('\n', file);
}

static void write_member(struct cycles *cycles, uint32_t node, FILE *file)
{
	const struct allotp_index *index = &cycles->index;
	size_t count = 0;

	fputs("  ", file);
	write_name(cycles, node, file);
	write_site(cycles, file, index->objects[node]);
	fputc('\n', file);
	for (size_t i = index->first[node]; i < index->first[node + 1]; i++)
		if (cycles->component[index->edges[i]] == cycles->component[node] && count++ < SHOWN)
			write_edge(cycles, node, i, file);
	if (count > SHOWN)
		fprintf(file, "    and %zu more references\n", count - SHOWN);
}

/* Walks the cycle from its oldest object; each is told as the walk comes to it. */
static void write_cycle(struct cycles *cycles, FILE *file)
{
	const struct allotp_index *index = &cycles->index;
	uint32_t component = cycles->component[cycles->members[0]];
	size_t bytes = 0, shown = 0;

	cycles->weak[0] = 0;
	for (size_t i = 0; i < cycles->member_count; i++)
		bytes += allot_object_size(index->objects[cycles->members[i]]);
	fprintf(file, "%zu object%s, %zu bytes\n", cycles->member_count, cycles->member_count == 1 ? "" : "s", bytes);
	cycles->frames[cycles->depth++] = (struct frame){ cycles->members[0], index->first[cycles->members[0]] };
	while (cycles->depth) {
		struct frame *frame = &cycles->frames[cycles->depth - 1];
		uint32_t node = frame->node;

		if (!cycles->state[node]) {
			cycles->state[node] = 1;
			if (shown++ < SHOWN)
				write_member(cycles, node, file);
		}
		while (frame->edge < index->first[node + 1] &&
		       (cycles->component[index->edges[frame->edge]] != component ||
			cycles->state[index->edges[frame->edge]]))
			frame->edge++;
		if (frame->edge == index->first[node + 1]) {
			cycles->state[node] = 2;
			cycles->depth--;
			continue;
		}
		node = index->edges[frame->edge++];
		cycles->frames[cycles->depth++] = (struct frame){ node, index->first[node] };
	}
	if (shown > SHOWN)
		fprintf(file, "  and %zu more objects\n", shown - SHOWN);
	if (cycles->weak[0])
		fprintf(file, "  Made weak, this would leave no cycle: %s\n", cycles->weak);
}

/* A text that was there already is told with a greater number. */
static int keep_text(struct cycles *cycles, char *text)
{
	char **texts;
	size_t *times;

	for (size_t i = 0; i < cycles->text_count; i++)
		if (!strcmp(cycles->texts[i], text)) {
			cycles->times[i]++;
			free(text);
			return 0;
		}
	texts = reallocarray(cycles->texts, cycles->text_count + 1, sizeof(*texts));
	if (texts)
		cycles->texts = texts;
	times = reallocarray(cycles->times, cycles->text_count + 1, sizeof(*times));
	if (times)
		cycles->times = times;
	if (!texts || !times) {
		free(text);
		return -ENOMEM;
	}
	texts[cycles->text_count] = text;
	times[cycles->text_count++] = 1;
	return 0;
}

static int tell(struct cycles *cycles)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -ENOMEM;
	write_cycle(cycles, file);
	if (fclose(file)) {
		free(text);
		return -ENOMEM;
	}
	return keep_text(cycles, text);
}

/* ---- All ---- */

static bool refers_to_itself(const struct allotp_index *index, uint32_t node)
{
	for (size_t i = index->first[node]; i < index->first[node + 1]; i++)
		if (index->edges[i] == node)
			return true;
	return false;
}

/* Sorts the nodes by component, each component's by age, and tells those that are cycles. */
static long tell_all(struct cycles *cycles, size_t components)
{
	size_t tracked = cycles->index.tracked, from = 0, end = 0;
	size_t *ends = calloc(components + 2, sizeof(*ends));
	uint32_t *sorted = calloc(tracked + 1, sizeof(*sorted));
	long found = 0;
	int error = ends && sorted ? 0 : -ENOMEM;

	if (!error) {
		/* First where each begins; then, as they are filled, where each ends. */
		for (size_t i = 0; i < tracked; i++)
			if (cycles->component[i])
				ends[cycles->component[i] + 1]++;
		for (size_t i = 1; i <= components + 1; i++)
			ends[i] += ends[i - 1];
		for (size_t i = 0; i < tracked; i++)
			if (cycles->component[i])
				sorted[ends[cycles->component[i]]++] = (uint32_t)i;
	}
	for (size_t i = 1; i <= components && !error; i++, from = end) {
		end = ends[i];
		cycles->member_count = end - from;
		memcpy(cycles->members, sorted + from, cycles->member_count * sizeof(*sorted));
		if (cycles->member_count == 1 && !refers_to_itself(&cycles->index, cycles->members[0]))
			continue;
		found++;
		error = tell(cycles);
	}
	free(ends);
	free(sorted);
	return error ? error : found;
}

static long find_all(struct cycles *cycles)
{
	long components;

	if (!allocate(cycles))
		return -ENOMEM;
	components = allotp_components(cycles->index.count, cycles->index.first, cycles->index.edges,
				       cycles->unreachable, cycles->component);
	return components < 0 ? components : tell_all(cycles, (size_t)components);
}

long allot_graph_write_cycles(struct allot_heap *heap, FILE *file)
{
	struct cycles cycles = { 0 };
	long result;

	heap = allotp_heap(heap);
	allotp_world_stop(heap);
	result = allotp_index_build(&cycles.index, heap);
	if (!result)
		result = find_all(&cycles);
	allotp_world_start(heap);
	for (size_t i = 0; i < cycles.text_count && result > 0; i++) {
		if (cycles.times[i] == 1)
			fprintf(file, "A cycle of %s", cycles.texts[i]);
		else
			fprintf(file, "%zu cycles, each of %s", cycles.times[i], cycles.texts[i]);
	}
	release(&cycles);
	return result >= 0 && ferror(file) ? -EIO : result;
}
