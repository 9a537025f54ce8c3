/* SPDX-License-Identifier: MIT */
/*
 * What one event does. Before it changes anything, the old values go into the journal, so that whoever takes
 * over from a drainer that was killed can undo the event and apply it again.
 */
#include "store/apply.h"

#include <errno.h>

#include "snapshot/snapshot.h"
#include "store/count.h"
#include "store/live.h"
#include "store/maps.h"
#include "store/ring.h"
#include "store/scoped.h"

static void fence(void)
{
	/* Only a kill needs to see this order, and a kill falls between two instructions. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void journal_open(struct allot_store *store, bool sampled, uint32_t number, uint64_t event, uint8_t op)
{
	struct allot_journal *journal = &store->header->journal;
	const struct allot_slot *slot = allotp_slot(store, number);

	journal->slot = number;
	journal->number = event;
	journal->site = 0;
	journal->replaced_site = 0;
	journal->removed.key = 0;
	journal->fresh = 0;
	journal->mark_count = store->header->mark_count;
	journal->dropped_marks = store->header->dropped_marks;
	journal->last_alloc = slot->last_alloc;
	journal->tallies = store->header->totals.tallies;
	if (sampled)
		journal->samples = store->header->totals.samples;
	if (op == ALLOT_OP_GIVE_UP || op == ALLOT_OP_RESTORE) {
		for (int i = 0; i < 3; i++)
			journal->given_up[i] = slot->given_up[i];
	}
	fence();
	journal->active = op;
	fence();
}

static bool has_variance(const struct allot_store *store, uint32_t site)
{
	return allotp_store_has(store, ALLOT_REGION_VARIANCES,
				((uint64_t)site + 1) * sizeof(struct allot_store_variance));
}

static inline void journal_site(struct allot_store *store, bool sampled, uint32_t number)
{
	struct allot_journal *journal = &store->header->journal;
	const struct allot_store_site *site = allotp_site(store, number);

	journal->counters = site->counters;
	journal->mismatched = site->mismatched;
	if (sampled && has_variance(store, number))
		journal->variance = *allotp_variance(store, number);
	fence();
	journal->site = number;
	fence();
}

static void journal_replaced_site(struct allot_store *store, uint32_t number)
{
	struct allot_journal *journal = &store->header->journal;

	journal->replaced_counters = allotp_site(store, number)->counters;
	if (allotp_is_sampled(store) && has_variance(store, number))
		journal->replaced_variance = *allotp_variance(store, number);
	fence();
	journal->replaced_site = number;
	fence();
}

/* Passes the turn in the event's bucket on. Never back: an event that others did not wait for may come late. */
static inline void pass_turn(struct allot_header *header, const struct allot_event *event)
{
	uint32_t *turn, next = allotp_event_ticket(event) + 1;

	if (event->op >= ALLOT_OP_THREAD)
		return;
	turn = &header->applied[allotp_event_bucket(event->address, event->op)];
	if ((int32_t)(next - *turn) > 0)
		*turn = next;
}

/* The slot's events before number `next` are applied; the last one's bucket has its turn. */
static inline void journal_close(struct allot_store *store, uint32_t slot, uint64_t next,
				 const struct allot_event *last)
{
	pass_turn(store->header, last);
	fence();
	__atomic_store_n(&allotp_slot(store, slot)->consumed, next, __ATOMIC_RELEASE);
	fence();
	store->header->journal.active = 0;
	fence();
}

/* All totals but the peak and the tallies are sums over the sites. */
static void sum_up(struct allot_store *store)
{
	struct allot_totals *totals = &store->header->totals;

	totals->ever_bytes = totals->ever_blocks = 0;
	totals->freed_bytes = totals->freed_blocks = 0;
	totals->temporary_bytes = totals->temporary_blocks = 0;
	for (uint64_t i = 1; i <= store->header->site_count; i++) {
		const struct allot_site_counters *counters;

		if (!allotp_store_has(store, ALLOT_REGION_SITES, (i + 1) * sizeof(struct allot_store_site)))
			break;
		counters = &allotp_site(store, i)->counters;
		totals->ever_bytes += counters->ever_bytes;
		totals->ever_blocks += counters->ever_blocks;
		totals->freed_bytes += counters->freed_bytes;
		totals->freed_blocks += counters->freed_blocks;
		totals->temporary_bytes += counters->temporary_bytes;
		totals->temporary_blocks += counters->temporary_blocks;
	}
	allotp_scoped_sum_up(store);
}

/* The turn was passed on, and the event is going to be applied again: others in its bucket must wait for that. */
static void take_turn_back(struct allot_header *header, const struct allot_event *event)
{
	uint32_t *turn, ticket = allotp_event_ticket(event);

	if (event->op >= ALLOT_OP_THREAD)
		return;
	turn = &header->applied[allotp_event_bucket(event->address, event->op)];
	/* By one, or by two if its own free was applied with it. */
	if (*turn - ticket <= 2)
		*turn = ticket;
}

static bool has_site(const struct allot_store *store, uint32_t number)
{
	return number &&
	       allotp_store_has(store, ALLOT_REGION_SITES, ((uint64_t)number + 1) * sizeof(struct allot_store_site));
}

static void undo(struct allot_store *store, struct allot_slot *slot, const struct allot_event *event)
{
	struct allot_journal *journal = &store->header->journal;
	uint32_t site = __atomic_load_n(&journal->site, __ATOMIC_RELAXED);
	uint32_t replaced_site = __atomic_load_n(&journal->replaced_site, __ATOMIC_RELAXED);

	store->header->mark_count = journal->mark_count;
	store->header->dropped_marks = journal->dropped_marks;
	allotp_scoped_undo(store);
	store->header->totals.tallies = journal->tallies;
	if (allotp_is_sampled(store))
		store->header->totals.samples = journal->samples;
	slot->last_alloc = journal->last_alloc;
	if (journal->active == ALLOT_OP_GIVE_UP || journal->active == ALLOT_OP_RESTORE) {
		for (int i = 0; i < 3; i++)
			slot->given_up[i] = journal->given_up[i];
	}
	if (has_site(store, site)) {
		allotp_site(store, site)->counters = journal->counters;
		allotp_site(store, site)->mismatched = journal->mismatched;
		if (allotp_is_sampled(store) && has_variance(store, site))
			*allotp_variance(store, site) = journal->variance;
	}
	if (has_site(store, replaced_site)) {
		allotp_site(store, replaced_site)->counters = journal->replaced_counters;
		if (allotp_is_sampled(store) && has_variance(store, replaced_site))
			*allotp_variance(store, replaced_site) = journal->replaced_variance;
	}
	allotp_live_put_back(store);
	if (journal->active == ALLOT_OP_TRACK && journal->fresh)
		allotp_live_drop(store, allotp_live_key(allotp_event_address(event), event->domain));
}

void allotp_apply_recover(struct allot_store *store)
{
	struct allot_journal *journal = &store->header->journal;
	uint32_t number = __atomic_load_n(&journal->slot, __ATOMIC_RELAXED);
	const struct allot_event *event;
	struct allot_slot *slot;

	if (!journal->active)
		return;
	if (number >= __atomic_load_n(&store->header->slot_count, __ATOMIC_RELAXED) ||
	    !allotp_store_has(store, ALLOT_REGION_SLOTS, ((uint64_t)number + 1) * sizeof(*slot))) {
		journal->active = 0;
		return;
	}
	slot = allotp_slot(store, number);
	event = allotp_slot_event(store, slot, journal->number);
	if (slot->consumed > journal->number || !event) {
		/* It was done, or nobody knows what it was. */
	} else if (journal->active == ALLOT_OP_MAP || journal->active == ALLOT_OP_UNMAP) {
		/* A map may be cut already, and cutting it again would count it twice. */
		store->header->flags |= ALLOT_STORE_MAPS_UNCERTAIN;
		allotp_store_lost(store, ALLOT_LOST_INTERRUPTED, 1);
		pass_turn(store->header, event);
		slot->consumed = journal->number + 1;
	} else {
		undo(store, slot, event);
		take_turn_back(store->header, event);
	}
	sum_up(store);
	journal->active = 0;
}

/* The producers see it when they have filled a segment, and stop. */
static void out_of_room(struct allot_store *store)
{
	allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
	__atomic_store_n(&store->header->dropping, ALLOT_DROPPING_FULL, __ATOMIC_RELAXED);
	__atomic_store_n(&store->header->stopped, 1, __ATOMIC_RELAXED);
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
	if (allotp_is_sampled(store) &&
	    allotp_store_need(store, ALLOT_REGION_VARIANCES, (count + 1) * sizeof(struct allot_store_variance)))
		return 0;
	site = allotp_site(store, count);
	*site = (struct allot_store_site){ .stack = stack, .domain = (uint16_t)domain, .next = *first };
	if (!allotp_scoped_begin(store, site, (uint32_t)count))
		return 0;
	/* Dying between the two loses an empty site. */
	header->site_count = count;
	fence();
	*first = (uint32_t)count;
	return (uint32_t)count;
}

/* What is recorded whole counts for itself, but with the same fraction as what is sampled. */
static inline uint64_t whole_bytes(const struct allot_store *store, uint64_t bytes)
{
	return allotp_is_sampled(store) ? bytes << ALLOT_FRACTION_BYTES : bytes;
}

static inline uint64_t whole_blocks(const struct allot_store *store, uint64_t blocks)
{
	return allotp_is_sampled(store) ? blocks << ALLOT_FRACTION_BLOCKS : blocks;
}

void allotp_count_in(struct allot_store *store, struct allot_store_site *site, uint64_t bytes, uint64_t blocks,
		     uint64_t stamp)
{
	bytes = whole_bytes(store, bytes);
	blocks = whole_blocks(store, blocks);
	allotp_add_in(&store->header->totals, &site->counters, bytes, blocks, stamp);
	if (site->scoped)
		allotp_scoped_in(store, site, bytes, blocks);
}

void allotp_count_out(struct allot_store *store, struct allot_store_site *site, uint64_t bytes, uint64_t blocks)
{
	bytes = whole_bytes(store, bytes);
	blocks = whole_blocks(store, blocks);
	allotp_add_out(&store->header->totals, &site->counters, bytes, blocks);
	if (site->scoped)
		allotp_scoped_out(store, site, bytes, blocks);
}

static void count_temporary(struct allot_store *store, struct allot_store_site *site, uint64_t bytes)
{
	bytes = whole_bytes(store, bytes);
	allotp_add_temporary(&store->header->totals, &site->counters, bytes, whole_blocks(store, 1));
	if (site->scoped)
		allotp_scoped_temporary(store, site, bytes, whole_blocks(store, 1));
}

static inline void count_mismatch(struct allot_totals *totals, struct allot_store_site *site, uint8_t family,
				  uint8_t free_family)
{
	if (free_family == ALLOT_FAMILY_ANY || free_family == family)
		return;
	site->mismatched++;
	totals->tallies.mismatched++;
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

/* A block at an address that was thought to be in use: its free was not seen. */
static void count_replaced(struct allot_store *store, const struct allot_live_entry *replaced)
{
	struct allot_store_site *site = entry_site(store, replaced->site);

	store->header->totals.tallies.double_allocations++;
	if (!site)
		return;
	journal_replaced_site(store, replaced->site);
	allotp_block_out(store, allotp_is_sampled(store), replaced->site, replaced->size);
}

static void apply_alloc(struct allot_store *store, uint32_t number, const struct allot_event *event)
{
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_live_entry entry = {
		.key = allotp_live_key(allotp_event_address(event), event->domain),
		.size = allotp_event_size(event),
		.site = allotp_site_of(store, event->stack, event->domain),
		.slot_family = number << 2 | (event->family & 3),
	};
	struct allot_live_entry replaced;

	if (!entry.site || allotp_live_insert(store, &entry, &replaced)) {
		out_of_room(store);
		return;
	}
	journal_site(store, allotp_is_sampled(store), entry.site);
	if (replaced.key)
		count_replaced(store, &replaced);
	allotp_block_in(store, allotp_is_sampled(store), entry.site, entry.size, event->stamp);
	slot->last_alloc = entry.key;
}

/* Takes a block out; *taken is its entry, key 0 if it is unknown. */
static struct allot_store_site *take(struct allot_store *store, const struct allot_event *event,
				     struct allot_live_entry *taken)
{
	struct allot_live_entry *entry =
		allotp_live_find(store, allotp_live_key(allotp_event_address(event), event->domain));
	struct allot_store_site *site;

	taken->key = 0;
	if (!entry) {
		store->header->totals.tallies.unknown_frees++;
		return NULL;
	}
	*taken = *entry;
	site = entry_site(store, taken->site);
	if (site)
		journal_site(store, allotp_is_sampled(store), taken->site);
	allotp_live_remove(store, entry);
	if (site)
		allotp_block_out(store, allotp_is_sampled(store), taken->site, taken->size);
	return site;
}

/*
 * A block is temporary if its thread allocated nothing between allocating and freeing it. What was allocated and not
 * sampled is known to the thread alone.
 */
static inline bool is_temporary(bool sampled, const struct allot_event *event)
{
	return !sampled || allotp_event_size(event);
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
		if (taken.slot_family >> 2 == number && is_temporary(allotp_is_sampled(store), event))
			allotp_block_temporary(store, allotp_is_sampled(store), taken.site, taken.size);
	}
	count_mismatch(totals, site, taken.slot_family & 3, event->family);
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
		if (totals->tallies.unknown_frees) /* it was not freed after all; but all may be forgotten by now */
			totals->tallies.unknown_frees--;
		return;
	}
	site = entry_site(store, entry.site);
	if (!site || allotp_live_insert(store, &entry, &replaced)) {
		out_of_room(store);
		return;
	}
	journal_site(store, allotp_is_sampled(store), entry.site);
	if (replaced.key)
		count_replaced(store, &replaced);
	allotp_block_back(store, allotp_is_sampled(store), entry.site, entry.size);
}

