/* SPDX-License-Identifier: MIT */
/* The plain facts of an ELF file that decide how well a program can be traced; judged in inspect.c. */
#ifndef ALLOT_SYMBOL_ELF_FACTS_H
#define ALLOT_SYMBOL_ELF_FACTS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct allot_elf_facts {
	uint8_t class;    /* ELFCLASS32, ELFCLASS64 */
	uint16_t type;    /* ET_EXEC, ET_DYN, … */
	uint16_t machine; /* EM_* */
	char loader[256]; /* PT_INTERP, "" if none: statically linked, or the loader itself */
	bool dynamic;     /* has a dynamic section */
	bool unwind;      /* has a table to find unwind data by, as the unwinders need it */
	bool go;          /* built by the Go compiler */
	bool debug;       /* has DWARF in it */
	bool symbols;     /* has a full symbol table */
	uint8_t build_id[32];
	uint32_t build_id_size; /* 0: none */
	char debuglink[256];    /* name of a separate debug file, "" if none */
	const char *sanitizer;  /* "AddressSanitizer", …; NULL: none */
	char allocator[64];     /* the allocator library it needs ("libjemalloc.so.2"), "" if none */
	const char *builtin;    /* an allocation function of another allocator that it defines ("je_malloc"), or NULL */
	bool exports_malloc;    /* defines malloc for itself and its libraries */
	bool defines_malloc;    /* defines malloc for itself */
	bool defines_new;       /* defines operator new */
};

/* 0 or a negative errno: -ENOEXEC if the file is no ELF file, or a damaged one. */
int allotp_elf_facts(const char *path, struct allot_elf_facts *out);

/* What people call a machine: "x86-64"; NULL if it is not a usual one. */
const char *allotp_elf_machine(uint16_t machine);

#endif
