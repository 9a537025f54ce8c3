/* SPDX-License-Identifier: MIT */
/*
 * What one event does. Before it changes anything, the old values go into the journal, so that whoever takes
 * over from a drainer that was killed can undo the event and apply it again.
 */
#include "store/apply.h"

#include <errno.h>

#include "snapshot/snapshot.h"
#include "store/live.h"
#include "store/maps.h"

static void fence(void)
{
	/* Only a kill needs to see this order, and a kill falls between two instructions. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void journal_open(struct allot_store *store, uint32_t number, uint64_t event, uint8_t op)
{
	struct allot_journal *journal = &store->header->journal;
	const struct allot_slot *slot = allotp_slot(store, number);

	journal->slot = number;
	journal->number = event;
	journal->site = 0;
	journal->removed.key = 0;
	journal->last_alloc = slot->last_alloc;
	for (int i = 0; i < 3; i++)
		journal->given_up[i] = slot->given_up[i];
	journal->totals = store->header->totals;
	fence();
	journal->active = op;
	fence();
}

static void journal_site(struct allot_store *store, uint32_t number)
{
	struct allot_journal *journal = &store->header->journal;

	journal->saved = *allotp_site(store, number);
	fence();
	journal->site = number;
	fence();
}

static void journal_removed(struct allot_store *store, const struct allot_live_entry *entry)
{
	struct allot_live_entry *removed = &store->header->journal.removed;

	removed->size = entry->size;
	removed->site = entry->site;
	removed->slot_family = entry->slot_family;
	fence();
	removed->key = entry->key;
	fence();
}

static void journal_close(struct allot_store *store)
{
	struct allot_slot *slot = allotp_slot(store, store->header->journal.slot);

	fence();
	__atomic_store_n(&slot->consumed, store->header->journal.number + 1, __ATOMIC_RELEASE);
	fence();
	store->header->journal.active = 0;
	fence();
}

void allotp_apply_recover(struct allot_store *store)
{
	struct allot_journal *journal = &store->header->journal;
	struct allot_slot *slot;

	if (!journal->active)
		return;
	if (journal->slot >= __atomic_load_n(&store->header->slot_count, __ATOMIC_RELAXED) ||
	    !allotp_store_has(store, ALLOT_REGION_SLOTS, ((uint64_t)journal->slot + 1) * sizeof(*slot))) {
		journal->active = 0;
		return;
	}
	slot = allotp_slot(store, journal->slot);
	if (journal->active == ALLOT_OP_MAP || journal->active == ALLOT_OP_UNMAP) {
		/* A map may be cut already, and cutting it again would count it twice. */
		store->header->flags |= ALLOT_STORE_MAPS_UNCERTAIN;
		allotp_store_lost(store, ALLOT_LOST_INTERRUPTED, 1);
		slot->consumed = journal->number + 1;
	} else if (slot->consumed <= journal->number) {
		store->header->totals = journal->totals;
		if (journal->site && allotp_store_has(store, ALLOT_REGION_SITES,
						      ((uint64_t)journal->site + 1) * sizeof(struct allot_store_site))) {
			uint32_t next = allotp_site(store, journal->site)->next;

			*allotp_site(store, journal->site) = journal->saved;
			allotp_site(store, journal->site)->next = next;
		}
		slot->last_alloc = journal->last_alloc;
		for (int i = 0; i < 3; i++)
			slot->given_up[i] = journal->given_up[i];
		if (journal->removed.key) {
			struct allot_live_entry replaced;

			allotp_live_insert(store, &journal->removed, &replaced);
			journal->removed.key = 0;
		}
	}
	journal->active = 0;
}

