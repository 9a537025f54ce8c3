/* SPDX-License-Identifier: MIT */
/* Gives the symbols and stacks of one snapshot their keys, each once. */
#ifndef ALLOT_REPORT_NAMER_H
#define ALLOT_REPORT_NAMER_H

#include "report/backtrace.h"
#include "report/hash.h"
#include "report/keys.h"
#include "report/label.h"

struct allot_named {
	const struct allot_symbol *symbol;
	uint32_t first; /* in labels[]; one for each of the symbol's frames */
};

struct allot_namer {
	struct allot_view view;
	struct allot_keys *keys;
	enum allot_group_by group_by;

	struct allot_named *named; /* [0] is unused */
	uint32_t named_count, named_room;
	uint32_t *labels;
	uint32_t label_count, label_room;
	struct allot_hash table;
	uint32_t *stack_keys; /* node -> its key as a stack; 0: not known yet */
};

/* Returns 0 or -ENOMEM. Release it either way. */
int allotp_namer_init(struct allot_namer *namer, const struct allot_view *view, struct allot_keys *keys,
		      enum allot_group_by group_by);
void allotp_namer_release(struct allot_namer *namer);

/* All of them return 0 and *key, or -ENOMEM. */

/* The key of one frame of a node. */
int allotp_namer_frame(struct allot_namer *namer, uint32_t node, uint32_t frame, uint32_t *key);
/* The key of the whole stack that begins at the node. */
int allotp_namer_stack(struct allot_namer *namer, uint32_t node, uint32_t *key);
/* The key of what has no frames: "[no stack]", "[truncated]" … */
int allotp_namer_end(struct allot_namer *namer, uint32_t node, uint32_t *key);
int allotp_namer_domain(struct allot_namer *namer, uint32_t domain, uint32_t *key);
int allotp_namer_region(struct allot_namer *namer, uint32_t region, uint32_t *key);
/* A type of the table of objects, by the index of its name; 0: none. */
int allotp_namer_type(struct allot_namer *namer, uint32_t type, uint32_t *key);

/* The key of a site whose stack has that origin (allotp_backtrace_origin). */
int allotp_namer_site(struct allot_namer *namer, uint32_t domain, uint32_t origin, uint32_t region, uint32_t *key);

#endif
