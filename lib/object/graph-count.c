/* SPDX-License-Identifier: MIT */
/* Counts containers by type, and compares with what was. */
#include <allot/graph.h>
#include <stdlib.h>
#include <string.h>

#include "object/heap.h"

/* ---- Now ---- */

static struct allot_graph_type *type_in(struct allot_graph_types *types, const struct allot_type *type)
{
	for (size_t i = 0; i < types->count; i++)
		if (types->types[i].type == type)
			return &types->types[i];
	return NULL;
}

static int add(struct allot_graph_types *types, size_t *room, const struct allot_object *object)
{
	struct allot_graph_type *found = type_in(types, object->type);

	if (!found) {
		if (types->count == *room) {
			size_t more = *room ? *room * 2 : 16;
			struct allot_graph_type *moved = reallocarray(types->types, more, sizeof(*moved));

			if (!moved)
				return -ENOMEM;
			types->types = moved;
			*room = more;
		}
		found = &types->types[types->count++];
		*found = (struct allot_graph_type){ .type = object->type };
	}
	found->count++;
	found->bytes += allot_object_size(object);
	return 0;
}

static int by_count(const void *left, const void *right)
{
	const struct allot_graph_type *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->type->name, b->type->name);
}

int allot_graph_most_common_types(struct allot_heap *heap, struct allot_graph_types *types)
{
	struct allot_graph_types found = { 0 };
	size_t room = 0;
	int error = 0;

	heap = allotp_heap(heap);
	allotp_world_stop(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS && !error; i++) {
		struct allotp_gc *head = &heap->generations[i].head;

		for (struct allotp_gc *gc = head->next; gc != head && !error; gc = gc->next)
			error = add(&found, &room, allotp_object_of(gc));
	}
	allotp_world_start(heap);
	if (error) {
		free(found.types);
		return error;
	}
	if (found.count)
		qsort(found.types, found.count, sizeof(*found.types), by_count);
	*types = found;
	return 0;
}

void allot_graph_types_release(struct allot_graph_types *types)
{
	free(types->types);
	*types = (struct allot_graph_types){ 0 };
}

int allot_graph_by_type(struct allot_heap *heap, const char *type_name, struct allot_list *list)
{
	struct allot_list all, found = { 0 };
	size_t room = 0;
	int error = allot_gc_get_objects(heap, -1, &all);

	if (error)
		return error;
	for (size_t i = 0; i < all.count && !error; i++) {
		if (strcmp(allot_type_of(all.objects[i])->name, type_name))
			continue;
		error = allotp_list_add(&found, &room, all.objects[i]);
		if (!error)
			allot_ref(all.objects[i]);
	}
	allot_list_release(&all);
	if (error)
		allot_list_release(&found);
	else
		*list = found;
	return error;
}

size_t allot_graph_count(struct allot_heap *heap, const char *type_name)
{
	size_t count = 0;

	heap = allotp_heap(heap);
	allotp_world_stop(heap);
	for (int i = 0; i < ALLOT_GC_GENERATIONS; i++) {
		struct allotp_gc *head = &heap->generations[i].head;

		for (struct allotp_gc *gc = head->next; gc != head; gc = gc->next)
			count += !strcmp(allotp_object_of(gc)->type->name, type_name);
	}
	allotp_world_start(heap);
	return count;
}

/* ---- Then ---- */

struct allot_graph_past {
	struct allot_heap *heap;
	struct allot_graph_types peaks;
	void **known; /* sorted addresses; nothing is held */
	size_t known_count;
};

struct allot_graph_past *allot_graph_past_create(struct allot_heap *heap)
{
	struct allot_graph_past *past = calloc(1, sizeof(*past));

	if (past)
		past->heap = allotp_heap(heap);
	return past;
}

void allot_graph_past_destroy(struct allot_graph_past *past)
{
	if (!past)
		return;
	free(past->peaks.types);
	free(past->known);
	free(past);
}