/* The block that is there already goes, quietly: that is what the program wants. */
static void apply_track(struct allot_store *store, uint32_t number, const struct allot_event *event)
{
	struct allot_live_entry replaced = { 0 }, entry = {
		.key = allotp_live_key(allotp_event_address(event), event->domain),
		.size = allotp_event_size(event),
		.site = allotp_site_of(store, event->stack, event->domain),
		.slot_family = number << 2 | ALLOT_FAMILY_ANY,
	};
	struct allot_live_entry *known = entry.site ? allotp_live_find(store, entry.key) : NULL;
	struct allot_store_site *site;

	if (known) {
		replaced = *known;
		allotp_live_overwrite(store, known, &entry);
	} else {
		store->header->journal.fresh = 1;
		fence();
		if (!entry.site || allotp_live_insert(store, &entry, &replaced)) {
			out_of_room(store);
			return;
		}
	}
	journal_site(store, allotp_is_sampled(store), entry.site);
	if (known) {
		site = entry_site(store, replaced.site);
		if (site) {
			journal_replaced_site(store, replaced.site);
			allotp_count_out(store, site, replaced.size, 1);
		}
	} else if (replaced.key) {
		count_replaced(store, &replaced); /* another block, which this one has driven out */
	}
	allotp_count_in(store, allotp_site(store, entry.site), entry.size, 1, event->stamp);
	allotp_slot(store, number)->last_alloc = entry.key;
}

