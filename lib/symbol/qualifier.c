/* SPDX-License-Identifier: MIT */
/* Full names for C++ functions that have no linkage name. */
#include "symbol/qualifier.h"

#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct allot_container {
	Dwarf_Die die;
	uint32_t parent; /* ALLOT_RANGE_NONE: the unit */
};

/* No source nests this deep; damaged debug information can. */
enum { MAX_DEPTH = 512 };

static int add_container(struct allot_qualifier *qualifier, Dwarf_Die *die, uint32_t parent, uint64_t end)
{
	if (qualifier->count == qualifier->capacity) {
		uint32_t capacity = qualifier->capacity ? qualifier->capacity * 2 : 64;
		struct allot_container *items = reallocarray(qualifier->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		qualifier->items = items;
		qualifier->capacity = capacity;
	}
	if (allotp_ranges_add(&qualifier->ranges, dwarf_dieoffset(die), end, qualifier->count) < 0)
		return -ENOMEM;
	qualifier->items[qualifier->count++] = (struct allot_container){ *die, parent };
	return 0;
}

/* Collects what is below a DIE that ends before end. */
static int collect(struct allot_qualifier *qualifier, Dwarf_Die *above, uint32_t parent, uint64_t end, uint32_t depth)
{
	Dwarf_Die die, next;
	int result = 0;
	bool more;

	if (depth == 0 || dwarf_child(above, &die) != 0)
		return 0;
	do {
		uint64_t die_end;

		more = dwarf_siblingof(&die, &next) == 0;
		die_end = more ? dwarf_dieoffset(&next) : end;
		switch (dwarf_tag(&die)) {
		case DW_TAG_namespace:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_subprogram:
			if (!dwarf_haschildren(&die))
				break;
			result = add_container(qualifier, &die, parent, die_end);
			if (result == 0)
				result = collect(qualifier, &die, qualifier->count - 1, die_end, depth - 1);
			break;
		case DW_TAG_lexical_block:
			result = collect(qualifier, &die, parent, die_end, depth - 1);
			break;
		}
		die = next;
	} while (result == 0 && more);
	return result;
}

static bool is_cxx(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
		return true;
	default:
		return false;
	}
}

int allotp_linkage_name(struct allot_names *names, Dwarf_Die *function, const char **out)
{
	Dwarf_Attribute attribute;
	const char *linkage;

	if (!dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) &&
	    !dwarf_attr_integrate(function, DW_AT_MIPS_linkage_name, &attribute)) {
		*out = NULL;
		return 0;
	}
	linkage = dwarf_formstring(&attribute);
	if (linkage && !(*out = allotp_names_function(names, linkage)))
		return -ENOMEM;
	if (!linkage)
		*out = NULL;
	return 0;
}

static const char *unnamed(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
		return "(anonymous namespace)";
	case DW_TAG_subprogram:
		return "<function>";
	case DW_TAG_union_type:
		return "<union>";
	default:
		return "<lambda>"; /* the other classes without a name have no functions */
	}
}

const char *allotp_qualifier_name(struct allot_qualifier *qualifier, struct allot_names *names, Dwarf_Die *unit,
				  Dwarf_Die *function, const char *name)
{
	Dwarf_Die declaration = *function, declaration_unit;
	Dwarf_Attribute attribute;
	const char *result = NULL;
	char *text, *longer;
	uint32_t index;

	if (!is_cxx(unit))
		return allotp_names_plain(names, name);
	if (!qualifier->read) {
		if (collect(qualifier, unit, ALLOT_RANGE_NONE, UINT64_MAX, MAX_DEPTH) < 0) {
			allotp_qualifier_release(qualifier);
			return NULL;
		}
		allotp_ranges_sort(&qualifier->ranges);
		qualifier->read = true;
	}
	/* An inlined call, and a function that was cloned or defined outside its class, refer to the declaration. */
	for (int step = 0; step < 16; step++) {
		if (!dwarf_formref_die(dwarf_attr(&declaration, DW_AT_abstract_origin, &attribute), &declaration) &&
		    !dwarf_formref_die(dwarf_attr(&declaration, DW_AT_specification, &attribute), &declaration))
			break;
	}
	if (!dwarf_diecu(&declaration, &declaration_unit, NULL, NULL) || declaration_unit.addr != unit->addr)
		return allotp_names_plain(names, name);

	text = strdup(name);
	/* The DIE itself may be a container. */
	index = allotp_ranges_find(&qualifier->ranges, dwarf_dieoffset(&declaration));
	if (index != ALLOT_RANGE_NONE && qualifier->items[index].die.addr == declaration.addr)
		index = qualifier->items[index].parent;
	while (text && index != ALLOT_RANGE_NONE) {
		struct allot_container *container = &qualifier->items[index];
		const char *linkage = NULL, *outer;

		if (dwarf_tag(&container->die) == DW_TAG_subprogram &&
		    allotp_linkage_name(names, &container->die, &linkage) < 0) {
			free(text);
			return NULL;
		}
		outer = linkage ? linkage : dwarf_diename(&container->die);
		if (asprintf(&longer, "%s::%s", outer ? outer : unnamed(&container->die), text) < 0)
			longer = NULL;
		free(text);
		text = longer;
		/* A linkage name is a full one. */
		index = linkage ? ALLOT_RANGE_NONE : container->parent;
	}
	if (text)
		result = allotp_names_plain(names, text);
	free(text);
	return result;
}

void allotp_qualifier_release(struct allot_qualifier *qualifier)
{
	free(qualifier->items);
	allotp_ranges_release(&qualifier->ranges);
	memset(qualifier, 0, sizeof(*qualifier));
}
