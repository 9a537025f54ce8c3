/* SPDX-License-Identifier: MIT */
/* Call sites as far as they can be told inside the program: by the dynamic symbols of its modules. */
#ifndef ALLOT_PRELOAD_SITES_H
#define ALLOT_PRELOAD_SITES_H

#include "preload/text.h"

/* Return addresses of a stack, innermost first. */
#define ALLOT_SITE_FRAMES 16

struct allot_site_stack {
	uint32_t count;
	uint64_t frames[ALLOT_SITE_FRAMES];
};

/* The innermost frames of a node of the stack tree. */
void allotp_sites_copy(uint32_t node, struct allot_site_stack *stack);

/*
 * Adds the site: the innermost frames of the program's own, and what of libc they called. Asks the loader, so not in
 * a hook. Returns the path of the program's module, for the hint below; NULL: none is known.
 */
const char *allotp_sites_describe(struct allot_text *text, const struct allot_site_stack *stack);

#endif
