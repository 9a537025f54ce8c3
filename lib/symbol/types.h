/* SPDX-License-Identifier: MIT */
/*
 * Which field of a type holds a pointer, and of which type a block is, by DWARF. Debug information does not tell what malloc was
 * called for, so a type is named only where the function that allocated leaves one choice; see allotp_type_of_block.
 */
#ifndef ALLOT_SYMBOL_TYPES_H
#define ALLOT_SYMBOL_TYPES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The type of a block of that size, which a call on that line of a function has allocated. scope: the DIE of the function or
 * of an inlined call. In this order:
 *
 *   1. A variable declared on the line of the call points to a struct, and the block is one of these, or several.
 *   2. Of all structs of the block's size that the function's variables, parameters and return type point to, there is only
 *      one, and it is not the parameters alone that point to it: those are there already.
 *
 * 1: *type is it. 0: there is no such type, or more than one. -EAGAIN: the function knows nothing of what it allocates; its
 * caller may (it returns void *, and has no variable that points to a struct).
 */
int allotp_type_of_block(Dwarf_Die *scope, uint32_t line, uint64_t size, Dwarf_Die *type);

/*
 * Writes the name of what lies at an offset in a value of the type, such as "list.slots[3].next", and nothing for a value
 * that is no struct or array. repeated: the value is an array of the type. False, and nothing, if there is no pointer or word
 * as large as one at that offset, or it lies in a union.
 */
bool allotp_type_field(Dwarf_Die *type, bool repeated, uint64_t offset, char *buffer, size_t size);

/* The size of a type, without its typedefs and qualifiers; 0: not known. */
uint64_t allotp_type_size(Dwarf_Die *type);

/* The global variable that begins at an address, as the file counts them, among the DIEs below a unit. */
bool allotp_type_variable(Dwarf_Die *unit, uint64_t address, Dwarf_Die *variable);

#endif
