/* SPDX-License-Identifier: MIT */
/* Pictures of who refers to whom, in DOT, as objgraph draws them. */
#include <allot/graph.h>
#include <stdlib.h>

#include "object/index.h"
#include "object/origin.h"
#include "object/symbolizer.h"

#define MAX_DEPTH 3
#define TOO_MANY 10

/* One picture: nodes are in it once they have a depth. */
struct picture {
	struct allotp_index index;
	struct allot_graph_options options;
	FILE *file;
	unsigned *depths; /* plus 1; 0: not in it */
	uint32_t *queue;
	size_t queued;
	bool backwards;
	struct allotp_symbolizer symbolizer;
};

/* Inside a string in quotes. */
static void write_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
}

static void write_site(struct picture *picture, const struct allot_object *object)
{
	struct allotp_call call;
	void *frame;

	if (allotp_origin_find(object, &frame, 1) < 1)
		return;
	allotp_symbolize_call(&picture->symbolizer, frame, &call);
	if (call.function) {
		fputs("\\n", picture->file);
		write_escaped(picture->file, call.function);
	}
	fputs("\\n", picture->file);
	write_escaped(picture->file, call.place);
}

static void write_node(struct picture *picture, const struct allot_object *object, unsigned depth)
{
	const struct allot_graph_options *options = &picture->options;
	double fade = options->max_depth ? (double)depth / options->max_depth : 0;

	fprintf(picture->file, "  o%p [label=\"", (const void *)object);
	write_escaped(picture->file, object->type->name);
	if (options->refcounts) {
		if (allotp_refs(object) < 0)
			fputs(" [immortal]", picture->file);
		else
			fprintf(picture->file, " [%d]", allotp_refs(object));
	}
	if (options->sites)
		write_site(picture, object);
	fputs("\"", picture->file);
	/* Paler the further away, as in objgraph; blue for what has a finalizer. */
	if (options->highlight && options->highlight(object, options->data))
		fprintf(picture->file, ", fillcolor=\"0.0,0.8,1.0\"");
	else if (object->type->finalize || object->type->legacy_finalize)
		fprintf(picture->file, ", fillcolor=\"0.6,%.2f,1.0\"", 0.5 - 0.35 * fade);
	else
		fprintf(picture->file, ", fillcolor=\"0.15,%.2f,1.0\"", 0.5 - 0.35 * fade);
	if (!depth)
		fputs(", fontcolor=red", picture->file);
	fputs("];\n", picture->file);
}

static void write_edge(struct picture *picture, const struct allot_object *from, const struct allot_object *to,
		       unsigned which)
{
	char name[256];

	allotp_edge_name(from, to, which, name, sizeof(name));
	fprintf(picture->file, "  o%p -> o%p", (const void *)from, (const void *)to);
	if (name[0]) {
		fputs(" [label=\"", picture->file);
		write_escaped(picture->file, name);
		fputs("\"]", picture->file);
	}
	fputs(";\n", picture->file);
}

static void write_head(FILE *file)
{
	fputs("digraph objects {\n  node [shape=box, style=filled, fillcolor=white];\n", file);
}

/* The node for the neighbours that are not shown. */
static void write_more(struct picture *picture, const struct allot_object *object, size_t count)
{
	const void *at = object;

	fprintf(picture->file, "  more%p [label=\"%zu more %s\", shape=ellipse, fillcolor=\"0,0,0.9\", fontsize=10];\n",
		at, count, picture->backwards ? "backreferences" : "references");
	if (picture->backwards)
		fprintf(picture->file, "  more%p -> o%p;\n", at, at);
	else
		fprintf(picture->file, "  o%p -> more%p;\n", at, at);
}

static void enqueue(struct picture *picture, uint32_t node, unsigned depth)
{
	if (picture->depths[node])
		return;
	picture->depths[node] = depth + 1;
	picture->queue[picture->queued++] = node;
	write_node(picture, picture->index.objects[node], depth);
}

/* How many times before this edge the same two were connected. */
static unsigned which_of(const uint32_t *edges, size_t from, size_t edge)
{
	unsigned which = 0;

	for (size_t i = from; i < edge; i++)
		which += edges[i] == edges[edge];
	return which;
}

