/* SPDX-License-Identifier: MIT */
/* A hash table of array indices: the owner keeps the things, the table only finds their numbers. */
#include "report/hash.h"

#include <errno.h>
#include <stdlib.h>

uint32_t allotp_hash_find(const struct allot_hash *table, uint32_t hash, allot_hash_match_fn *match, const void *things,
			  const void *wanted)
{
	if (!table->size)
		return 0;
	for (uint32_t i = hash & (table->size - 1);; i = (i + 1) & (table->size - 1)) {
		const struct allot_hash_slot *slot = &table->slots[i];

		if (!slot->number)
			return 0;
		if (slot->hash == hash && match(things, slot->number, wanted))
			return slot->number;
	}
}

static void put(struct allot_hash *table, uint32_t hash, uint32_t number)
{
	uint32_t i = hash & (table->size - 1);

	while (table->slots[i].number)
		i = (i + 1) & (table->size - 1);
	table->slots[i] = (struct allot_hash_slot){ hash, number };
	table->used++;
}

static int grow(struct allot_hash *table)
{
	struct allot_hash bigger = { .size = table->size ? table->size * 2 : 64 };

	if (bigger.size < table->size)
		return -ENOMEM;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->size; i++)
		if (table->slots[i].number)
			put(&bigger, table->slots[i].hash, table->slots[i].number);
	free(table->slots);
	*table = bigger;
	return 0;
}

int allotp_hash_add(struct allot_hash *table, uint32_t hash, uint32_t number)
{
	if (table->used >= table->size / 2) {
		int rc = grow(table);

		if (rc < 0)
			return rc;
	}
	put(table, hash, number);
	return 0;
}

void allotp_hash_release(struct allot_hash *table)
{
	free(table->slots);
	*table = (struct allot_hash){ 0 };
}

uint64_t allotp_hash_chain(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint32_t allotp_hash_bytes(uint32_t seed, const void *bytes, size_t size)
{
	uint64_t hash = allotp_hash_chain(seed ^ ALLOTP_HASH_START, bytes, size);

	return (uint32_t)(hash ^ hash >> 32);
}
