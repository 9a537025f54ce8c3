/* SPDX-License-Identifier: MIT */
/* Snapshots made by hand, symbols included, for the tests of reports. Running out of memory ends the test. */
#ifndef ALLOT_TESTS_REPORT_SAMPLE_H
#define ALLOT_TESTS_REPORT_SAMPLE_H

#include "snapshot/snapshot.h"

/* An empty one of a program that ended well: /usr/bin/sample, module 1. */
struct allot_snapshot *sample_new(void);

/* Adds a module that is loaded at `bias`, with a build-id of its number twenty times. Returns its number. */
uint32_t sample_module(struct allot_snapshot *snapshot, const char *path, uint64_t bias);

/* Adds a frame whose ELF address is `offset` in the module. Returns its node. */
uint32_t sample_node(struct allot_snapshot *snapshot, uint32_t parent, uint32_t module, uint64_t offset);

/*
 * Says what an address means: source-level frames as "function file:line", innermost first, with ';' between;
 * all but the last are inlined. "function" alone has no file, "?" no function either. To be called in any order.
 */
void sample_symbol(struct allot_snapshot *snapshot, uint32_t module, uint64_t offset, const char *frames);

/* A node of its own with its symbol, for the program itself. */
uint32_t sample_frame(struct allot_snapshot *snapshot, uint32_t parent, uint64_t offset, const char *frames);

/*
 * Adds a site that ever allocated `ever` and still holds `live`; at the peak it held all of it. The snapshot's
 * totals go along. Returns the site, valid until the next is added.
 */
struct allot_site *sample_site(struct allot_snapshot *snapshot, uint32_t stack, struct allot_count live,
			       struct allot_count ever);

/*
 * What most tests look at, two stacks of the program and one of a library without names:
 *
 *   main (main.c:10) -> parse (parse.c:20) -> xmalloc (util.h:5, inlined) -> malloc   live 3000 in 3, ever 4000 in 4
 *   main (main.c:11) -> load (load.c:7) -> malloc                                    live 1024 in 1, ever 1024 in 1
 *   main (main.c:12) -> libplug.so+0x1234 -> malloc                                  live 0, ever 500 in 5
 */
struct allot_snapshot *sample_program(void);

#endif