static void apply_untrack(struct allot_store *store, uint32_t number, const struct allot_event *event)
{
	struct allot_live_entry taken, *entry =
		allotp_live_find(store, allotp_live_key(allotp_event_address(event), event->domain));
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_store_site *site;

	if (!entry)
		return;
	taken = *entry;
	site = entry_site(store, taken.site);
	if (site)
		journal_site(store, allotp_is_sampled(store), taken.site);
	allotp_live_remove(store, entry);
	if (!site)
		return;
	allotp_count_out(store, site, taken.size, 1);
	if (slot->last_alloc != taken.key)
		return;
	slot->last_alloc = 0;
	if (taken.slot_family >> 2 == number)
		count_temporary(store, site, taken.size);
}

static void apply_mark(struct allot_store *store, uint32_t slot, const struct allot_event *event)
{
	struct allot_header *header = store->header;
	uint32_t count = header->mark_count;

	/* That one is missing spoils no counter. */
	if (count >= ALLOT_MARKS ||
	    allotp_store_need(store, ALLOT_REGION_MARKS, ((uint64_t)count + 1) * sizeof(struct allot_store_mark))) {
		header->dropped_marks++;
		return;
	}
	*ALLOTP_AT(store, ALLOT_REGION_MARKS, struct allot_store_mark, count) = (struct allot_store_mark){
		.stamp = event->stamp,
		.live_bytes = header->totals.ever_bytes - header->totals.freed_bytes,
		.name = (uint32_t)allotp_event_address(event),
		.slot = slot,
	};
	header->mark_count = count + 1;
}

