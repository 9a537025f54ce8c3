/* SPDX-License-Identifier: MIT */
/* An ELF file's functions by address, from its symbol tables. libdwfl's own look-up goes through all symbols each time. */
#ifndef ALLOT_SYMBOL_TABLE_H
#define ALLOT_SYMBOL_TABLE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbol/progress.h"
#include "symbol/ranges.h"

struct allot_table_symbol {
	uint64_t low, high;
	const char *name; /* as in the file; lives as long as the Dwfl module */
	uint8_t rank;     /* of several names of one address, the one with the highest rank is shown */
};

struct allot_table {
	struct allot_table_symbol *symbols;
	uint32_t count;
	bool full; /* more than the exported functions */
	struct allot_ranges ranges;
};

/*
 * Reads the symbols of the module's file, of its separate debug file, and of its .gnu_debugdata. 0 or -ENOMEM; a
 * file without symbols gives an empty table.
 */
int allotp_table_read(struct allot_table *table, Dwfl_Module *module, struct allot_progress *progress);
void allotp_table_release(struct allot_table *table);

/* The linkage name of the function at the address, or NULL. */
const char *allotp_table_find(const struct allot_table *table, uint64_t address);

#endif
