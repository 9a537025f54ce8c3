/* SPDX-License-Identifier: MIT */
/* Addresses to functions, files and lines: what the snapshot carries first, then what the modules' files say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/ahead.h"
#include "symbol/allocator.h"
#include "symbol/data.h"
#include "symbol/symbol.h"

struct allot_resolver {
	const struct allot_snapshot *snapshot;
	struct allot_ahead ahead;
	struct allot_object_context *context; /* the same as ahead's */
	struct allot_object **objects;        /* by module; NULL: not opened yet */
	uint8_t *resolved;                    /* a bit for each node; without it by_node would be read before */
	struct allot_symbol **by_node;        /* it is written, and its pages would be faulted in twice */
	struct allot_symbol **places;         /* hash table by module, address and signal; a power of two */
	size_t place_count, symbol_count;
	struct allot_places scratch;
};

int allotp_resolver_new_ahead(const struct allot_snapshot *snapshot, allot_progress_fn *progress, void *context,
			      struct allot_ahead *ahead, struct allot_resolver **out)
{
	struct allot_resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return -ENOMEM;
	resolver->snapshot = snapshot;
	resolver->ahead = *ahead;
	resolver->context = ahead->context;
	allotp_progress_init(&resolver->context->progress, progress, context, snapshot->node_count);
	resolver->context->snapshot_time_ns = snapshot->start_time_ns + snapshot->time_ns;
	resolver->place_count = 1024;
	resolver->objects = calloc(snapshot->module_count, sizeof(struct allot_object *));
	resolver->resolved = calloc(snapshot->node_count / 8 + 1, 1);
	resolver->by_node = calloc(snapshot->node_count, sizeof(struct allot_symbol *));
	resolver->places = calloc(resolver->place_count, sizeof(struct allot_symbol *));
	if (!resolver->objects || !resolver->resolved || !resolver->by_node || !resolver->places) {
		resolver->ahead = (struct allot_ahead){ 0 };
		allotp_resolver_free(resolver);
		return -ENOMEM;
	}
	*ahead = (struct allot_ahead){ 0 };
	*out = resolver;
	return 0;
}

int allotp_resolver_new(const struct allot_snapshot *snapshot, allot_progress_fn *progress, void *context,
			struct allot_resolver **out)
{
	struct allot_ahead ahead;
	int result = allotp_ahead_init(&ahead);

	if (!result)
		result = allotp_resolver_new_ahead(snapshot, progress, context, &ahead, out);
	allotp_ahead_release(&ahead);
	return result;
}

void allotp_resolver_free(struct allot_resolver *resolver)
{
	if (!resolver)
		return;
	for (size_t i = 0; resolver->places && i < resolver->place_count; i++)
		free(resolver->places[i]);
	for (uint32_t i = 0; resolver->objects && i < resolver->snapshot->module_count; i++)
		allotp_object_close(resolver->objects[i]);
	free(resolver->places);
	free(resolver->resolved);
	free(resolver->by_node);
	free(resolver->objects);
	free(resolver->scratch.items);
	allotp_ahead_release(&resolver->ahead);
	free(resolver);
}

int allotp_resolver_set_debug_path(struct allot_resolver *resolver, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(resolver->context->debug_path);
	resolver->context->debug_path = copy;
	return 0;
}

static struct allot_symbol **find_place(struct allot_symbol **places, size_t count, uint32_t module, uint64_t address,
					bool signal)
{
	uint64_t hash = (address ^ (uint64_t)module << 48 ^ (uint64_t)signal << 47) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(hash >> 32) & (count - 1);

	while (places[i] &&
	       !(places[i]->address == address && places[i]->module == module && places[i]->signal == signal))
		i = (i + 1) & (count - 1);
	return &places[i];
}

static int make_room(struct allot_resolver *resolver)
{
	size_t count = resolver->place_count * 2;
	struct allot_symbol **places;

	if (resolver->symbol_count * 2 < resolver->place_count)
		return 0;
	places = calloc(count, sizeof(struct allot_symbol *));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < resolver->place_count; i++) {
		struct allot_symbol *symbol = resolver->places[i];

		if (symbol)
			*find_place(places, count, symbol->module, symbol->address, symbol->signal) = symbol;
	}
	free(resolver->places);
	resolver->places = places;
	resolver->place_count = count;
	return 0;
}

