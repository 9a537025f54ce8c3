/* SPDX-License-Identifier: MIT */
/*
 * From a batch to the store, in two steps: all that the batch changes is written down, then done. Whoever takes over from
 * a drainer that died in the second step does it once more from the beginning.
 */
#include "store/journal.h"

#include <errno.h>
#include <string.h>

#include "snapshot/snapshot.h"
#include "store/cursor.h"
#include "store/live.h"
#include "store/ring.h"
#include "store/scoped.h"
#include "store/site.h"

static struct allot_journal *journal_of(const struct allot_store *store)
{
	return ALLOTP_AT(store, ALLOT_REGION_JOURNAL, struct allot_journal, 0);
}

/* How many of each part there are, and where in the journal they lie. */
struct parts {
	uint32_t slots, sites, records, blocks;
	bool sampled;
	uint64_t slots_at, sites_at, records_at, blocks_at, size;
};

static void find_parts(struct parts *parts)
{
	parts->slots_at = sizeof(struct allot_journal) +
			  (parts->sampled ? (uint64_t)parts->sites * sizeof(struct allot_store_variance) : 0);
	parts->sites_at = parts->slots_at + (uint64_t)parts->slots * sizeof(struct allot_journal_slot);
	parts->records_at = parts->sites_at + (uint64_t)parts->sites * sizeof(struct allot_journal_site);
	parts->blocks_at = parts->records_at + (uint64_t)parts->records * sizeof(struct allot_scoped);
	parts->size = parts->blocks_at + (uint64_t)parts->blocks * sizeof(struct allot_live_entry);
}

static void *part_at(const struct allot_store *store, uint64_t offset)
{
	return store->region[ALLOT_REGION_JOURNAL] + offset;
}

int allotp_journal_init(struct allot_store *store)
{
	return allotp_store_need(store, ALLOT_REGION_JOURNAL, sizeof(struct allot_journal));
}

void allotp_journal_limits(struct allot_batch *batch)
{
	const struct allot_store *store = batch->store;
	uint64_t each = sizeof(struct allot_journal_slot) + 2 * sizeof(struct allot_journal_site) +
			(store->header->sampling_bytes ? 2 * sizeof(struct allot_store_variance) : 0) +
			sizeof(struct allot_live_entry);
	/* Three quarters of the room are for events, the rest for records. */
	uint64_t room = store->region_size[ALLOT_REGION_JOURNAL] / 4, most = room * 3 / each;

	batch->limit = most > ALLOT_BATCH_EVENTS ? ALLOT_BATCH_EVENTS : (uint32_t)most + 1;
	most = room / sizeof(struct allot_scoped);
	batch->record_limit = ALLOT_BATCH_RECORDS - 4 * ALLOT_NESTING;
	if (most < batch->record_limit)
		batch->record_limit = most > 3 * ALLOT_NESTING ? (uint32_t)most - 3 * ALLOT_NESTING : 0;
}

/* ---- the second step ---- */

static void redo_site(struct allot_store *store, const struct allot_journal_site *from,
		      const struct allot_store_variance *variance)
{
	uint32_t number = __atomic_load_n(&from->site, __ATOMIC_RELAXED);
	struct allot_store_site *site = allotp_site_at(store, number);

	if (!site) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	/* The journal was sealed when there was room for them, if they are not all 0. */
	allotp_counters_split(&from->counters, &site->low, allotp_site_high_at(store, number));
	site->mismatched = from->mismatched;
	if (variance && allotp_store_has(store, ALLOT_REGION_VARIANCES, ((uint64_t)number + 1) * sizeof(*variance)))
		*allotp_variance(store, number) = *variance;
}

/* The slot of a number; NULL if the store has none. */
static struct allot_slot *slot_at(const struct allot_store *store, uint32_t number)
{
	if (number >= __atomic_load_n(&store->header->slot_count, __ATOMIC_RELAXED) ||
	    !allotp_store_has(store, ALLOT_REGION_SLOTS, ((uint64_t)number + 1) * sizeof(struct allot_slot)))
		return NULL;
	return allotp_slot(store, number);
}

