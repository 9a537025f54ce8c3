/* SPDX-License-Identifier: MIT */
/* What lies at an address of a module's data, or at an offset in a block. */
#include "symbol/data.h"

#include <dwarf.h>
#include <errno.h>

#include <stdlib.h>
#include <string.h>

#include "symbol/types.h"

enum {
	FIELD_NAME = 256,
	SCOPES = 32, /* calls inlined into each other */
	CALLERS = 4, /* functions on the way to malloc that only pass memory on */
};

/* ---- variables ---- */

struct found {
	const char *name; /* as in the file */
	uint64_t start;
	int rank;
};

static int rank_of(const GElf_Sym *symbol, const char *name)
{
	return (name[0] != '_') * 2 + (GELF_ST_BIND(symbol->st_info) == STB_GLOBAL) + 1;
}

static void find_symbol(Dwfl_Module *module, uint64_t address, bool thread_local, struct found *found)
{
	int count = dwfl_module_getsymtab(module), wanted = thread_local ? STT_TLS : STT_OBJECT;

	for (int i = 0; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr start;
		GElf_Word section;
		const char *name = dwfl_module_getsym_info(module, i, &symbol, &start, &section, NULL, NULL);

		if (!name || !*name || section == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != wanted)
			continue;
		if (thread_local)
			start = symbol.st_value;
		if (address - start >= symbol.st_size || rank_of(&symbol, name) <= found->rank)
			continue;
		*found = (struct found){ name, start, rank_of(&symbol, name) };
	}
}

struct search {
	uint64_t address;
	Dwarf_Die variable;
	bool found;
};

static bool search_unit(void *context, Dwarf_Die *unit)
{
	struct search *search = context;

	search->found = allotp_type_variable(unit, search->address, &search->variable);
	return search->found;
}

/* What debug information adds to a symbol: its type, and the name that a static variable of a function has in its source. */
static int describe(struct allot_object *object, struct allot_names *names, const struct found *found,
		    struct allot_datum *datum)
{
	char field[FIELD_NAME];
	struct search search;
	uint64_t bias;
	struct allot_units *units = allotp_object_units(object, &bias);
	Dwarf_Attribute attribute;
	Dwarf_Die type, bare;
	const char *name;

	if (!units)
		return 0;
	search = (struct search){ .address = found->start - bias };
	allotp_units_each(units, search_unit, &search);
	if (!search.found)
		return 0;
	name = dwarf_diename(&search.variable);
	if (name && strchr(found->name, '.') && !(datum->name = allotp_names_plain(names, name)))
		return -ENOMEM;
	if (!dwarf_attr_integrate(&search.variable, DW_AT_type, &attribute) || !dwarf_formref_die(&attribute, &type) ||
	    dwarf_peel_type(&type, &bare) != 0 ||
	    !allotp_type_field(&bare, false, datum->offset, field, sizeof(field)) || !*field)
		return 0;
	datum->field = allotp_names_plain(names, field);
	return datum->field ? 0 : -ENOMEM;
}

int allotp_resolve_datum(struct allot_resolver *resolver, uint32_t module, uint64_t address, bool thread_local,
			 struct allot_datum *datum)
{
	const struct allot_snapshot *snapshot = allotp_resolver_snapshot(resolver);
	struct found found = { 0 };
	struct allot_object *object;
	struct allot_names *names;
	int result;

	*datum = (struct allot_datum){ 0 };
	if (module == 0)
		return 0;
	result = allotp_resolver_object(resolver, module, &object, &names);
	if (result < 0 || !allotp_object_module(object))
		return result;
	if (!thread_local)
		address -= snapshot->modules[module].bias;
	find_symbol(allotp_object_module(object), address, thread_local, &found);
	if (!found.name)
		return 0;
	datum->offset = address - found.start;
	datum->name = allotp_names_function(names, found.name);
	if (!datum->name)
		return -ENOMEM;
	return thread_local ? 0 : describe(object, names, &found, datum);
}

/* ---- fields of blocks ---- */

/* As allotp_type_of_block, for a call and all calls around it that it was inlined into. */
static int find_type(struct allot_object *object, uint64_t address, uint64_t size, Dwarf_Die *type)
{
	Dwarf_Die scopes[SCOPES];
	struct allot_places places = { 0 };
	uint64_t bias;
	struct allot_units *units = allotp_object_units(object, &bias);
	uint32_t count = 0;
	int result = units ? allotp_units_scopes(units, address - bias, scopes, SCOPES, &count) : 0;

	if (result == 0 && count)
		result = allotp_units_find(units, address - bias, &places);
	if (result == 0 && count)
		result = -EAGAIN;
	for (uint32_t i = 0; i < count && i < places.count && result == -EAGAIN; i++)
		result = allotp_type_of_block(&scopes[i], places.items[i].line, size, type);
	free(places.items);
	return result;
}

int allotp_resolve_field(struct allot_resolver *resolver, uint32_t node, uint64_t size, uint64_t offset,
			 const char **field, const char **type)
{
	const struct allot_snapshot *snapshot = allotp_resolver_snapshot(resolver);
	char text[FIELD_NAME];
	struct allot_names *names = NULL;
	Dwarf_Die found;
	int result = -EAGAIN;

	*field = *type = NULL;
	for (int i = 0; i < CALLERS && result == -EAGAIN && node >= ALLOT_NODE_FIRST; i++) {
		const struct allot_node *frame = &snapshot->nodes[node];
		struct allot_object *object;

		result = frame->module ? allotp_resolver_object(resolver, frame->module, &object, &names) : 0;
		if (result == 0 && frame->module)
			result = find_type(object, frame->address - snapshot->modules[frame->module].bias - 1, size,
					   &found);
		node = frame->parent;
	}
	if (result != 1)
		return result == -ENOMEM ? result : 0;
	if (!allotp_type_field(&found, size > allotp_type_size(&found), offset, text, sizeof(text)) || !*text)
		return 0;
	*field = allotp_names_plain(names, text);
	if (dwarf_diename(&found))
		*type = allotp_names_plain(names, dwarf_diename(&found));
	return *field && (*type || !dwarf_diename(&found)) ? 0 : -ENOMEM;
}
