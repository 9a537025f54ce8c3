/* SPDX-License-Identifier: MIT */
/*
 * Which site a stack has in a domain: an open-addressing hash table of the sites' numbers. When it is three quarters full,
 * one of twice the size is made from the sites and takes its place.
 */
#include "store/site.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/sys.h"
#include "snapshot/snapshot.h"
#include "store/scoped.h"

enum { FIRST_BITS = 10, MAX_BITS = 30 };

/* The table of so many bits: they lie one behind the other, so that a new one can be made beside the old. */
static uint32_t *table_of(const struct allot_store *store, uint32_t bits)
{
	return (uint32_t *)(void *)store->region[ALLOT_REGION_SITE_INDEX] + (UINT64_C(1) << bits) - (1u << FIRST_BITS);
}

static uint64_t table_size(uint32_t bits)
{
	return sizeof(uint32_t) << bits;
}

/* Where it ends in its region. */
static uint64_t table_end(uint32_t bits)
{
	return 2 * table_size(bits) - table_size(FIRST_BITS);
}

/* Where the site is, or the empty place for it. NULL only in a table that somebody has damaged. */
static uint32_t *search(const struct allot_store *store, uint32_t bits, uint32_t stack, uint32_t domain)
{
	uint64_t hash = (stack | (uint64_t)domain << 32) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t mask = (UINT64_C(1) << bits) - 1, place = hash >> (64 - bits);
	uint32_t *table = table_of(store, bits);

	for (uint64_t i = 0; i <= mask; i++) {
		uint32_t *entry = &table[(place + i) & mask], number = __atomic_load_n(entry, __ATOMIC_RELAXED);
		const struct allot_store_site *site = allotp_site_at(store, number);

		if (!number || (site && site->stack == stack && site->domain == domain))
			return entry;
	}
	return NULL;
}

/* The table in use; 0: there is none, or somebody has damaged the store. */
static uint32_t current_bits(const struct allot_store *store)
{
	uint32_t bits = __atomic_load_n(&store->header->site_bits, __ATOMIC_RELAXED);

	if (bits < FIRST_BITS || bits > MAX_BITS || !allotp_store_has(store, ALLOT_REGION_SITE_INDEX, table_end(bits)))
		return 0;
	return bits;
}

/* Makes the next table, or the first. Dying in here loses nothing: it is made anew. */
static int grow(struct allot_store *store, uint32_t old)
{
	uint32_t bits = old ? old + 1 : FIRST_BITS;

	if (bits > MAX_BITS || allotp_store_need(store, ALLOT_REGION_SITE_INDEX, table_end(bits)))
		return -ENOSPC;
	memset(table_of(store, bits), 0, table_size(bits));
	/* The newest first: an older one of the same stack and domain is one that was lost. */
	for (uint64_t i = allotp_sites_end(store); i-- > 1;) {
		const struct allot_store_site *site = allotp_site(store, i);
		uint32_t *entry = search(store, bits, site->stack, site->domain);

		if (entry && !*entry)
			*entry = (uint32_t)i;
	}
	allotp_store_fence();
	store->header->site_bits = bits;
	allotp_store_fence();
	if (old && !store->quiet)
		allotp_sys_madvise(table_of(store, old), table_size(old), MADV_REMOVE);
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

int allotp_site_need_highs(struct allot_store *store, uint64_t number)
{
	return allotp_store_need_many(store, ALLOT_REGION_HIGHS, (number + 1) * sizeof(struct allot_site_halves));
}

uint32_t allotp_site_find(struct allot_store *store, uint32_t stack, uint32_t domain)
{
	struct allot_header *header = store->header;
	uint32_t bits = current_bits(store), *entry;
	struct allot_store_site *site;
	uint64_t count;

	if (stack >= __atomic_load_n(&header->node_count, __ATOMIC_RELAXED)) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		stack = ALLOT_NODE_NONE;
	}
	entry = bits ? search(store, bits, stack, domain) : NULL;
	if (entry && *entry)
		return *entry;
	count = header->site_count + 1;
	if (!has_room(store, count))
		return 0;
	if (!bits || count > (UINT64_C(3) << bits) / 4) {
		if (grow(store, bits))
			return 0;
		entry = search(store, current_bits(store), stack, domain);
	}
	if (!entry)
		return 0;
	site = allotp_site(store, count);
	*site = (struct allot_store_site){ .stack = stack, .domain = (uint16_t)domain };
	if (!allotp_scoped_begin(store, site, (uint32_t)count))
		return 0;
	/* Dying between the two loses an empty site. */
	header->site_count = count;
	allotp_store_fence();
	*entry = (uint32_t)count;
	return (uint32_t)count;
}