static void write_neighbours(struct picture *picture, uint32_t node)
{
	const struct allotp_index *index = &picture->index;
	const size_t *first = picture->backwards ? index->back_first : index->first;
	const uint32_t *edges = picture->backwards ? index->back_edges : index->edges;
	const struct allot_graph_options *options = &picture->options;
	unsigned depth = picture->depths[node] - 1;
	size_t shown = 0, more = 0;

	for (size_t i = first[node]; i < first[node + 1]; i++) {
		struct allot_object *object = index->objects[node], *other = index->objects[edges[i]];

		/* Only what the collector sees refers. */
		if (picture->backwards && edges[i] >= index->tracked)
			continue;
		if (options->filter && !options->filter(other, options->data))
			continue;
		if (shown == options->too_many) {
			more++;
			continue;
		}
		shown++;
		enqueue(picture, edges[i], depth + 1);
		if (picture->backwards)
			write_edge(picture, other, object, which_of(edges, first[node], i));
		else
			write_edge(picture, object, other, which_of(edges, first[node], i));
	}
	if (more)
		write_more(picture, index->objects[node], more);
}

static int draw(struct picture *picture, void *const *objects, size_t count)
{
	size_t done = 0;

	picture->depths = calloc(picture->index.count + 1, sizeof(*picture->depths));
	picture->queue = malloc((picture->index.count + 1) * sizeof(*picture->queue));
	if (!picture->depths || !picture->queue)
		return -ENOMEM;
	if (picture->backwards && allotp_index_turn(&picture->index))
		return -ENOMEM;
	write_head(picture->file);
	for (size_t i = 0; i < count; i++) {
		long node = allotp_index_find(&picture->index, objects[i]);

		if (node < 0)
			write_node(picture, objects[i], 0);
		else
			enqueue(picture, (uint32_t)node, 0);
	}
	for (; done < picture->queued; done++)
		if (picture->depths[picture->queue[done]] <= picture->options.max_depth)
			write_neighbours(picture, picture->queue[done]);
	fputs("}\n", picture->file);
	return 0;
}

static struct allot_graph_options options_of(const struct allot_graph_options *given)
{
	struct allot_graph_options options = given ? *given : (struct allot_graph_options){ 0 };

	if (!options.max_depth)
		options.max_depth = MAX_DEPTH;
	if (!options.too_many)
		options.too_many = TOO_MANY;
	return options;
}

/* Into memory while the world is stopped, then to the file. */
static int write_picture(void *const *objects, size_t count, const struct allot_graph_options *options, bool backwards,
			 FILE *file)
{
	struct picture picture = { .options = options_of(options), .backwards = backwards };
	struct allot_heap *heap;
	char *text = NULL;
	size_t size;
	int error;

	picture.file = open_memstream(&text, &size);
	if (!picture.file)
		return -ENOMEM;
	heap = count ? allotp_heap_of(objects[0]) : allotp_heap(NULL);
	allotp_world_stop(heap);
	error = allotp_index_build(&picture.index, heap);
	if (!error) {
		error = draw(&picture, objects, count);
		free(picture.depths);
		free(picture.queue);
		allotp_index_release(&picture.index);
	}
	allotp_world_start(heap);
	allotp_symbolizer_end(&picture.symbolizer);
	if (fclose(picture.file) && !error)
		error = -ENOMEM;
	if (!error && fwrite(text, 1, size, file) != size)
		error = -EIO;
	free(text);
	return error;
}

int allot_graph_write_refs(void *const *objects, size_t count, const struct allot_graph_options *options, FILE *file)
{
	return write_picture(objects, count, options, false, file);
}

int allot_graph_write_backrefs(void *const *objects, size_t count, const struct allot_graph_options *options,
			       FILE *file)
{
	return write_picture(objects, count, options, true, file);
}

int allot_graph_write_chain(const struct allot_list *chain, const struct allot_graph_options *options, FILE *file)
{
	struct picture picture = { .options = options_of(options), .file = file };

	write_head(file);
	for (size_t i = 0; i < chain->count; i++) {
		write_node(&picture, chain->objects[i], i + 1 == chain->count || !i ? 0 : 1);
		if (i)
			write_edge(&picture, chain->objects[i - 1], chain->objects[i], 0);
	}
	allotp_symbolizer_end(&picture.symbolizer);
	fputs("}\n", file);
	return ferror(file) ? -EIO : 0;
}