uint32_t allotp_site_of(struct allot_store *store, uint32_t stack, uint32_t domain)
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
	for (number = *first; number && number <= header->site_count; number = site->next) {
		if (!allotp_store_has(store, ALLOT_REGION_SITES, ((uint64_t)number + 1) * sizeof(*site)))
			break;
		site = allotp_site(store, number);
		if (site->domain == domain)
			return number;
		if (site->next >= number) /* older ones only: no way round in circles */
			break;
	}
	count = header->site_count + 1;
	if (count >= UINT32_MAX || allotp_store_need(store, ALLOT_REGION_SITES, (count + 1) * sizeof(*site)))
		return 0;
	site = allotp_site(store, count);
	*site = (struct allot_store_site){ .stack = stack, .domain = domain, .next = *first };
	/* Dying between the two loses an empty site. */
	header->site_count = count;
	fence();
	*first = (uint32_t)count;
	return (uint32_t)count;
}

/* A site keeps its value at the last peak when it first changes after it. */
static void remember_peak(const struct allot_totals *totals, struct allot_store_site *site)
{
	if (site->changed <= totals->peak_event) {
		site->peak_bytes = site->ever_bytes - site->freed_bytes;
		site->peak_blocks = site->ever_blocks - site->freed_blocks;
	}
	site->changed = totals->events;
}

void allotp_count_in(struct allot_store *store, struct allot_store_site *site, uint64_t bytes, uint64_t blocks,
		     uint64_t stamp)
{
	struct allot_totals *totals = &store->header->totals;
	uint64_t live;

	remember_peak(totals, site);
	site->ever_bytes += bytes;
	site->ever_blocks += blocks;
	totals->ever_bytes += bytes;
	totals->ever_blocks += blocks;
	live = totals->ever_bytes - totals->freed_bytes;
	if (live > totals->peak_bytes) {
		totals->peak_bytes = live;
		totals->peak_blocks = totals->ever_blocks - totals->freed_blocks;
		totals->peak_event = totals->events;
		totals->peak_stamp = stamp;
	}
}

void allotp_count_out(struct allot_store *store, struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	struct allot_totals *totals = &store->header->totals;

	remember_peak(totals, site);
	site->freed_bytes += bytes;
	site->freed_blocks += blocks;
	totals->freed_bytes += bytes;
	totals->freed_blocks += blocks;
}

/* The site of a live entry, or NULL in a damaged store. */
static struct allot_store_site *entry_site(struct allot_store *store, uint32_t number)
{
	if (number && number <= store->header->site_count &&
	    allotp_store_has(store, ALLOT_REGION_SITES, ((uint64_t)number + 1) * sizeof(struct allot_store_site)))
		return allotp_site(store, number);
	allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
	return NULL;
}

static void apply_alloc(struct allot_store *store, uint32_t number, const struct allot_event *event)
{
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_totals *totals = &store->header->totals;
	struct allot_live_entry entry = {
		.key = allotp_live_key(event->address, event->domain),
		.size = event->size,
		.site = allotp_site_of(store, event->stack, event->domain),
		.slot_family = number << 2 | (event->family & 3),
	};
	struct allot_live_entry replaced;

	if (!entry.site || allotp_live_insert(store, &entry, &replaced)) {
		allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
		return;
	}
	if (replaced.key) {
		struct allot_store_site *site = entry_site(store, replaced.site);

		totals->double_allocations++;
		if (site)
			allotp_count_out(store, site, replaced.size, 1);
	}
	journal_site(store, entry.site);
	allotp_count_in(store, allotp_site(store, entry.site), event->size, 1, event->stamp);
	slot->last_alloc = entry.key;
}

/* Takes a block out; *taken is its entry, key 0 if it is unknown. */
static struct allot_store_site *take(struct allot_store *store, const struct allot_event *event,
				     struct allot_live_entry *taken)
{
	struct allot_live_entry *entry = allotp_live_find(store, allotp_live_key(event->address, event->domain));
	struct allot_store_site *site;

	taken->key = 0;
	if (!entry) {
		store->header->totals.unknown_frees++;
		return NULL;
	}
	*taken = *entry;
	site = entry_site(store, taken->site);
	if (site)
		journal_site(store, taken->site);
	journal_removed(store, entry);
	allotp_live_remove(store, entry);
	if (site)
		allotp_count_out(store, site, taken->size, 1);
	return site;
}

