/* SPDX-License-Identifier: MIT */
/* Which site a stack has in a domain. */
#include "store/site.h"

#include "snapshot/snapshot.h"
#include "store/scoped.h"

/* Those of one stack are a chain, the newest first. */
static uint32_t search(struct allot_store *store, uint32_t first, uint32_t domain)
{
	const struct allot_store_site *site;

	for (uint32_t number = first; (site = allotp_site_at(store, number));) {
		uint32_t next = __atomic_load_n(&site->next, __ATOMIC_RELAXED);

		if (site->domain == domain)
			return number;
		if (next >= number) /* older ones only: no way round in circles */
			break;
		number = next;
	}
	return 0;
}

/* Room for one more, whatever is recorded of it. */
static bool has_room(struct allot_store *store, uint64_t number)
{
	if (number >= UINT32_MAX ||
	    allotp_store_need(store, ALLOT_REGION_SITES, (number + 1) * sizeof(struct allot_store_site)))
		return false;
	return !store->header->sampling_bytes ||
	       !allotp_store_need(store, ALLOT_REGION_VARIANCES, (number + 1) * sizeof(struct allot_store_variance));
}

/* A reader commits no more at once: more may be damage. */
#define PIECE (UINT64_C(32) << 20)

int allotp_site_need_highs(struct allot_store *store, uint64_t number)
{
	uint64_t bytes = (number + 1) * sizeof(struct allot_site_halves), there;
	int result = 0;

	while (!result && (there = __atomic_load_n(&store->accessible[ALLOT_REGION_HIGHS], __ATOMIC_RELAXED)) < bytes)
		result = allotp_store_need(store, ALLOT_REGION_HIGHS, bytes - there > PIECE ? there + PIECE : bytes);
	return result;
}

uint32_t allotp_site_find(struct allot_store *store, uint32_t stack, uint32_t domain)
{
	struct allot_header *header = store->header;
	struct allot_store_site *site;
	uint32_t *first, number;
	uint64_t count;

	if (stack >= __atomic_load_n(&header->node_count, __ATOMIC_RELAXED)) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		stack = ALLOT_NODE_NONE;
	}
	if (allotp_store_need(store, ALLOT_REGION_NODE_SITE, ((uint64_t)stack + 1) * sizeof(uint32_t)))
		return 0;
	first = ALLOTP_AT(store, ALLOT_REGION_NODE_SITE, uint32_t, stack);
	number = search(store, *first, domain);
	if (number)
		return number;
	count = header->site_count + 1;
	if (!has_room(store, count))
		return 0;
	site = allotp_site(store, count);
	*site = (struct allot_store_site){ .stack = stack, .domain = (uint16_t)domain, .next = *first };
	if (!allotp_scoped_begin(store, site, (uint32_t)count))
		return 0;
	/* Dying between the two loses an empty site. */
	header->site_count = count;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*first = (uint32_t)count;
	return (uint32_t)count;
}
