/* SPDX-License-Identifier: MIT */
/* Functions, inlined calls and lines by address, from DWARF through libdw. */
#include "symbol/units.h"

#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/qualifier.h"
#include "symbol/ranges.h"

/* A function, or a call inlined into one. */
struct scope {
	Dwarf_Die die;
	uint32_t parent; /* of an inlined call: the scope it was inlined into, in the same table; else NO_PARENT */
	bool named;      /* the fields below are filled in */
	const char *function;
	const char *file; /* of an inlined call: where the call was written */
	uint32_t line;
	struct scopes *inner; /* of a function: the calls inlined into it; NULL: not read yet */
};

#define NO_PARENT UINT32_MAX

struct scopes {
	struct scope *items;
	uint32_t count, capacity;
	struct allot_ranges ranges;
};

struct unit {
	Dwarf_Die lines; /* has the line table */
	Dwarf_Die tree;  /* has the functions: the same, or its other half in a .dwo file */
	struct scopes functions;
	struct allot_qualifier qualifier;
	enum { UNIT_UNREAD, UNIT_READ, UNIT_READ_DEEP } state;
};

struct allot_units {
	Dwarf *dwarf;
	uint64_t low, high;
	struct allot_names *names;
	struct allot_progress *progress;
	struct unit *items;
	uint32_t count, capacity;
	struct allot_ranges ranges;
};

int allotp_places_add(struct allot_places *places, struct allot_place place)
{
	if (places->count == places->capacity) {
		uint32_t capacity = places->capacity ? places->capacity * 2 : 16;
		struct allot_place *items = reallocarray(places->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		places->items = items;
		places->capacity = capacity;
	}
	places->items[places->count++] = place;
	return 0;
}

static void scopes_release(struct scopes *scopes)
{
	for (uint32_t i = 0; i < scopes->count; i++) {
		if (scopes->items[i].inner) {
			scopes_release(scopes->items[i].inner);
			free(scopes->items[i].inner);
		}
	}
	free(scopes->items);
	allotp_ranges_release(&scopes->ranges);
	memset(scopes, 0, sizeof(*scopes));
}

/* Adds the address ranges of a DIE for an item. 1 if it has any, 0 if not, -ENOMEM. */
static int add_ranges(const struct allot_units *units, struct allot_ranges *ranges, Dwarf_Die *die, uint32_t item)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	int found = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		if (low < units->low || low >= units->high)
			continue;
		if (allotp_ranges_add(ranges, low, high, item) < 0)
			return -ENOMEM;
		found = 1;
	}
	return found;
}

/* Adds a DIE if it has code. The scope's index; NO_PARENT if it has none; -ENOMEM in *result. */
static uint32_t add_scope(const struct allot_units *units, struct scopes *scopes, Dwarf_Die *die, uint32_t parent,
			  int *result)
{
	int found;

	if (scopes->count == scopes->capacity) {
		uint32_t capacity = scopes->capacity ? scopes->capacity * 2 : 16;
		struct scope *items = reallocarray(scopes->items, capacity, sizeof(*items));

		if (!items) {
			*result = -ENOMEM;
			return NO_PARENT;
		}
		scopes->items = items;
		scopes->capacity = capacity;
	}
	found = add_ranges(units, &scopes->ranges, die, scopes->count);
	if (found <= 0) {
		*result = found;
		return NO_PARENT;
	}
	scopes->items[scopes->count] = (struct scope){ .die = *die, .parent = parent };
	return scopes->count++;
}

/*
 * Collects functions below a DIE. Their place is nearly always directly in a unit, namespace or module; deep
 * also looks inside functions, blocks and types, which takes many times as long.
 */
static int collect_functions(const struct allot_units *units, struct scopes *scopes, Dwarf_Die *parent, bool deep,
			     uint32_t depth)
{
	Dwarf_Die die;
	int result = 0;

	if (depth == 0 || dwarf_child(parent, &die) != 0)
		return 0;
	allotp_progress_tick(units->progress);
	do {
		bool descend = false;

		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			add_scope(units, scopes, &die, NO_PARENT, &result);
			descend = deep;
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
			descend = true;
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
		case DW_TAG_inlined_subroutine:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
			descend = deep;
			break;
		}
		if (result == 0 && descend)
			result = collect_functions(units, scopes, &die, deep, depth - 1);
	} while (result == 0 && dwarf_siblingof(&die, &die) == 0);
	return result;
}

