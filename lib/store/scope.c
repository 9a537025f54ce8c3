/* SPDX-License-Identifier: MIT */
/* Names and scopes, found by chains of equal hashes; budgets, found in a chain of their thread's. */
#include "store/scope.h"

#include <string.h>

#include "store/tree.h"

static uint32_t hash_text(const char *text, size_t size)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash;
}

/* A number for a new item of a region, made accessible; 0: there is no room. */
static uint32_t new_number(struct allot_store *store, enum allot_region_id region, uint64_t *count, uint64_t size)
{
	uint64_t number = __atomic_load_n(count, __ATOMIC_RELAXED) + 1;

	/* Asked first, so that the count does not run away where there is no room. */
	if (number >= allotp_capacity(store, region, size) - 1)
		return 0;
	number = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	if (number >= UINT32_MAX || allotp_store_need(store, region, (number + 1) * size))
		return 0;
	return (uint32_t)number;
}

/* ---- names ---- */

static struct allot_store_name *name_at(const struct allot_store *store, uint32_t number)
{
	return ALLOTP_AT(store, ALLOT_REGION_NAMES, struct allot_store_name, number);
}

static const char *text_of(const struct allot_store *store, const struct allot_store_name *name)
{
	return (const char *)store->region[ALLOT_REGION_STRINGS] + name->text;
}

/* The name in the chain that begins with `first`, up to `end`, which was looked at before. */
static uint32_t find_name(const struct allot_store *store, uint32_t first, uint32_t end, uint32_t hash,
			  const char *text, size_t size)
{
	for (uint32_t i = first; i != end; i = name_at(store, i)->next) {
		const struct allot_store_name *name = name_at(store, i);

		if (name->hash == hash && name->size == size && !memcmp(text_of(store, name), text, size))
			return i;
	}
	return 0;
}

uint32_t allotp_name_of(struct allot_store *store, const char *text)
{
	size_t size = strnlen(text, ALLOT_NAME_SIZE);
	uint32_t hash = hash_text(text, size), number, found, first;
	/* Partner of the exchange below: a name in the chain is complete. */
	uint32_t *head = &store->header->name_heads[hash % ALLOT_HEADS];
	struct allot_store_name *name;

	first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
	found = size ? find_name(store, first, 0, hash, text, size) : 0;
	if (found || !size)
		return found;
	number = new_number(store, ALLOT_REGION_NAMES, &store->header->name_count, sizeof(*name));
	if (!number)
		return 0;
	name = name_at(store, number);
	*name = (struct allot_store_name){
		.text = allotp_store_string(store, text, size), .size = (uint32_t)size, .hash = hash, .next = first
	};
	if (!name->text)
		return 0;
	while (!__atomic_compare_exchange_n(head, &first, number, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		/* Another thread was faster, perhaps with the same. */
		found = find_name(store, first, name->next, hash, text, size);
		if (found)
			return found;
		name->next = first;
	}
	return number;
}

/* ---- scopes ---- */

static uint32_t find_scope(const struct allot_store *store, uint32_t first, uint32_t end, uint32_t parent,
			   uint32_t name)
{
	for (uint32_t i = first; i != end; i = allotp_scope(store, i)->next) {
		if (allotp_scope(store, i)->parent == parent && allotp_scope(store, i)->name == name)
			return i;
	}
	return 0;
}

static uint32_t add_scope(struct allot_store *store, uint32_t *head, uint32_t first, uint32_t parent, uint32_t name)
{
	uint32_t number =
		new_number(store, ALLOT_REGION_SCOPES, &store->header->scope_count, sizeof(struct allot_store_scope));
	struct allot_store_scope *scope;
	uint32_t found;

	if (!number)
		return 0;
	scope = allotp_scope(store, number);
	scope->parent = parent;
	scope->depth = parent ? allotp_scope(store, parent)->depth + 1 : 0;
	scope->next = first;
	/* Partner of freezing's load: it takes one that has a name. */
	__atomic_store_n(&scope->name, name, __ATOMIC_RELEASE);
	while (!__atomic_compare_exchange_n(head, &first, number, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		found = find_scope(store, first, scope->next, parent, name);
		if (found) {
			__atomic_store_n(&scope->name, 0, __ATOMIC_RELEASE);
			return found;
		}
		scope->next = first;
	}
	return number;
}

uint32_t allotp_scope_of(struct allot_store *store, uint32_t parent, const char *text)
{
	uint32_t name = allotp_name_of(store, text), first, found = 0, *head;

	if (name && parent && allotp_scope(store, parent)->name == name)
		return parent;
	if (name && (!parent || allotp_scope(store, parent)->depth + 1 < ALLOT_NESTING)) {
		head = &store->header->scope_heads[(name * 31u + parent) % ALLOT_HEADS];
		first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
		found = find_scope(store, first, 0, parent, name);
		if (!found)
			found = add_scope(store, head, first, parent, name);
	}
	if (!found)
		__atomic_fetch_add(&store->header->dropped_scopes, 1, __ATOMIC_RELAXED);
	return found;
}

/* ---- budgets ---- */

/* So many of one place may wait for their blocks to be freed; then one of them is taken again even so. */
enum { WAITING = 64 };

static bool is_clean(const struct allot_store_budget *budget)
{
	/* Partners: the drainer's plain stores, the second of which comes after the first. */
	return !budget->abandoned && __atomic_load_n(&budget->now.freed_blocks, __ATOMIC_RELAXED) >=
					     __atomic_load_n(&budget->now.ever_blocks, __ATOMIC_RELAXED);
}

static uint32_t new_budget(struct allot_store *store, uint32_t *head, uint64_t place, uint32_t parent)
{
	uint32_t depth = parent ? allotp_budget(store, parent)->depth + 1 : 0, number = 0;

	if (depth < ALLOT_NESTING)
		number = new_number(store, ALLOT_REGION_BUDGETS, &store->header->budget_count,
				    sizeof(struct allot_store_budget));
	if (!number)
		return 0;
	*allotp_budget(store, number) =
		(struct allot_store_budget){ .place = place, .parent = parent, .depth = depth, .next = *head };
	return *head = number;
}

uint32_t allotp_budget_of(struct allot_store *store, uint32_t *head, uint64_t place, uint32_t parent,
			  allot_budget_clean *clean)
{
	uint32_t waiting = 0, last = 0, number;
	bool cleaned = false;

	for (number = *head; number; number = allotp_budget(store, number)->next) {
		struct allot_store_budget *budget = allotp_budget(store, number);

		if (budget->place != place || budget->parent != parent)
			continue;
		if (budget->abandoned && !cleaned) {
			clean();
			cleaned = true;
		}
		budget->abandoned = 0;
		if (is_clean(budget))
			return number;
		last = number;
		waiting++;
	}
	if (waiting < WAITING)
		number = new_budget(store, head, place, parent);
	return number ? number : last;
}

uint32_t allotp_scope_node(struct allot_store *store, uint32_t stack, uint32_t scope, uint32_t budget)
{
	uint64_t address = (uint64_t)budget << 32 | scope;
	uint32_t node = allotp_tree_find(store, stack, address, ALLOT_NODE_SCOPE);

	return node != ALLOT_NODE_NONE ? node : allotp_tree_insert(store, stack, address, 0, ALLOT_NODE_SCOPE);
}