static void redo_slot(struct allot_store *store, const struct allot_journal_slot *from)
{
	struct allot_slot *slot = slot_at(store, __atomic_load_n(&from->slot, __ATOMIC_RELAXED));

	if (!slot) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		return;
	}
	slot->last_alloc = from->last_alloc;
	for (int i = 0; i < 3; i++)
		slot->given_up[i] = from->given_up[i];
	slot->head = from->head;
	__atomic_store_n(&slot->consumed, from->consumed, __ATOMIC_RELEASE);
}

static int redo_block(struct allot_store *store, const struct allot_live_entry *entry)
{
	uint32_t place = 0;

	if (entry->site)
		return allotp_live_set(store, entry, &place);
	allotp_live_remove(store, entry->key, 0);
	return 0;
}

/* The same by whoever has sealed the journal, and knows more than stands there. */
static int do_block(struct allot_store *store, const struct allot_live_entry *entry, const struct allot_batch *batch,
		    struct allot_batch_block *block)
{
	bool stored = block->state & ALLOT_BLOCK_STORED;

	if (entry->site) {
		block->state = batch->round | ALLOT_BLOCK_LIVE | ALLOT_BLOCK_STORED;
		return stored ? allotp_live_set(store, entry, &block->place)
			      : allotp_live_add(store, entry, &block->place);
	}
	block->state = batch->round | ALLOT_BLOCK_ABSENT;
	allotp_live_remove(store, entry->key, block->place);
	return 0;
}

/* They lie far apart: their memory is asked for some blocks ahead. */
static void prefetch_blocks(const struct allot_store *store, const struct allot_live_entry *blocks, uint32_t count,
			    const struct allot_batch *batch, uint32_t i)
{
	enum { BLOCK_AHEAD = 32, DIRECTORY_AHEAD = 24, HOME_AHEAD = 16 };

	if (i + BLOCK_AHEAD >= count)
		return;
	if (batch)
		__builtin_prefetch(&batch->blocks[batch->changed[i + BLOCK_AHEAD]], 1);
	allotp_live_prefetch_directory(store, blocks[i + DIRECTORY_AHEAD].key);
	allotp_live_prefetch(store, blocks[i + HOME_AHEAD].key);
}

/* batch: the one that the journal was written from; NULL: somebody else's. False: there was no room for a block. */
static bool redo_blocks(struct allot_store *store, const struct allot_live_entry *blocks, uint32_t count,
			struct allot_batch *batch)
{
	bool far = allotp_live_is_far(store), room = true;

	for (uint32_t i = 0; i < count; i++) {
		if (far)
			prefetch_blocks(store, blocks, count, batch, i);
		if (batch ? do_block(store, &blocks[i], batch, &batch->blocks[batch->changed[i]])
			  : redo_block(store, &blocks[i]))
			room = false;
	}
	return room;
}

static bool redo(struct allot_store *store, const struct parts *parts, struct allot_batch *batch)
{
	const struct allot_store_variance *variances = part_at(store, sizeof(struct allot_journal));
	const struct allot_journal_slot *slots = part_at(store, parts->slots_at);
	const struct allot_journal_site *sites = part_at(store, parts->sites_at);
	const struct allot_scoped *records = part_at(store, parts->records_at);
	struct allot_journal *journal = journal_of(store);
	struct allot_header *header = store->header;
	bool room;

	for (uint32_t i = 0; i < parts->sites; i++)
		redo_site(store, &sites[i], parts->sampled ? &variances[i] : NULL);
	for (uint32_t i = 0; i < parts->records; i++)
		allotp_scoped_put(store, &records[i]);
	room = redo_blocks(store, part_at(store, parts->blocks_at), parts->blocks, batch);
	if (journal->turned)
		memcpy(header->applied, journal->applied, sizeof(header->applied));
	header->totals = journal->totals;
	header->mark_count = journal->mark_count;
	header->dropped_marks = journal->dropped_marks;
	if (journal->repeated)
		header->history = journal->history;
	for (uint32_t i = 0; i < parts->slots; i++)
		redo_slot(store, &slots[i]);
	header->mapping.active = 0;
	/* Producers look at it to see progress. */
	__atomic_store_n(&header->batch, journal->batch, __ATOMIC_RELAXED);
	allotp_store_fence();
	__atomic_store_n(&journal->sealed, 0, __ATOMIC_RELEASE);
	allotp_store_fence();
	return room;
}