/* Takes the frames that the snapshot carries for an address. 1 if it has a name there, 0 if not, or -ENOMEM. */
static int find_carried(struct allot_resolver *resolver, uint32_t module, uint64_t address, bool signal)
{
	const struct allot_symbol *symbol = allotp_snapshot_symbol(resolver->snapshot, module, address, signal);
	struct allot_names *names = &resolver->context->names;

	if (!symbol || !allotp_symbol_has_name(symbol))
		return 0;
	for (uint32_t i = 0; i < symbol->frame_count; i++) {
		const struct allot_frame *frame = &symbol->frames[i];
		struct allot_place place = { .line = frame->line };

		if (frame->function && !(place.function = allotp_names_plain(names, frame->function)))
			return -ENOMEM;
		if (frame->file && !(place.file = allotp_names_plain(names, frame->file)))
			return -ENOMEM;
		if (allotp_places_add(&resolver->scratch, place) < 0)
			return -ENOMEM;
	}
	return 1;
}

int allotp_resolver_object(struct allot_resolver *resolver, uint32_t module, struct allot_object **object,
			   struct allot_names **names)
{
	int result = 0;

	if (!resolver->objects[module])
		resolver->objects[module] = allotp_ahead_take(&resolver->ahead, &resolver->snapshot->modules[module]);
	if (!resolver->objects[module])
		result = allotp_object_open(resolver->context, &resolver->snapshot->modules[module],
					    &resolver->objects[module]);
	*object = resolver->objects[module];
	*names = &resolver->context->names;
	return result;
}

static int find_in_object(struct allot_resolver *resolver, uint32_t module, uint64_t address, bool signal)
{
	const struct allot_module *loaded = &resolver->snapshot->modules[module];
	struct allot_object *object;
	struct allot_names *names;
	int result;

	/* Module 0 is JIT code and the like: nothing on this machine can name it. */
	if (module == 0)
		return allotp_places_add(&resolver->scratch, (struct allot_place){ 0 });
	result = allotp_resolver_object(resolver, module, &object, &names);
	if (result < 0)
		return result;
	/* A return address may already belong to the next line, or even to the next function. */
	return allotp_object_find(object, address - loaded->bias - (signal ? 0 : 1), &resolver->scratch);
}

static struct allot_symbol *make_symbol(const struct allot_place *places, uint32_t count)
{
	struct allot_symbol *symbol = calloc(1, sizeof(*symbol) + count * sizeof(struct allot_frame));

	if (!symbol)
		return NULL;
	symbol->frames = (struct allot_frame *)(symbol + 1);
	symbol->frame_count = count;
	for (uint32_t i = 0; i < count; i++) {
		/* The names are shared by all frames; nobody changes them through one. */
		symbol->frames[i].function = (char *)places[i].function;
		symbol->frames[i].file = (char *)places[i].file;
		symbol->frames[i].line = places[i].line;
		symbol->frames[i].inlined = i + 1 < count;
	}
	return symbol;
}

/* The loader calls malloc through an inline function of that name, which must not pass for the caller. */
static uint32_t count_inlined_allocators(const struct allot_places *places, const char *module_path)
{
	uint32_t count = 0;

	while (count + 1 < places->count &&
	       allotp_is_allocator(module_path, places->items[count].function, places->items[count].file))
		count++;
	return count;
}

static struct allot_symbol *resolve_address(struct allot_resolver *resolver, uint32_t module, uint64_t address,
					    bool signal)
{
	const char *module_path = resolver->snapshot->modules[module].path;
	struct allot_symbol **place, *symbol;
	uint32_t skipped;
	int result;

	if (make_room(resolver) < 0)
		return NULL;
	place = find_place(resolver->places, resolver->place_count, module, address, signal);
	if (*place)
		return *place;
	resolver->scratch.count = 0;
	result = find_carried(resolver, module, address, signal);
	if (result == 0)
		result = find_in_object(resolver, module, address, signal);
	if (result < 0)
		return NULL;
	skipped = count_inlined_allocators(&resolver->scratch, module_path);
	symbol = make_symbol(resolver->scratch.items + skipped, resolver->scratch.count - skipped);
	if (!symbol)
		return NULL;
	symbol->module = module;
	symbol->address = address;
	symbol->signal = signal;
	*place = symbol;
	resolver->symbol_count++;
	return symbol;
}

