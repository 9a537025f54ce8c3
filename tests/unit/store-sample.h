/* SPDX-License-Identifier: MIT */
/* A small store built by hand in plain memory, for tests that freeze and damage it. */
#ifndef ALLOT_TESTS_STORE_SAMPLE_H
#define ALLOT_TESTS_STORE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "store/layout.h"

/* What each region but the header's has: committed in the first half of what is reserved. */
#define STORE_SAMPLE_COMMITTED 16384u

struct store_sample {
	uint8_t *base;
	size_t size;
	struct allot_header *header; /* == base */
};

enum {                          /* node numbers in the sample */
       STORE_SAMPLE_MAIN = 4,   /* root calls main */
       STORE_SAMPLE_PARSE,      /* main calls parse */
       STORE_SAMPLE_PARSE_TWIN, /* the same call once more, put in by another thread */
       STORE_SAMPLE_LEAF,       /* the twin calls a library, in a signal frame */
       STORE_SAMPLE_LEAF_TWIN,  /* parse calls the same */
       STORE_SAMPLE_STRAY,      /* no site needs it */
       STORE_SAMPLE_NODES,
       /* with scopes */
       STORE_SAMPLE_PARSED = STORE_SAMPLE_NODES, /* main, in the scope "parse" */
       STORE_SAMPLE_BUDGETED,                    /* main, in a budget */
       STORE_SAMPLE_SCOPED_NODES,
};

enum { /* site numbers */
       STORE_SAMPLE_SITE_LEAF = 1,
       STORE_SAMPLE_SITE_LEAF_TWIN, /* to be merged with the one before */
       STORE_SAMPLE_SITE_MAPPED,    /* parse, in the mmap domain */
       STORE_SAMPLE_SITE_POOL,      /* main, in domain 3 */
       STORE_SAMPLE_SITE_EMPTY,
       STORE_SAMPLE_SITES,
       /* with scopes */
       STORE_SAMPLE_SITE_PARSED = STORE_SAMPLE_SITES,
       STORE_SAMPLE_SITE_BUDGETED,
       STORE_SAMPLE_SITE_PLAIN, /* main, too, in none of both */
       STORE_SAMPLE_SCOPED_SITES,
};

enum { /* scope numbers */
       STORE_SAMPLE_SCOPE_LOAD = 1,
       STORE_SAMPLE_SCOPE_UNNAMED, /* somebody is just making it */
       STORE_SAMPLE_SCOPE_PARSE,   /* in load */
       STORE_SAMPLE_SCOPES,
};

/* Always the same store. Its memory is of pages of its own; what is not committed must not be touched. */
struct store_sample store_sample_new(void);
/* Adds scopes to it, and sites in them. */
void store_sample_add_scopes(const struct store_sample *store);
void store_sample_free(struct store_sample *store);

/* Item number index of a region, unchecked. */
void *store_sample_item(const struct store_sample *store, enum allot_region_id region, size_t index, size_t item_size);

#define STORE_SAMPLE_ITEM(store, region, type, index) ((type *)store_sample_item(store, region, index, sizeof(type)))

#endif
