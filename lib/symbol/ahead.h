/* SPDX-License-Identifier: MIT */
/*
 * Symbols and debug information that are read before anybody asks for it: while a program runs there is time for what would take
 * longest of a report when it has ended.
 */
#ifndef ALLOT_SYMBOL_AHEAD_H
#define ALLOT_SYMBOL_AHEAD_H

#include "symbol/object.h"

struct allot_ahead {
	struct allot_object_context *context; /* of the objects, and then the resolver's */
	struct allot_ahead_object {
		struct allot_module module; /* path and build-id */
		struct allot_object *object;
	} * objects;
	size_t count;
};

/* Nothing yet. 0 or -ENOMEM. */
int allotp_ahead_init(struct allot_ahead *ahead);
void allotp_ahead_release(struct allot_ahead *ahead);

/*
 * Reads the names of a module, if its debug file or, where no server is to be asked for one, it itself is on this machine, and
 * not so large that it takes long. Does nothing on failure, and for a module that it was asked for before.
 */
void allotp_ahead_read(struct allot_ahead *ahead, const struct allot_module *module);

/* Hands over what was read of a module; NULL: nothing was. */
struct allot_object *allotp_ahead_take(struct allot_ahead *ahead, const struct allot_module *module);

#endif