/* One more event. How many allocations and frees there were is a sum over the sites, unless it is estimated. */
static inline void tally(struct allot_totals *totals, bool sampled, uint8_t op)
{
	/* Producers that wait for a segment look at it, too, to see that the drain goes on. */
	__atomic_store_n(&totals->tallies.events, totals->tallies.events + 1, __ATOMIC_RELAXED);
	if (!sampled)
		return;
	if (op == ALLOT_OP_ALLOC || op == ALLOT_OP_MAP || op == ALLOT_OP_TRACK)
		totals->samples.allocated++;
	else if (op == ALLOT_OP_FREE || op == ALLOT_OP_GIVE_UP || op == ALLOT_OP_UNMAP || op == ALLOT_OP_UNTRACK)
		totals->samples.freed++;
	else if (op == ALLOT_OP_RESTORE)
		totals->samples.freed--;
}

/* Inlined twice, since this is what is done most. */
static inline __attribute__((always_inline)) bool apply_pair(struct allot_store *store, bool sampled, uint32_t number,
							     uint64_t first, const struct allot_event *event)
{
	struct allot_totals *totals = &store->header->totals;
	uint32_t site_number = allotp_site_of(store, event->stack, event->domain);
	uint64_t size = allotp_event_size(event);
	struct allot_slot *slot = allotp_slot(store, number);
	struct allot_store_site *site;

	if (!site_number || store->header->dropping)
		return false;
	/* An allocator whose calloc calls its own malloc by name: the block is there already. */
	if (slot->last_alloc == allotp_live_key(allotp_event_address(event), event->domain))
		return false;
	site = allotp_site(store, site_number);
	journal_open(store, sampled, number, first, ALLOT_OP_ALLOC);
	journal_site(store, sampled, site_number);
	tally(totals, sampled, ALLOT_OP_ALLOC);
	allotp_block_in(store, sampled, site_number, size, event->stamp);
	tally(totals, sampled, ALLOT_OP_FREE);
	allotp_block_out(store, sampled, site_number, size);
	if (is_temporary(sampled, &event[1]))
		allotp_block_temporary(store, sampled, site_number, size);
	count_mismatch(totals, site, event[0].family, event[1].family);
	slot->last_alloc = 0;
	journal_close(store, number, first + 2, &event[1]);
	return true;
}