/* Collects the calls inlined into a function, and into each other. */
static int collect_inlined(const struct allot_units *units, struct scopes *scopes, Dwarf_Die *parent, uint32_t caller,
			   uint32_t depth)
{
	Dwarf_Die die;
	int result = 0;

	if (depth == 0 || dwarf_child(parent, &die) != 0)
		return 0;
	do {
		uint32_t scope;

		switch (dwarf_tag(&die)) {
		case DW_TAG_inlined_subroutine:
			scope = add_scope(units, scopes, &die, caller, &result);
			if (result == 0)
				result = collect_inlined(units, scopes, &die, scope == NO_PARENT ? caller : scope,
							 depth - 1);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			result = collect_inlined(units, scopes, &die, caller, depth - 1);
			break;
		}
	} while (result == 0 && dwarf_siblingof(&die, &die) == 0);
	return result;
}

/* No source nests this deep; damaged debug information can. */
enum { MAX_DEPTH = 512 };

static int read_functions(struct allot_units *units, struct unit *unit, bool deep)
{
	int result = 0;

	/* An assembler makes a function of each label; of several at one place only the symbol table tells the public one. */
	if (dwarf_srclang(&unit->tree) == DW_LANG_Mips_Assembler)
		deep = true;
	else
		result = collect_functions(units, &unit->functions, &unit->tree, deep, MAX_DEPTH);
	if (result < 0) {
		scopes_release(&unit->functions);
		return result;
	}
	allotp_ranges_sort(&unit->functions.ranges);
	unit->state = deep ? UNIT_READ_DEEP : UNIT_READ;
	return 0;
}

static int read_inlined(struct allot_units *units, struct scope *function)
{
	struct scopes *inner = calloc(1, sizeof(*inner));
	int result;

	if (!inner)
		return -ENOMEM;
	result = collect_inlined(units, inner, &function->die, NO_PARENT, MAX_DEPTH);
	if (result < 0) {
		scopes_release(inner);
		free(inner);
		return result;
	}
	allotp_ranges_sort(&inner->ranges);
	function->inner = inner;
	return 0;
}

/* A file as the unit's tables have it; relative ones are relative to where the compiler ran. NULL: out of memory. */
static const char *name_file(struct allot_units *units, struct unit *unit, const char *file)
{
	Dwarf_Attribute attribute;
	const char *directory = dwarf_formstring(dwarf_attr(&unit->lines, DW_AT_comp_dir, &attribute));
	size_t length = directory ? strlen(directory) : 0;
	const char *result;
	char *joined;

	/* libdw joins the directory of the table, which may be this one, but not the two with each other. */
	if (file[0] == '/' || length == 0 || (!strncmp(file, directory, length) && file[length] == '/'))
		return allotp_names_file(units->names, file);
	if (asprintf(&joined, "%s/%s", directory, file) < 0)
		return NULL;
	result = allotp_names_file(units->names, joined);
	free(joined);
	return result;
}

/* Fills in what a scope is called and, for an inlined call, where the call stands. */
static int name_scope(struct allot_units *units, struct unit *unit, struct scope *scope)
{
	Dwarf_Attribute attribute;
	const char *name;

	if (scope->named)
		return 0;
	if (allotp_linkage_name(units->names, &scope->die, &scope->function) < 0)
		return -ENOMEM;
	if (!scope->function && (name = dwarf_diename(&scope->die))) {
		scope->function = allotp_qualifier_name(&unit->qualifier, units->names, &unit->tree, &scope->die, name);
		if (!scope->function)
			return -ENOMEM;
	}
	if (dwarf_tag(&scope->die) == DW_TAG_inlined_subroutine) {
		Dwarf_Files *files;
		Dwarf_Word number;
		size_t count;

		if (dwarf_formudata(dwarf_attr(&scope->die, DW_AT_call_line, &attribute), &number) == 0)
			scope->line = (uint32_t)number;
		if (dwarf_formudata(dwarf_attr(&scope->die, DW_AT_call_file, &attribute), &number) == 0 &&
		    dwarf_getsrcfiles(&unit->tree, &files, &count) == 0 && number < count) {
			name = dwarf_filesrc(files, number, NULL, NULL);
			if (name && !(scope->file = name_file(units, unit, name)))
				return -ENOMEM;
		}
	}
	scope->named = true;
	return 0;
}

/* Where the instruction itself was written, by the unit's line table. */
static int find_line(struct allot_units *units, struct unit *unit, uint64_t address, struct allot_place *place)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->lines, address);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	int number = 0;

	if (file && !(place->file = name_file(units, unit, file)))
		return -ENOMEM;
	if (line && dwarf_lineno(line, &number) == 0 && number > 0)
		place->line = (uint32_t)number;
	return 0;
}

static int find_function(struct allot_units *units, struct unit *unit, uint64_t address, struct scope **out)
{
	uint32_t index;
	int result = 0;

	*out = NULL;
	if (unit->state == UNIT_UNREAD && (result = read_functions(units, unit, false)) < 0)
		return result;
	index = allotp_ranges_find(&unit->functions.ranges, address);
	if (index == ALLOT_RANGE_NONE && unit->state != UNIT_READ_DEEP) {
		scopes_release(&unit->functions);
		if ((result = read_functions(units, unit, true)) < 0)
			return result;
		index = allotp_ranges_find(&unit->functions.ranges, address);
	}
	if (index != ALLOT_RANGE_NONE)
		*out = &unit->functions.items[index];
	return 0;
}