static int by_delta(const void *left, const void *right)
{
	const struct allot_graph_grown *a = left, *b = right;

	if (a->delta != b->delta)
		return a->delta < b->delta ? 1 : -1;
	return strcmp(a->type->name, b->type->name);
}

int allot_graph_growth(struct allot_graph_past *past, struct allot_graph_growths *growths)
{
	struct allot_graph_types now, peaks;
	struct allot_graph_growths found = { 0 };
	int error;

	allot_gc_collect(past->heap, ALLOT_GC_GENERATIONS - 1);
	error = allot_graph_most_common_types(past->heap, &now);
	if (error)
		return error;
	peaks.types = calloc(now.count + past->peaks.count + 1, sizeof(*peaks.types));
	found.types = calloc(now.count + 1, sizeof(*found.types));
	if (!peaks.types || !found.types) {
		free(peaks.types);
		free(found.types);
		allot_graph_types_release(&now);
		return -ENOMEM;
	}
	peaks.count = past->peaks.count;
	if (peaks.count)
		memcpy(peaks.types, past->peaks.types, peaks.count * sizeof(*peaks.types));
	for (size_t i = 0; i < now.count; i++) {
		struct allot_graph_type *peak = type_in(&peaks, now.types[i].type);
		size_t before = peak ? peak->count : 0;

		if (now.types[i].count <= before)
			continue;
		if (!peak)
			peak = &peaks.types[peaks.count++];
		*peak = now.types[i];
		found.types[found.count++] = (struct allot_graph_grown){
			.type = now.types[i].type,
			.count = now.types[i].count,
			.delta = now.types[i].count - before,
		};
	}
	qsort(found.types, found.count, sizeof(*found.types), by_delta);
	allot_graph_types_release(&now);
	allot_graph_types_release(&past->peaks);
	past->peaks = peaks;
	*growths = found;
	return 0;
}

void allot_graph_growths_release(struct allot_graph_growths *growths)
{
	free(growths->types);
	*growths = (struct allot_graph_growths){ 0 };
}

int allot_graph_growth_write(const struct allot_graph_growths *growths, FILE *file)
{
	int width = 0, written = 0;

	for (size_t i = 0; i < growths->count; i++) {
		int length = (int)strlen(growths->types[i].type->name);

		width = length > width ? length : width;
	}
	for (size_t i = 0; i < growths->count; i++) {
		const struct allot_graph_grown *growth = &growths->types[i];
		int result = fprintf(file, "%-*s%9zu %+9ld\n", width, growth->type->name, growth->count,
				     (long)growth->delta);

		if (result < 0)
			return result;
		written += result;
	}
	return written;
}

static int by_address(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t) * (void *const *)left, b = (uintptr_t) * (void *const *)right;

	return a < b ? -1 : a > b;
}

int allot_graph_new_objects(struct allot_graph_past *past, struct allot_list *list)
{
	struct allot_list now, found = { 0 };
	size_t room = 0;
	void **known;
	int error;

	allot_gc_collect(past->heap, ALLOT_GC_GENERATIONS - 1);
	error = allot_gc_get_objects(past->heap, -1, &now);
	if (error)
		return error;
	known = malloc((now.count + 1) * sizeof(*known));
	if (!known)
		error = -ENOMEM;
	for (size_t i = 0; i < now.count && !error; i++) {
		known[i] = now.objects[i];
		if (past->known_count &&
		    bsearch(&now.objects[i], past->known, past->known_count, sizeof(*known), by_address))
			continue;
		error = allotp_list_add(&found, &room, now.objects[i]);
		if (!error)
			allot_ref(now.objects[i]);
	}
	if (error) {
		free(known);
		allot_list_release(&found);
	} else {
		qsort(known, now.count, sizeof(*known), by_address);
		free(past->known);
		past->known = known;
		past->known_count = now.count;
		*list = found;
	}
	allot_list_release(&now);
	return error;
}
