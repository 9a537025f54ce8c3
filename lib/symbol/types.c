/* SPDX-License-Identifier: MIT */
/* Which field of a type holds a pointer, and of which type a block is, by DWARF. */
#include "symbol/types.h"

#include <dwarf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 64 }; /* no source nests this deep; damaged debug information can */

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die direct;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) || !dwarf_formref_die(&attribute, &direct))
		return false;
	return dwarf_peel_type(&direct, type) == 0;
}

static bool is_struct(Dwarf_Die *type)
{
	int tag = dwarf_tag(type);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

static bool is_pointer(Dwarf_Die *type)
{
	int tag = dwarf_tag(type);

	return tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type;
}

uint64_t allotp_type_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

/* ---- fields ---- */

/* A name under way; a text that does not fit is none. */
struct path {
	char *text;
	size_t size, used;
	bool failed;
};

static void put(struct path *path, const char *format, const char *name, uint64_t number)
{
	int length;

	if (path->failed)
		return;
	if (name)
		length = snprintf(path->text + path->used, path->size - path->used, format, name);
	else
		length = snprintf(path->text + path->used, path->size - path->used, format, number);
	if (length < 0 || (size_t)length >= path->size - path->used)
		path->failed = true;
	else
		path->used += (size_t)length;
}

static bool is_of_pointer_size(Dwarf_Die *type)
{
	return is_pointer(type) || (dwarf_tag(type) == DW_TAG_base_type && allotp_type_size(type) == sizeof(void *));
}

/* The member, or class of which this one is made, that a pointer at an offset is in; *offset becomes that in it. */
static bool find_member(Dwarf_Die *type, uint64_t *offset, Dwarf_Die *member, Dwarf_Die *of_type)
{
	bool found = dwarf_child(type, member) == 0;

	for (; found; found = dwarf_siblingof(member, member) == 0) {
		Dwarf_Attribute attribute;
		Dwarf_Word begin, size;

		if (dwarf_tag(member) != DW_TAG_member && dwarf_tag(member) != DW_TAG_inheritance)
			continue;
		/* Static members and virtual bases have no place of their own that is a number. */
		if (dwarf_hasattr(member, DW_AT_data_bit_offset) || dwarf_hasattr(member, DW_AT_bit_size) ||
		    dwarf_formudata(dwarf_attr(member, DW_AT_data_member_location, &attribute), &begin) != 0 ||
		    !type_of(member, of_type))
			continue;
		size = allotp_type_size(of_type);
		/* A base class without members shares its place with the first of them. */
		if (*offset < begin || size < sizeof(void *) || *offset - begin > size - sizeof(void *))
			continue;
		*offset -= begin;
		return true;
	}
	return false;
}

static bool find_element(Dwarf_Die *array, uint64_t *offset, Dwarf_Die *element, uint64_t *index)
{
	Dwarf_Die dimension;
	int dimensions = 0;
	uint64_t size;

	/* One of several dimensions is told by its place alone. */
	for (bool more = dwarf_child(array, &dimension) == 0; more; more = dwarf_siblingof(&dimension, &dimension) == 0)
		dimensions++;
	if (dimensions != 1 || !type_of(array, element))
		return false;
	size = allotp_type_size(element);
	if (!size)
		return false;
	*index = *offset / size;
	*offset %= size;
	return true;
}

static bool walk(Dwarf_Die type, uint64_t offset, struct path *path)
{
	for (int depth = 0; depth < DEPTH; depth++) {
		Dwarf_Die inner, member;
		uint64_t index;

		switch (dwarf_tag(&type)) {
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
			if (!find_member(&type, &offset, &member, &inner))
				return false;
			if (dwarf_tag(&member) == DW_TAG_member && dwarf_diename(&member))
				put(path, path->used ? ".%s" : "%s", dwarf_diename(&member), 0);
			break;
		case DW_TAG_array_type:
			if (!find_element(&type, &offset, &inner, &index))
				return false;
			put(path, "[%" PRIu64 "]", NULL, index);
			break;
		default:
			return offset == 0 && is_of_pointer_size(&type) && !path->failed;
		}
		type = inner;
	}
	return false;
}

bool allotp_type_field(Dwarf_Die *type, bool repeated, uint64_t offset, char *buffer, size_t size)
{
	struct path path = { .text = buffer, .size = size };
	uint64_t each = allotp_type_size(type);
	bool found = size && (!repeated || each);

	if (found && repeated) {
		put(&path, "[%" PRIu64 "]", NULL, offset / each);
		offset %= each;
	}
	found = found && walk(*type, offset, &path);
	if (!found || !path.used)
		buffer[0] = '\0';
	return found;
}

/* ---- types of blocks ---- */

/* What a function says of the types that it deals with. */
struct choice {
	uint32_t line;
	uint64_t size;
	Dwarf_Die type, declared; /* the one of the block's size; the one declared on the line */
	uint32_t types, declarations;
	bool ours, any; /* the type is not that of parameters alone; there is a variable that points to a struct */
};

static bool same(Dwarf_Die *a, Dwarf_Die *b)
{
	return a->addr == b->addr;
}

static void consider(struct choice *choice, Dwarf_Die *type, bool ours)
{
	uint64_t size = is_struct(type) ? allotp_type_size(type) : 0;

	if (!size)
		return;
	choice->any = choice->any || ours;
	if (size != choice->size)
		return;
	if (choice->types && same(&choice->type, type)) {
		choice->ours = choice->ours || ours;
		return;
	}
	choice->type = *type;
	choice->ours = ours;
	choice->types++;
}

static void consider_variable(struct choice *choice, Dwarf_Die *variable)
{
	Dwarf_Attribute attribute;
	Dwarf_Die pointer, type;
	Dwarf_Word line;
	uint64_t size;

	if (!type_of(variable, &pointer) || !is_pointer(&pointer) || !type_of(&pointer, &type))
		return;
	if (dwarf_tag(variable) == DW_TAG_formal_parameter) {
		consider(choice, &type, false);
		/* Where it is to be put. */
		if (is_pointer(&type) && type_of(&type, &pointer))
			consider(choice, &pointer, true);
		return;
	}
	consider(choice, &type, true);
	size = is_struct(&type) ? allotp_type_size(&type) : 0;
	if (!size || choice->size % size || !choice->line ||
	    dwarf_formudata(dwarf_attr_integrate(variable, DW_AT_decl_line, &attribute), &line) != 0 ||
	    line != choice->line)
		return;
	if (choice->declarations && same(&choice->declared, &type))
		return;
	choice->declared = type;
	choice->declarations++;
}

static void consider_all(struct choice *choice, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;
	bool more = depth < DEPTH && dwarf_child(parent, &die) == 0;

	for (; more; more = dwarf_siblingof(&die, &die) == 0) {
		switch (dwarf_tag(&die)) {
		case DW_TAG_variable:
		case DW_TAG_formal_parameter:
			consider_variable(choice, &die);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			consider_all(choice, &die, depth + 1);
			break;
		}
	}
}

int allotp_type_of_block(Dwarf_Die *scope, uint32_t line, uint64_t size, Dwarf_Die *type)
{
	struct choice choice = { .line = line, .size = size };
	Dwarf_Attribute attribute;
	Dwarf_Die function = *scope, returned, pointed;
	bool returns_void = false;

	/* An inlined call, or one of several copies, may lack the variables that were not needed. */
	for (int i = 0; i < DEPTH && dwarf_attr(&function, DW_AT_abstract_origin, &attribute); i++) {
		if (!dwarf_formref_die(&attribute, &function))
			break;
	}
	consider_all(&choice, &function, 0);
	if (type_of(&function, &returned) && is_pointer(&returned)) {
		returns_void = !dwarf_hasattr(&returned, DW_AT_type);
		if (type_of(&returned, &pointed))
			consider(&choice, &pointed, true);
	}
	if (choice.declarations == 1)
		*type = choice.declared;
	else if (choice.types == 1 && choice.ours)
		*type = choice.type;
	else
		return returns_void && !choice.any && !choice.types ? -EAGAIN : 0;
	return 1;
}

/* ---- variables ---- */

static bool is_at(Dwarf_Die *variable, uint64_t address)
{
	Dwarf_Attribute attribute, resolved;
	Dwarf_Op *expression;
	Dwarf_Addr found;
	size_t length;

	if (!dwarf_attr(variable, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &expression, &length) != 0 || length != 1)
		return false;
	if (expression[0].atom == DW_OP_addr)
		return expression[0].number == address;
	if (expression[0].atom != DW_OP_addrx && expression[0].atom != DW_OP_GNU_addr_index)
		return false;
	return dwarf_getlocation_attr(&attribute, expression, &resolved) == 0 &&
	       dwarf_formaddr(&resolved, &found) == 0 && found == address;
}

static bool find_variable(Dwarf_Die *parent, uint64_t address, Dwarf_Die *variable, int depth)
{
	Dwarf_Die die;
	bool more = depth < DEPTH && dwarf_child(parent, &die) == 0;

	for (; more; more = dwarf_siblingof(&die, &die) == 0) {
		switch (dwarf_tag(&die)) {
		case DW_TAG_variable:
			if (!is_at(&die, address))
				break;
			*variable = die;
			return true;
		case DW_TAG_namespace:
		case DW_TAG_subprogram:
		case DW_TAG_lexical_block:
			if (find_variable(&die, address, variable, depth + 1))
				return true;
			break;
		}
	}
	return false;
}

bool allotp_type_variable(Dwarf_Die *unit, uint64_t address, Dwarf_Die *variable)
{
	return find_variable(unit, address, variable, 0);
}