int allotp_units_find(struct allot_units *units, uint64_t address, struct allot_places *places)
{
	uint32_t index = allotp_ranges_find(&units->ranges, address);
	struct allot_place place = { 0 };
	struct scope *function;
	struct unit *unit;
	int result;

	if (index == ALLOT_RANGE_NONE)
		return 0;
	unit = &units->items[index];
	result = find_line(units, unit, address, &place);
	if (result == 0)
		result = find_function(units, unit, address, &function);
	if (result < 0)
		return result;
	if (function) {
		if (!function->inner && (result = read_inlined(units, function)) < 0)
			return result;
		/* Each inlined call gives a name to the place found so far, and the place it was called from. */
		index = allotp_ranges_find(&function->inner->ranges, address);
		while (index != ALLOT_RANGE_NONE) {
			struct scope *call = &function->inner->items[index];

			if ((result = name_scope(units, unit, call)) < 0)
				return result;
			place.function = call->function;
			if (allotp_places_add(places, place) < 0)
				return -ENOMEM;
			place = (struct allot_place){ .file = call->file, .line = call->line };
			index = call->parent;
		}
		if ((result = name_scope(units, unit, function)) < 0)
			return result;
		place.function = function->function;
	}
	if (!place.function && !place.file)
		return 0;
	return allotp_places_add(places, place);
}

int allotp_units_scopes(struct allot_units *units, uint64_t address, Dwarf_Die *scopes, uint32_t capacity,
			uint32_t *count)
{
	uint32_t index = allotp_ranges_find(&units->ranges, address);
	struct scope *function = NULL;
	int result = 0;

	*count = 0;
	if (index != ALLOT_RANGE_NONE)
		result = find_function(units, &units->items[index], address, &function);
	if (result < 0 || !function)
		return result;
	if (!function->inner && (result = read_inlined(units, function)) < 0)
		return result;
	index = allotp_ranges_find(&function->inner->ranges, address);
	for (; index != ALLOT_RANGE_NONE && *count < capacity; index = function->inner->items[index].parent)
		scopes[(*count)++] = function->inner->items[index].die;
	if (*count < capacity)
		scopes[(*count)++] = function->die;
	return 0;
}

void allotp_units_each(struct allot_units *units, allot_unit_fn *visit, void *context)
{
	for (uint32_t i = 0; i < units->count; i++) {
		if (visit(context, &units->items[i].tree))
			return;
	}
}

static int add_unit(struct allot_units *units, Dwarf_Die *lines, Dwarf_Die *tree)
{
	int found;

	if (units->count == units->capacity) {
		uint32_t capacity = units->capacity ? units->capacity * 2 : 64;
		struct unit *items = reallocarray(units->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		units->items = items;
		units->capacity = capacity;
	}
	found = add_ranges(units, &units->ranges, lines, units->count);
	if (found <= 0)
		return found;
	units->items[units->count++] = (struct unit){ .lines = *lines, .tree = *tree };
	return 0;
}

int allotp_units_new(Dwarf *dwarf, uint64_t low, uint64_t high, struct allot_names *names,
		     struct allot_progress *progress, struct allot_units **out)
{
	struct allot_units *units = calloc(1, sizeof(*units));
	Dwarf_CU *cu = NULL;
	Dwarf_Die lines, tree;
	uint8_t type;
	int result = 0;

	if (!units)
		return -ENOMEM;
	*units = (struct allot_units){ .dwarf = dwarf, .low = low, .high = high, .names = names, .progress = progress };
	/* Not by .debug_aranges: clang leaves it out, and one object file without it makes the whole table lie. */
	while (result == 0 && dwarf_get_units(dwarf, cu, &cu, NULL, &type, &lines, &tree) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (!tree.addr)
			tree = lines;
		result = add_unit(units, &lines, &tree);
		allotp_progress_tick(progress);
	}
	if (result == 0 && units->count == 0)
		result = -ENOENT;
	if (result < 0) {
		allotp_units_free(units);
		return result;
	}
	allotp_ranges_sort(&units->ranges);
	*out = units;
	return 0;
}

void allotp_units_free(struct allot_units *units)
{
	if (!units)
		return;
	for (uint32_t i = 0; i < units->count; i++) {
		scopes_release(&units->items[i].functions);
		allotp_qualifier_release(&units->items[i].qualifier);
	}
	free(units->items);
	allotp_ranges_release(&units->ranges);
	free(units);
}
