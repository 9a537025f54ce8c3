/* SPDX-License-Identifier: MIT */
/* Stacks of a snapshot as the gate looks at them: source-level frames with their folded names, each symbol's made once. */
#include "gate/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "gate/fold.h"
#include "report/array.h"

void allotp_tracer_init(struct allot_tracer *tracer, const struct allot_view *view)
{
	*tracer = (struct allot_tracer){ .view = view, .count = 1 };
}

static void free_frames(struct allot_trace_frame *frames, uint32_t count)
{
	for (uint32_t i = 0; frames && i < count; i++) {
		free(frames[i].module);
		free(frames[i].name);
	}
	free(frames);
}

void allotp_tracer_release(struct allot_tracer *tracer)
{
	for (uint32_t i = 1; i < tracer->count; i++)
		free_frames(tracer->traced[i].frames, tracer->traced[i].symbol->frame_count);
	free(tracer->traced);
	allotp_hash_release(&tracer->table);
}

void allotp_trace_release(struct allot_trace *trace)
{
	free(trace->frames);
	*trace = (struct allot_trace){ 0 };
}

static bool same_symbol(const void *traced, uint32_t number, const void *wanted)
{
	return ((const struct allot_traced *)traced)[number].symbol == wanted;
}

static int fold_frame(const char *path, const struct allot_frame *from, struct allot_trace_frame *to)
{
	*to = (struct allot_trace_frame){
		.path = path,
		.function = from->function,
		.file = from->file,
		.line = from->line,
		.module = allotp_fold_module(path),
	};
	if (!to->module)
		return -ENOMEM;
	if (from->function)
		to->name = allotp_fold_function(from->function, allotp_is_libc(to->module));
	return from->function && !to->name ? -ENOMEM : 0;
}

static struct allot_trace_frame *fold_symbol(const struct allot_snapshot *snapshot, const struct allot_symbol *symbol)
{
	struct allot_trace_frame *frames = calloc(symbol->frame_count, sizeof(*frames));

	for (uint32_t i = 0; frames && i < symbol->frame_count; i++)
		if (fold_frame(snapshot->modules[symbol->module].path, &symbol->frames[i], &frames[i]) < 0) {
			free_frames(frames, symbol->frame_count);
			return NULL;
		}
	return frames;
}

static int find_symbol(struct allot_tracer *tracer, const struct allot_symbol *symbol,
		       const struct allot_trace_frame **frames)
{
	uint32_t hash = allotp_hash_bytes(0, &symbol, sizeof(symbol));
	uint32_t number = allotp_hash_find(&tracer->table, hash, same_symbol, tracer->traced, symbol);
	struct allot_trace_frame *folded;

	if (number) {
		*frames = tracer->traced[number].frames;
		return 0;
	}
	if (allotp_array_reserve(&tracer->traced, &tracer->room, tracer->count + 1, sizeof(*tracer->traced)) < 0)
		return -ENOMEM;
	folded = fold_symbol(tracer->view->snapshot, symbol);
	if (!folded)
		return -ENOMEM;
	if (allotp_hash_add(&tracer->table, hash, tracer->count) < 0) {
		free_frames(folded, symbol->frame_count);
		return -ENOMEM;
	}
	tracer->traced[tracer->count++] = (struct allot_traced){ symbol, folded };
	*frames = folded;
	return 0;
}

static int add_symbol(struct allot_tracer *tracer, const struct allot_symbol *symbol, struct allot_trace *trace)
{
	const struct allot_trace_frame *frames;
	int rc = find_symbol(tracer, symbol, &frames);

	if (rc == 0)
		rc = allotp_array_reserve(&trace->frames, &trace->room, trace->count + symbol->frame_count,
					  sizeof(*trace->frames));
	for (uint32_t i = 0; rc == 0 && i < symbol->frame_count; i++)
		trace->frames[trace->count++] = &frames[i];
	return rc;
}

int allotp_tracer_trace(struct allot_tracer *tracer, uint32_t stack, struct allot_trace *trace)
{
	const struct allot_snapshot *snapshot = tracer->view->snapshot;
	uint32_t origin;
	int rc = allotp_backtrace_origin(tracer->view, stack, &origin);

	trace->count = 0;
	for (uint32_t node = rc < 0 ? 0 : origin; node >= ALLOT_NODE_FIRST && rc == 0;
	     node = snapshot->nodes[node].parent) {
		const struct allot_symbol *symbol = allotp_resolve(tracer->view->resolver, node);

		rc = symbol ? add_symbol(tracer, symbol, trace) : -ENOMEM;
	}
	return rc;
}