/* The event that a slot is at; with *head, where it is to be found. NULL: it is not there. */
static const struct allot_event *event_at(struct allot_store *store, const struct allot_slot *slot, uint64_t number,
					  uint64_t *head)
{
	const struct allot_event *event;

	*head = slot->head ? slot->head : slot->first;
	event = allotp_ring_event(store, *head, number);
	if (event)
		return event;
	*head = allotp_ring_next(store, *head);
	return allotp_ring_event(store, *head, number);
}

/* An event that was changing the maps is given up: they may be cut already, and cutting them again would count it twice. */
static void give_up_mapping(struct allot_store *store)
{
	struct allot_header *header = store->header;
	struct allot_slot *slot = slot_at(store, __atomic_load_n(&header->mapping.slot, __ATOMIC_RELAXED));
	const struct allot_event *event = NULL;
	uint64_t head;

	if (slot && slot->consumed == header->mapping.number)
		event = event_at(store, slot, header->mapping.number, &head);
	if (event) {
		header->flags |= ALLOT_STORE_MAPS_UNCERTAIN;
		if (allotp_event_has_ticket(event))
			allotp_turn_pass(allotp_turn_of(header->applied, event), event->ticket + 1);
		slot->head = head;
		allotp_store_fence();
		allotp_store_lost(store, ALLOT_LOST_INTERRUPTED, 1);
		slot->consumed = header->mapping.number + 1;
	}
	allotp_batch_outdate(store);
	allotp_store_fence();
	header->mapping.active = 0;
}

bool allotp_journal_is_pending(const struct allot_store *store)
{
	return store->header->mapping.active || store->header->split.page ||
	       (allotp_store_has(store, ALLOT_REGION_JOURNAL, sizeof(struct allot_journal)) &&
		__atomic_load_n(&journal_of(store)->sealed, __ATOMIC_ACQUIRE));
}

void allotp_journal_recover(struct allot_store *store)
{
	struct allot_journal *journal = journal_of(store);

	if (!allotp_store_has(store, ALLOT_REGION_JOURNAL, sizeof(*journal)))
		return;
	if (__atomic_load_n(&journal->sealed, __ATOMIC_ACQUIRE)) {
		struct parts parts = {
			.slots = __atomic_load_n(&journal->slots, __ATOMIC_RELAXED),
			.sites = __atomic_load_n(&journal->sites, __ATOMIC_RELAXED),
			.records = __atomic_load_n(&journal->records, __ATOMIC_RELAXED),
			.blocks = __atomic_load_n(&journal->blocks, __ATOMIC_RELAXED),
			.sampled = __atomic_load_n(&journal->sampled, __ATOMIC_RELAXED) != 0,
		};

		find_parts(&parts);
		if (allotp_store_has(store, ALLOT_REGION_JOURNAL, parts.size)) {
			redo(store, &parts, NULL);
			return;
		}
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		journal->sealed = 0;
	}
	if (store->header->mapping.active)
		give_up_mapping(store);
}

/* ---- the first step ---- */

static void write_slots(const struct allot_batch *batch, struct allot_journal_slot *slots)
{
	for (uint32_t i = 0; i < batch->cursor_count; i++) {
		const struct allot_cursor *cursor = batch->cursors[i];

		slots[i] = (struct allot_journal_slot){
			.consumed = cursor->number,
			.head = cursor->head,
			.last_alloc = cursor->last_alloc,
			.given_up = { cursor->given_up[0], cursor->given_up[1], cursor->given_up[2] },
			.slot = cursor->slot,
		};
	}
}

