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

/* One more than the highest number of a site that can be looked at. */
static inline uint64_t allotp_sites_end(const struct allot_store *store)
{
	return allotp_store_end(store, ALLOT_REGION_SITES, store->header->site_count, sizeof(struct allot_store_site));
}

/* The high halves of a site's counters; NULL: they are all 0. */
static inline struct allot_site_halves *allotp_site_high_at(const struct allot_store *store, uint64_t number)
{
	if (!allotp_store_has(store, ALLOT_REGION_HIGHS, (number + 1) * sizeof(struct allot_site_halves)))
		return NULL;
	return allotp_site_high(store, number);
}

/* The counters of a site that is there. */
static inline void allotp_site_counters(const struct allot_store *store, uint64_t number,
					struct allot_site_counters *counters)
{
	allotp_counters_join(counters, &allotp_site(store, number)->low, allotp_site_high_at(store, number));
}

/* Makes room for the high halves of all sites up to that number. 0 or a negative errno, as allotp_store_commit(). */
int allotp_site_need_highs(struct allot_store *store, uint64_t number);

/* The number of the site, which is made if need be: an empty one counts nothing. 0: the store is full. */
uint32_t allotp_site_find(struct allot_store *store, uint32_t stack, uint32_t domain);

#endif
