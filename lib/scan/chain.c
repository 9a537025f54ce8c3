/* SPDX-License-Identifier: MIT */
/* Why a block is still there: the pointers that lead to it from a root, into the store. */
#include "scan/chain.h"

#include <errno.h>
#include <string.h>

#include "scan/threads.h"
#include "snapshot/snapshot.h"

/* The pointer at an address, or, where there is none to be read, what is said instead. */
static uint64_t word_at(const struct allot_chains *chains, uint64_t address, uint64_t otherwise)
{
	const struct allot_mapping *mapping = allotp_mappings_find(&chains->roots->mappings, address);

	if (mapping && mapping->readable && !(address & 7))
		memcpy(&otherwise, (const void *)(uintptr_t)address, sizeof(otherwise));
	return otherwise;
}

static bool is_in(const struct allot_range *range, uint64_t address)
{
	return address >= range->start && address < range->end;
}

static bool is_inside(const struct allot_scan_block *block, uint64_t address)
{
	return address - block->address < (block->size ? block->size : 1);
}

static bool is_named(const struct allot_chains *chains, uint64_t address)
{
	for (size_t i = 0; i < chains->roots->more_count; i++) {
		if (is_in(&chains->roots->more[i], address))
			return true;
	}
	return false;
}

/* The block that has the pointer which the block was reached by; ALLOT_SCAN_NO_BLOCK: a root has it. */
static uint32_t holder_of(const struct allot_chains *chains, uint32_t number)
{
	const struct allot_scan *scan = chains->scan;
	uint64_t holder = scan->holders[number];
	uint32_t from;

	if (holder & ALLOT_SCAN_REGISTER || is_named(chains, holder))
		return ALLOT_SCAN_NO_BLOCK;
	from = allotp_scan_find(scan, holder);
	if (from == number || from == ALLOT_SCAN_NO_BLOCK)
		return ALLOT_SCAN_NO_BLOCK;
	return scan->blocks[from].flags & (ALLOT_SCAN_REACHED | ALLOT_SCAN_PERHAPS) ? from : ALLOT_SCAN_NO_BLOCK;
}

/* ---- roots ---- */

static const struct allot_held_thread *next_thread(const struct allot_roots *roots, uint64_t *at)
{
	const struct allot_held_thread *thread = (const void *)&roots->held[*at];

	if (*at >= roots->held_count)
		return NULL;
	*at += sizeof(*thread) / sizeof(uint64_t) + thread->words;
	return thread;
}

/* What was a thread's, and in no memory that is looked at: a register, or what it stands on. */
static void tell_thread(const struct allot_chains *chains, const struct allot_scan_block *block,
			struct allot_chain_link *link, uint64_t *word)
{
	const struct allot_held_thread *thread;
	uint64_t at = 0;

	while ((thread = next_thread(chains->roots, &at)) && (uint32_t)thread->tid != link->thread)
		;
	if (!thread)
		return;
	for (uint64_t i = 0; i < thread->words; i++) {
		*word = ((const uint64_t *)(thread + 1))[i];
		if (is_inside(block, *word))
			return;
	}
	*word = block->address;
	link->kind = is_inside(block, thread->sp) || is_inside(block, thread->thread_pointer) ? ALLOT_LINK_RUNS
											      : ALLOT_LINK_LOCALS;
}

/* Whether a word in memory is a thread's. */
static bool is_of_thread(const struct allot_chains *chains, struct allot_chain_link *link)
{
	const struct allot_roots *roots = chains->roots;
	const struct allot_held_thread *thread;
	uint64_t at = 0;

	while ((thread = next_thread(roots, &at))) {
		struct allot_range stack = allotp_threads_stack(&roots->mappings, thread, roots->pid);
		uint64_t place;
		uint32_t module;

		link->thread = (uint32_t)thread->tid;
		if (allotp_threads_local(&roots->mappings, thread, link->address, &module, &place)) {
			link->kind = module ? ALLOT_LINK_LOCAL : ALLOT_LINK_DESCRIPTOR;
			link->module = module;
			link->size = place;
			return true;
		}
		if (is_in(&stack, link->address)) {
			link->kind = ALLOT_LINK_STACK;
			return true;
		}
	}
	link->thread = 0;
	return false;
}

static uint32_t site_of_mapping(const struct allot_chains *chains, uint64_t address)
{
	for (uint64_t i = 0; i < chains->map_count; i++) {
		if (address - chains->maps[i].start < chains->maps[i].size)
			return chains->maps[i].site;
	}
	return 0;
}