static void apply_free(struct allot_store *store, uint32_t number, const struct allot_event *event)
{
	struct allot_totals *totals = &store->header->totals;
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_live_entry taken;
	struct allot_store_site *site = take(store, event, &taken);

	if (!site)
		return;
	if (slot->last_alloc == taken.key) {
		slot->last_alloc = 0;
		if (taken.slot_family >> 2 == number) {
			site->temporary_bytes += taken.size;
			site->temporary_blocks++;
			totals->temporary_bytes += taken.size;
			totals->temporary_blocks++;
		}
	}
	if (event->family != ALLOT_FAMILY_ANY && event->family != (taken.slot_family & 3)) {
		site->mismatched++;
		totals->mismatched++;
	}
}

static void apply_give_up(struct allot_store *store, uint32_t number, const struct allot_event *event)
{
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_live_entry taken;

	take(store, event, &taken);
	slot->given_up[0] = taken.key;
	slot->given_up[1] = taken.size;
	slot->given_up[2] = (uint64_t)taken.site << 32 | taken.slot_family;
	if (slot->last_alloc == taken.key)
		slot->last_alloc = 0;
}

static void apply_restore(struct allot_store *store, uint32_t number)
{
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_totals *totals = &store->header->totals;
	struct allot_live_entry replaced, entry = {
		.key = slot->given_up[0],
		.size = slot->given_up[1],
		.site = (uint32_t)(slot->given_up[2] >> 32),
		.slot_family = (uint32_t)slot->given_up[2],
	};
	struct allot_store_site *site;

	slot->given_up[0] = 0;
	if (!entry.key) {
		totals->unknown_frees--; /* it was not freed after all */
		return;
	}
	site = entry_site(store, entry.site);
	if (!site || allotp_live_insert(store, &entry, &replaced)) {
		allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
		return;
	}
	journal_site(store, entry.site);
	remember_peak(totals, site);
	site->freed_bytes -= entry.size;
	site->freed_blocks--;
	totals->freed_bytes -= entry.size;
	totals->freed_blocks--;
}

static void apply_mark(struct allot_store *store, uint32_t slot, const struct allot_event *event)
{
	struct allot_header *header = store->header;
	uint32_t count = header->mark_count;

	if (allotp_store_need(store, ALLOT_REGION_MARKS, ((uint64_t)count + 1) * sizeof(struct allot_store_mark))) {
		allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
		return;
	}
	*ALLOTP_AT(store, ALLOT_REGION_MARKS, struct allot_store_mark, count) = (struct allot_store_mark){
		.stamp = event->stamp,
		.live_bytes = header->totals.ever_bytes - header->totals.freed_bytes,
		.name = (uint32_t)event->address,
		.slot = slot,
	};
	header->mark_count = count + 1;
}

void allotp_apply(struct allot_store *store, uint32_t slot, uint64_t number, const struct allot_event *event)
{
	if (event->op == ALLOT_OP_NONE || event->op >= ALLOT_OPS) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		allotp_slot(store, slot)->consumed = number + 1;
		return;
	}
	journal_open(store, slot, number, event->op);
	store->header->totals.events++;
	switch (event->op) {
	case ALLOT_OP_ALLOC:
		apply_alloc(store, slot, event);
		break;
	case ALLOT_OP_FREE:
		apply_free(store, slot, event);
		break;
	case ALLOT_OP_GIVE_UP:
		apply_give_up(store, slot, event);
		break;
	case ALLOT_OP_RESTORE:
		apply_restore(store, slot);
		break;
	case ALLOT_OP_MAP:
		allotp_maps_add(store, slot, event);
		break;
	case ALLOT_OP_UNMAP:
		allotp_maps_remove(store, event->address, event->size);
		break;
	case ALLOT_OP_THREAD:
		allotp_slot(store, slot)->last_alloc = 0;
		break;
	case ALLOT_OP_MARK:
		apply_mark(store, slot, event);
		break;
	}
	journal_close(store);
}
