/* SPDX-License-Identifier: MIT */
/* The part of freezing that renumbers: sites, the stack tree below them, and live blocks. */
#ifndef ALLOT_SNAPSHOT_FREEZE_SITES_H
#define ALLOT_SNAPSHOT_FREEZE_SITES_H

#include <stdint.h>

#include "snapshot/view.h"

struct allot_node;
struct allot_snapshot;

/* Where the store's sites are in the snapshot. */
struct allot_freeze_places {
	uint32_t *of_number; /* by the store's number: index in the snapshot + 1, 0: not there; malloc'ed */
	uint64_t numbers;    /* how many of_number has */
	uint32_t *of_scope;  /* by the store's number of a scope: index of the region, 0: not there; malloc'ed */
	uint64_t scopes;     /* how many of_scope has */
};

/* Fills in the snapshot's regions. Returns 0, -ENOMEM or -EFBIG; the caller frees places->of_scope in any case. */
int allotp_freeze_regions(struct allot_view *view, struct allot_snapshot *snapshot, struct allot_freeze_places *places);

/* The region of a site in that scope of the store; counts a scope that is not there. */
uint32_t allotp_freeze_region(struct allot_view *view, const struct allot_freeze_places *places, uint32_t scope);

/* A malloc'ed copy of a name that the program has used, "" if there is none of that number. NULL: out of memory. */
char *allotp_freeze_name(struct allot_view *view, uint32_t number);

/*
 * Fills in the snapshot's sites, nodes and domains; modules and regions must be there already. Sites are sorted by stack,
 * domain and region, and no two have all equal. Returns 0, -ENOMEM or -EFBIG; the caller frees places->of_number in any case.
 */
int allotp_freeze_sites(struct allot_view *view, struct allot_snapshot *snapshot, struct allot_freeze_places *places);

/*
 * For sampled blocks: the sites' counts are numbers with a fraction (see ALLOT_FRACTION_BYTES), which become whole, and
 * the totals are their sums.
 */
void allotp_freeze_estimates(struct allot_snapshot *snapshot);

/* A total with a fraction, rounded. */
uint64_t allotp_freeze_rounded(const struct allot_header *header, uint64_t value, unsigned int fraction_bits);

/* The variances of a site's counts. */
struct allot_variances;
void allotp_freeze_variances(struct allot_view *view, uint64_t site, const struct allot_site_counters *counters,
			     struct allot_variances *variances);

/* What a look for leaks has left in the store, if there was one. Returns 0 or -ENOMEM. */
int allotp_freeze_leaks(struct allot_view *view, const struct allot_freeze_places *places,
			struct allot_snapshot *snapshot);

/* The objects that the program has told of, if it has. Returns 0 or -ENOMEM. */
int allotp_freeze_objects(struct allot_view *view, const struct allot_freeze_places *places,
			  struct allot_snapshot *snapshot);

/* The history of the sites, if there is one; the times of its points are stamps still. Returns 0 or -ENOMEM. */
int allotp_freeze_history(struct allot_view *view, const struct allot_freeze_places *places,
			  struct allot_snapshot *snapshot);

/* Fills in the snapshot's blocks: all that is live, mappings too. Returns 0 or -ENOMEM. */
int allotp_freeze_blocks(struct allot_view *view, const struct allot_freeze_places *places,
			 struct allot_snapshot *snapshot);

/* The store's nodes in the snapshot's numbers. */
struct allot_freeze_tree {
	uint32_t *renumbered; /* by the store's node; 0 for those that no site reaches */
	uint64_t count;       /* of the store's nodes */
	uint64_t reached;     /* how many of them are to be kept */
};

int allotp_freeze_tree_open(struct allot_freeze_tree *tree, const struct allot_view *view);
void allotp_freeze_tree_close(struct allot_freeze_tree *tree);

/* Marks a stack and all its callers to be kept; the stack must be below count. */
void allotp_freeze_tree_reach(struct allot_freeze_tree *tree, const struct allot_view *view, uint32_t stack);

/* Copies what is marked into the snapshot, equal nodes once, and fills in renumbered. Returns 0 or -ENOMEM. */
int allotp_freeze_tree_copy(struct allot_freeze_tree *tree, struct allot_view *view, struct allot_snapshot *snapshot);

#endif
