/* SPDX-License-Identifier: MIT */
/* An ELF file's functions by address, from its symbol tables. */
#include "symbol/table.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

static bool has_section(Elf *elf, GElf_Word type)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == type)
			return true;
	}
	return false;
}

/* What comes of a symbol that names code; 0: it does not. */
static uint8_t symbol_rank(const GElf_Sym *symbol, const char *name)
{
	uint8_t rank = 1;

	if (!name || !*name || name[0] == '$') /* '$': the mapping symbols of ARM */
		return 0;
	switch (GELF_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		rank += 32;
		break;
	case STT_NOTYPE: /* hand-written assembly often says no more */
		break;
	default:
		return 0;
	}
	if (symbol->st_size)
		rank += 64;
	/* Of malloc, __libc_malloc and __malloc people know the first. */
	if (name[0] != '_')
		rank += 8;
	else if (name[1] != '_')
		rank += 4;
	if (GELF_ST_BIND(symbol->st_info) == STB_GLOBAL)
		rank += 2;
	else if (GELF_ST_BIND(symbol->st_info) == STB_WEAK)
		rank += 1;
	return rank;
}

/* The end of the code section that a symbol lies in; 0: it lies in none. */
static uint64_t code_end(Elf *elf, GElf_Word index, const GElf_Sym *symbol)
{
	GElf_Shdr header;

	if (!gelf_getshdr(elf_getscn(elf, index), &header) || !(header.sh_flags & SHF_EXECINSTR))
		return 0;
	/* Relative to the symbol's own value, so that the bias of the file it comes from does not matter. */
	return header.sh_addr + header.sh_size - symbol->st_value;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct allot_table_symbol *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Keeps one symbol for each address, and ends those without a size where the next one begins. */
static int arrange(struct allot_table *table)
{
	uint32_t kept = 0;

	if (table->count)
		qsort(table->symbols, table->count, sizeof(*table->symbols), compare_symbols);
	for (uint32_t i = 0; i < table->count; i++) {
		if (kept && table->symbols[kept - 1].low == table->symbols[i].low)
			continue;
		table->symbols[kept++] = table->symbols[i];
	}
	table->count = kept;
	for (uint32_t i = 0; i < kept; i++) {
		struct allot_table_symbol *symbol = &table->symbols[i];

		if (symbol->rank < 64 && i + 1 < kept && symbol->high > symbol[1].low)
			symbol->high = symbol[1].low;
		if (allotp_ranges_add(&table->ranges, symbol->low, symbol->high, i) < 0)
			return -ENOMEM;
	}
	allotp_ranges_sort(&table->ranges);
	return 0;
}

int allotp_table_read(struct allot_table *table, Dwfl_Module *module, struct allot_progress *progress)
{
	int total = dwfl_module_getsymtab(module);
	GElf_Addr bias;
	Elf *main_elf = dwfl_module_getelf(module, &bias);
	int result;

	memset(table, 0, sizeof(*table));
	if (total <= 0 || !main_elf)
		return 0;
	table->symbols = calloc((size_t)total, sizeof(*table->symbols));
	if (!table->symbols)
		return -ENOMEM;
	/* libdwfl takes the best table there is: that of the file, or of its debug file, and adds .gnu_debugdata's. */
	table->full = has_section(main_elf, SHT_SYMTAB);
	for (int i = 0; i < total; i++) {
		struct allot_table_symbol *out = &table->symbols[table->count];
		GElf_Sym symbol;
		GElf_Addr address;
		GElf_Word section;
		Elf *elf = NULL;
		const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, &section, &elf, &bias);
		uint8_t rank = name ? symbol_rank(&symbol, name) : 0;
		uint64_t rest;

		if ((i & 1023) == 0)
			allotp_progress_tick(progress);
		if (elf && elf != main_elf)
			table->full = true;
		if (!rank || section == SHN_UNDEF || section == SHN_ABS || !elf)
			continue;
		rest = code_end(elf, section, &symbol);
		if (!rest)
			continue;
		*out = (struct allot_table_symbol){ address, address + symbol.st_size, name, rank };
		if (!symbol.st_size)
			out->high = address + rest;
		table->count++;
	}
	/* Between exported functions lie others that have no name here: one without a size would swallow them. */
	if (!table->full) {
		uint32_t kept = 0;

		for (uint32_t i = 0; i < table->count; i++) {
			if (table->symbols[i].rank >= 64)
				table->symbols[kept++] = table->symbols[i];
		}
		table->count = kept;
	}
	result = arrange(table);
	if (result < 0)
		allotp_table_release(table);
	return result;
}

void allotp_table_release(struct allot_table *table)
{
	free(table->symbols);
	allotp_ranges_release(&table->ranges);
	memset(table, 0, sizeof(*table));
}

const char *allotp_table_find(const struct allot_table *table, uint64_t address)
{
	uint32_t i = allotp_ranges_find(&table->ranges, address);

	return i == ALLOT_RANGE_NONE ? NULL : table->symbols[i].name;
}