bool allotp_apply_pair(struct allot_store *store, uint32_t number, uint64_t first, const struct allot_event *event)
{
	return allotp_is_sampled(store) ? apply_pair(store, true, number, first, event)
					: apply_pair(store, false, number, first, event);
}

static void apply_one(struct allot_store *store, uint32_t slot, const struct allot_event *event)
{
	tally(&store->header->totals, allotp_is_sampled(store), event->op);
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
		allotp_maps_remove(store, allotp_event_address(event), allotp_event_size(event));
		break;
	case ALLOT_OP_TRACK:
		apply_track(store, slot, event);
		break;
	case ALLOT_OP_UNTRACK:
		apply_untrack(store, slot, event);
		break;
	case ALLOT_OP_THREAD:
		allotp_slot(store, slot)->last_alloc = 0;
		break;
	case ALLOT_OP_MARK:
		apply_mark(store, slot, event);
		break;
	case ALLOT_OP_BUDGET:
		allotp_scoped_budget(store, allotp_event_address(event));
		break;
	}
}

void allotp_apply(struct allot_store *store, uint32_t slot, uint64_t number, const struct allot_event *event)
{
	if (event->op == ALLOT_OP_NONE || event->op >= ALLOT_OPS) {
		allotp_store_lost(store, ALLOT_LOST_CORRUPT, 1);
		allotp_slot(store, slot)->consumed = number + 1;
		return;
	}
	journal_open(store, allotp_is_sampled(store), slot, number, event->op);
	if (!store->header->dropping)
		apply_one(store, slot, event);
	else if (store->header->dropping == ALLOT_DROPPING_FULL)
		allotp_store_lost(store, ALLOT_LOST_STORE_FULL, 1);
	journal_close(store, slot, number + 1, event);
}