/* Returns the highest number of a site whose counters need their high halves; 0: none does. */
static uint32_t write_sites(const struct allot_batch *batch, struct allot_journal_site *sites)
{
	uint32_t highest = 0;

	for (uint32_t i = 0; i < batch->site_count; i++) {
		const struct allot_batch_site *site = &batch->sites[i + 1];

		sites[i].counters = site->counters;
		sites[i].site = site->number;
		sites[i].mismatched = site->mismatched;
		if (__builtin_expect(allotp_counters_are_high(&site->counters), 0) && site->number > highest)
			highest = site->number;
	}
	return highest;
}

static void write_records(const struct allot_batch *batch, struct allot_scoped *records)
{
	for (uint32_t i = 0; i < batch->record_count; i++)
		records[i] = batch->records[i].scoped;
}

static void write_blocks(const struct allot_batch *batch, struct allot_live_entry *entries)
{
	for (uint32_t i = 0; i < batch->changed_count; i++) {
		const struct allot_batch_block *block = &batch->blocks[batch->changed[i]];

		entries[i] = (struct allot_live_entry){
			.key = block->key,
			.size = block->size,
			.site = block->state & ALLOT_BLOCK_LIVE ? block->site : 0,
			.slot_family = block->slot_family,
		};
	}
}

/* Without a journal nothing can be put into the store any more. The events are gone; what was there before is whole. */
static void drop(struct allot_batch *batch)
{
	struct allot_store *store = batch->store;

	allotp_store_lost(store, ALLOT_LOST_STORE_FULL, batch->events);
	if (!batch->dropping)
		allotp_batch_out_of_room(batch);
	for (uint32_t i = 0; i < batch->cursor_count; i++) {
		const struct allot_cursor *cursor = batch->cursors[i];
		struct allot_slot *slot = allotp_slot(store, cursor->slot);

		slot->head = cursor->head;
		__atomic_store_n(&slot->consumed, cursor->number, __ATOMIC_RELEASE);
	}
	memcpy(store->header->applied, batch->applied, sizeof(batch->applied));
	batch->turned = false;
	store->header->mapping.active = 0;
	batch->totals = store->header->totals;
	batch->history = store->header->history;
	batch->repeated = false;
	batch->number = ++store->header->batch;
}

void allotp_journal_write(struct allot_batch *batch)
{
	struct allot_store *store = batch->store;
	struct allot_journal *journal = journal_of(store);
	struct parts parts = {
		.slots = batch->cursor_count,
		.sites = batch->site_count,
		.records = batch->record_count,
		.blocks = batch->changed_count,
		.sampled = batch->sampled,
	};
	uint32_t highest;

	find_parts(&parts);
	if (allotp_store_need(store, ALLOT_REGION_JOURNAL, parts.size)) {
		drop(batch);
		return;
	}
	journal->slots = parts.slots;
	journal->sites = parts.sites;
	journal->records = parts.records;
	journal->blocks = parts.blocks;
	journal->sampled = parts.sampled;
	journal->mark_count = batch->mark_count;
	journal->dropped_marks = batch->dropped_marks;
	journal->repeated = batch->repeated;
	if (batch->repeated)
		journal->history = batch->history;
	batch->repeated = false;
	journal->batch = ++batch->number;
	journal->totals = batch->totals;
	journal->turned = batch->turned;
	if (batch->turned)
		memcpy(journal->applied, batch->applied, sizeof(journal->applied));
	batch->turned = false;
	if (parts.sampled)
		memcpy(part_at(store, sizeof(*journal)), &batch->variances[1],
		       parts.sites * sizeof(batch->variances[0]));
	write_slots(batch, part_at(store, parts.slots_at));
	highest = write_sites(batch, part_at(store, parts.sites_at));
	if (highest && allotp_site_need_highs(store, highest)) {
		drop(batch);
		return;
	}
	write_records(batch, part_at(store, parts.records_at));
	write_blocks(batch, part_at(store, parts.blocks_at));
	allotp_store_fence();
	__atomic_store_n(&journal->sealed, 1, __ATOMIC_RELEASE);
	allotp_store_fence();
	if (!redo(store, &parts, batch) && !batch->dropping)
		allotp_batch_out_of_room(batch);
}
