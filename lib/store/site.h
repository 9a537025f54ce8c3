/* SPDX-License-Identifier: MIT */
/* Which site a stack has in a domain. For the drainer only. */
#ifndef ALLOT_STORE_SITE_H
#define ALLOT_STORE_SITE_H

#include "store/store.h"

/* The site of a number; NULL if the store has none. */
static inline struct allot_store_site *allotp_site_at(const struct allot_store *store, uint32_t number)
{
	if (!number || number > store->header->site_count ||
	    !allotp_store_has(store, ALLOT_REGION_SITES, ((uint64_t)number + 1) * sizeof(struct allot_store_site)))
		return NULL;
	return allotp_site(store, number);
}

/* The number of the site, which is made if need be: an empty one counts nothing. 0: the store is full. */
uint32_t allotp_site_find(struct allot_store *store, uint32_t stack, uint32_t domain);

#endif
