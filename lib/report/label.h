/* SPDX-License-Identifier: MIT */
/* What a frame is called: in each grouping, and when its file or function is not known. */
#ifndef ALLOT_REPORT_LABEL_H
#define ALLOT_REPORT_LABEL_H

#include "report/backtrace.h"
#include "report/keys.h"

/* What stands where nothing is known. */
#define ALLOT_LABEL_UNKNOWN "[unknown]" /* for a module */
#define ALLOT_LABEL_NO_STACK "[no stack]"

/* A module's path. */
const char *allotp_module_name(const struct allot_snapshot *snapshot, uint32_t module);

/* The last part of a path. */
const char *allotp_base_name(const char *path);

/* An address as its ELF file counts them; the address itself where no module is known. */
uint64_t allotp_symbol_offset(const struct allot_snapshot *snapshot, const struct allot_symbol *symbol);

/* Writes "module+0xoffset", or "0xaddress" where no module is known. Cut to fit, always ended. */
void allotp_symbol_name(const struct allot_snapshot *snapshot, const struct allot_symbol *symbol, char *buffer,
			size_t size);

/*
 * The label of one frame of a symbol:
 *   line, stack  "file:line"; without a file "module+0xoffset"
 *   function     "function (file)"; without a file "function (module)"; without a name "module+0xoffset"
 *   file         "file:0", as tracemalloc has it; without a file "module:0"
 *   module       its whole path, or "[unknown]"
 * Returns 0 and *label, or -ENOMEM. Not for domains and regions, which have no frames.
 */
int allotp_label_of_frame(struct allot_keys *keys, enum allot_group_by group_by, const struct allot_snapshot *snapshot,
			  const struct allot_symbol *symbol, uint32_t frame, uint32_t *label);

/* The label that stands for a stack's end, or for having no stack ("[truncated]", "[no stack]" …). */
int allotp_label_of_end(struct allot_keys *keys, uint32_t node, uint32_t *label);

int allotp_label_of_domain(struct allot_keys *keys, const struct allot_snapshot *snapshot, uint32_t domain,
			   uint32_t *label);

/* A region with those around it, the outermost first: "request/parse"; "[no region]" for 0. */
int allotp_label_of_region(struct allot_keys *keys, const struct allot_snapshot *snapshot, uint32_t region,
			   uint32_t *label);

#endif
