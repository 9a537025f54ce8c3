/* SPDX-License-Identifier: MIT */
/* What a program says to its tracer about single blocks: where one came from, and those of its own pools. */
#include <stdbool.h>
#include <stdint.h>

#include "preload/access.h"
#include "preload/api.h"
#include "preload/bootstrap.h"
#include "preload/domains.h"
#include "preload/export.h"
#include "preload/real.h"
#include "preload/record.h"
#include "preload/state.h"
#include "snapshot/snapshot.h"
#include "store/live.h"
#include "store/maps.h"
#include "store/scope.h"

enum { DOMAIN_MOST = UINT16_MAX };

/* The site of a block that is live; 0: there is no such block. */
static uint32_t site_of(struct allot_store *store, int domain, uint64_t address)
{
	const struct allot_live_entry *entry;
	const struct allot_map *map;

	if (domain == ALLOT_DOMAIN_MMAP) {
		map = allotp_maps_find(store, address);
		return map ? map->site : 0;
	}
	entry = allotp_live_find(store, allotp_live_key(address, (uint16_t)domain));
	return entry ? entry->site : 0;
}

static bool has_node(const struct allot_store *store, uint32_t node)
{
	return allotp_store_has(store, ALLOT_REGION_NODES, ((uint64_t)node + 1) * sizeof(struct allot_store_node));
}

/* A reader may have written to the sites: nothing is followed that is out of range. */
static int copy_frames(const struct allot_store *store, uint32_t site, void **frames, int capacity)
{
	uint32_t node;
	int count = 0;

	if (!allotp_store_has(store, ALLOT_REGION_SITES, ((uint64_t)site + 1) * sizeof(struct allot_store_site)))
		return 0;
	node = allotp_site(store, site)->stack;
	if (has_node(store, node))
		node = allotp_scope_stack(store, node);
	while (node >= ALLOT_NODE_FIRST && has_node(store, node)) {
		const struct allot_store_node *frame = allotp_node(store, node);

		if (!(frame->module_flags & ALLOT_NODE_SCOPE)) {
			if (count < capacity)
				frames[count] = (void *)(uintptr_t)frame->address;
			count++;
		}
		if (frame->parent >= node)
			break;
		node = frame->parent;
	}
	return count;
}

ALLOT_EXPORT int allot_get_domain_traceback(int domain, const void *pointer, void **frames, int capacity)
{
	struct allot_store *store = &allotp_state.store;
	uint64_t address = (uintptr_t)pointer;
	struct allot_access access;
	uint32_t site;
	int result = allotp_access_begin(&access);

	if (result)
		return result;
	site = domain < 0 || domain > DOMAIN_MOST || address > ALLOT_LOW48 ? 0 : site_of(store, domain, address);
	result = site ? copy_frames(store, site, frames, capacity) : -ENOENT;
	allotp_access_end(&access);
	return result;
}

ALLOT_EXPORT int allot_domain(const char *name)
{
	return allotp_domains_find(name);
}

/* The live table knows addresses of 48 bits, and events sizes of as many. */
static bool is_ours(int domain, const void *pointer)
{
	return domain > ALLOT_DOMAIN_MMAP && domain <= DOMAIN_MOST && (uintptr_t)pointer <= ALLOT_LOW48;
}

ALLOT_EXPORT int allot_track(int domain, const void *pointer, size_t size)
{
	const struct allot_walk_start caller = ALLOTP_WALK_START();

	if (!allotp_recording())
		return ALLOT_NOT_TRACING;
	if (!is_ours(domain, pointer) || size > ALLOT_LOW48)
		return -EINVAL;
	return allotp_record_track(pointer, size, (uint16_t)domain, ALLOT_FAMILY_ANY, &caller) ? 0 : -ENOMEM;
}

ALLOT_EXPORT int allot_untrack(int domain, const void *pointer)
{
	if (!allotp_recording())
		return ALLOT_NOT_TRACING;
	if (!is_ours(domain, pointer))
		return -EINVAL;
	return allotp_record_untrack(pointer, (uint16_t)domain) ? 0 : -ENOMEM;
}

/* Before the real functions are known, memory comes from elsewhere, and is nobody's. */
ALLOT_EXPORT void *allot_domain_calloc(int domain, size_t count, size_t size)
{
	const struct allot_walk_start caller = ALLOTP_WALK_START();
	void *block;

	if (!allotp_real_ready())
		return allotp_bootstrap_calloc(count, size);
	block = allotp_real.calloc(count, size);
	if (block && allotp_recording() && is_ours(domain, block))
		allotp_record_track(block, count * size, (uint16_t)domain, ALLOT_FAMILY_MALLOC, &caller);
	return block;
}

ALLOT_EXPORT void allot_domain_free(int domain, void *block)
{
	if (!block || allotp_bootstrap_owns(block))
		return;
	if (allotp_recording() && is_ours(domain, block))
		allotp_record_untrack(block, (uint16_t)domain);
	if (allotp_real_ready())
		allotp_real.free(block);
}