const struct allot_symbol *allotp_resolve(struct allot_resolver *resolver, uint32_t node)
{
	const struct allot_node *frame = &resolver->snapshot->nodes[node];
	const uint8_t bit = (uint8_t)(1u << node % 8);
	struct allot_symbol *symbol;

	if (resolver->resolved[node / 8] & bit)
		return resolver->by_node[node];
	/* The special nodes are no frames: they share the symbol of nowhere. */
	if (node < ALLOT_NODE_FIRST)
		symbol = resolve_address(resolver, 0, 0, false);
	else
		symbol = resolve_address(resolver, frame->module, frame->address,
					 allotp_node_is_exact(resolver->snapshot, frame));
	if (symbol) {
		resolver->by_node[node] = symbol;
		resolver->resolved[node / 8] |= bit;
	}
	resolver->context->progress.done++;
	allotp_progress_tick(&resolver->context->progress);
	return symbol;
}

enum allot_module_symbols allotp_module_symbols(struct allot_resolver *resolver, uint32_t module)
{
	const struct allot_object *object = resolver->objects[module];

	return object ? allotp_object_state(object) : ALLOT_SYMBOLS_UNTRIED;
}

const struct allot_snapshot *allotp_resolver_snapshot(const struct allot_resolver *resolver)
{
	return resolver->snapshot;
}

bool allotp_symbol_is_allocator(const struct allot_resolver *resolver, const struct allot_symbol *symbol)
{
	/* Inlined calls share the fate of the function that holds them. */
	const struct allot_frame *frame = &symbol->frames[symbol->frame_count - 1];

	return allotp_is_allocator(resolver->snapshot->modules[symbol->module].path, frame->function, frame->file);
}

/* Copies a symbol with strings of its own, as the snapshot frees each. 0 or -ENOMEM. */
static int copy_symbol(struct allot_symbol *copy, const struct allot_symbol *symbol)
{
	*copy = *symbol;
	copy->frames = calloc(symbol->frame_count, sizeof(*copy->frames));
	if (!copy->frames)
		return -ENOMEM;
	for (uint32_t i = 0; i < symbol->frame_count; i++) {
		const struct allot_frame *from = &symbol->frames[i];
		struct allot_frame *to = &copy->frames[i];

		to->line = from->line;
		to->inlined = from->inlined;
		to->function = from->function ? strdup(from->function) : NULL;
		to->file = from->file ? strdup(from->file) : NULL;
		if ((from->function && !to->function) || (from->file && !to->file)) {
			allotp_symbol_release(copy);
			return -ENOMEM;
		}
	}
	return 0;
}

int allotp_resolver_keep(struct allot_resolver *resolver, struct allot_snapshot *snapshot)
{
	const size_t most = snapshot->symbol_count + resolver->symbol_count;
	struct allot_symbol *symbols = calloc(most ? most : 1, sizeof(*symbols));
	uint32_t count = 0;

	if (!symbols)
		return -ENOMEM;
	/* Nameless ones are not worth their place: another machine may know more. */
	for (size_t i = 0; i < resolver->place_count; i++) {
		const struct allot_symbol *symbol = resolver->places[i];

		if (!symbol || !allotp_symbol_has_name(symbol))
			continue;
		if (copy_symbol(&symbols[count], symbol) < 0) {
			while (count)
				allotp_symbol_release(&symbols[--count]);
			free(symbols);
			return -ENOMEM;
		}
		count++;
	}
	for (uint32_t i = 0; i < snapshot->symbol_count; i++) {
		struct allot_symbol *old = &snapshot->symbols[i];
		struct allot_symbol *resolved =
			*find_place(resolver->places, resolver->place_count, old->module, old->address, old->signal);

		if (resolved && allotp_symbol_has_name(resolved))
			allotp_symbol_release(old);
		else
			symbols[count++] = *old;
	}
	if (count > 1)
		qsort(symbols, count, sizeof(*symbols), allotp_symbol_compare);
	free(snapshot->symbols);
	snapshot->symbols = symbols;
	snapshot->symbol_count = count;
	return 0;
}
