/* SPDX-License-Identifier: MIT */
/* The file behind a module of a snapshot, if it is on this machine and still the same, with its names. */
#ifndef ALLOT_SYMBOL_OBJECT_H
#define ALLOT_SYMBOL_OBJECT_H

#include <elfutils/libdwfl.h>
#include <stdint.h>

#include "symbol/names.h"
#include "symbol/progress.h"
#include "symbol/symbol.h"
#include "symbol/units.h"

struct allot_object;

/* What all objects of a resolver share. */
struct allot_object_context {
	struct allot_names names;
	struct allot_progress progress;
	char *debug_path;          /* where separate debug files are, as in libdwfl.h; NULL: the usual places */
	uint64_t snapshot_time_ns; /* CLOCK_REALTIME: a file without build-id that is newer is not trusted */
};

void allotp_object_context_free(struct allot_object_context *context);

/*
 * Finds the file and opens it. A file that is not there or has another build-id gives an object
 * without names, unless a file with the right build-id is found elsewhere. context must outlive the object. 0 and
 * *out, or -ENOMEM.
 */
int allotp_object_open(struct allot_object_context *context, const struct allot_module *module,
		       struct allot_object **out);
void allotp_object_close(struct allot_object *object);

enum allot_module_symbols allotp_object_state(const struct allot_object *object);

/*
 * Appends the frames of an address, given as the ELF file counts them; at least one, of which nothing may be
 * known. 0 or -ENOMEM.
 */
int allotp_object_find(struct allot_object *object, uint64_t address, struct allot_places *places);

/* What else is known of the file; NULL: it is not there, or has no debug information. */
Dwfl_Module *allotp_object_module(const struct allot_object *object);
/* *bias: what to take from the file's addresses for those of its debug information. */
struct allot_units *allotp_object_units(const struct allot_object *object, uint64_t *bias);

#endif