/* The last link of a chain. *word: the pointer, as far as it can be told. */
static void tell_root(const struct allot_chains *chains, uint32_t number, struct allot_chain_link *link, uint64_t *word)
{
	const struct allot_scan_block *block = &chains->scan->blocks[number];
	uint64_t holder = chains->scan->holders[number];

	*link = (struct allot_chain_link){ .kind = ALLOT_LINK_REGISTER };
	*word = block->address;
	if (holder & ALLOT_SCAN_REGISTER) {
		link->thread = (uint32_t)holder;
		if (link->thread)
			tell_thread(chains, block, link, word);
		else
			link->kind = ALLOT_LINK_ENDED;
		return;
	}
	if (holder == block->address && block->flags & ALLOT_SCAN_CALLERS) {
		link->kind = ALLOT_LINK_IGNORED;
		return;
	}
	link->address = holder;
	*word = word_at(chains, holder, *word);
	if (is_named(chains, holder)) {
		link->kind = ALLOT_LINK_NAMED;
	} else if (!is_of_thread(chains, link)) {
		link->site = site_of_mapping(chains, holder);
		link->kind = !link->site && chains->module_of && chains->module_of((uintptr_t)holder)
				     ? ALLOT_LINK_DATA
				     : ALLOT_LINK_MAPPING;
	}
}

/* ---- chains ---- */

static struct allot_chain_link *link_at(const struct allot_chains *chains, uint64_t i)
{
	return ALLOTP_AT(chains->store, ALLOT_REGION_LINKS, struct allot_chain_link, i);
}

static int add(struct allot_chains *chains, uint64_t *count, const struct allot_chain_link *link)
{
	int result = allotp_store_need(chains->store, ALLOT_REGION_LINKS, (*count + 1) * sizeof(*link));

	if (!result)
		*link_at(chains, (*count)++) = *link;
	return result;
}

/* How many blocks lead to a block, with itself; 0: there is no end of them. */
static uint64_t length_of(const struct allot_chains *chains, uint32_t number)
{
	uint64_t length = 0;

	for (; number != ALLOT_SCAN_NO_BLOCK; number = holder_of(chains, number)) {
		if (length++ > chains->scan->count)
			return 0;
	}
	return length;
}

static struct allot_chain_link link_of(const struct allot_chains *chains, uint32_t number, uint32_t to)
{
	const struct allot_scan_block *block = &chains->scan->blocks[number];
	struct allot_chain_link link = {
		.kind = ALLOT_LINK_BLOCK,
		.address = block->address,
		.size = block->size,
		.site = block->site,
		.leak_class = (uint8_t)allotp_scan_class(chains->scan, number),
	};

	if (to != ALLOT_SCAN_NO_BLOCK)
		link.offset = chains->scan->holders[to] - block->address;
	return link;
}

static uint64_t inside_of(const struct allot_scan_block *block, uint64_t word)
{
	return is_inside(block, word) ? word - block->address : 0;
}

static int tell_links(struct allot_chains *chains, uint32_t number, uint64_t length, uint64_t *count)
{
	uint32_t to = ALLOT_SCAN_NO_BLOCK;
	int result = 0;

	for (uint64_t i = 0; !result && i < length; i++) {
		uint32_t from = holder_of(chains, number);
		struct allot_chain_link link = link_of(chains, number, to), root;
		uint64_t word;

		if (from == ALLOT_SCAN_NO_BLOCK)
			tell_root(chains, number, &root, &word);
		else
			word = word_at(chains, chains->scan->holders[number], link.address);
		link.inside = inside_of(&chains->scan->blocks[number], word);
		if (i < ALLOT_CHAIN_END || i >= length - ALLOT_CHAIN_END)
			result = add(chains, count, &link);
		else if (i == ALLOT_CHAIN_END)
			result = add(chains, count,
				     &(struct allot_chain_link){ .kind = ALLOT_LINK_LEFT_OUT,
								 .size = length - 2 * ALLOT_CHAIN_END });
		if (!result && from == ALLOT_SCAN_NO_BLOCK)
			result = add(chains, count, &root);
		to = number;
		number = from;
	}
	return result;
}

/* All of a chain, or nothing. */
static int tell_chain(struct allot_chains *chains, uint32_t number)
{
	struct allot_leak_look *leaks = &chains->store->header->leaks;
	uint64_t count = leaks->link_count, length = length_of(chains, number);
	int result = length ? tell_links(chains, number, length, &count) : 0;

	if (!result && count < UINT32_MAX)
		leaks->link_count = count;
	return result;
}

int allotp_chains_tell(struct allot_chains *chains, uint64_t why)
{
	const struct allot_scan *scan = chains->scan;
	uint64_t sites = chains->store->header->site_count + 1;
	uint32_t asked = why ? allotp_scan_find(scan, why) : ALLOT_SCAN_NO_BLOCK;
	uint8_t *told = allotp_scan_map(sites); /* by site: 1 << class */

	if (!told)
		return -ENOMEM;
	/* Who is asked for is first: there is room for one. */
	if (asked != ALLOT_SCAN_NO_BLOCK && scan->holders[asked])
		tell_chain(chains, asked);
	for (uint32_t i = 0; i < scan->reached + scan->possible; i++) {
		uint32_t number = scan->queue[i], site = scan->blocks[number].site;
		uint8_t bit = (uint8_t)(1u << allotp_scan_class(scan, number));

		if (site >= sites || told[site] & bit)
			continue;
		told[site] |= bit;
		if (tell_chain(chains, number))
			break;
	}
	allotp_scan_unmap(told, sites);
	return 0;
}
