/* SPDX-License-Identifier: MIT */
/* The table of registered unwind data, which is read without a lock. */
#include "unwind/registered.h"

#include <errno.h>

#include "unwind/fde.h"

enum { SECTIONS = 4096 };

static struct section {
	uint64_t turn; /* atomic: odd while the rest is being changed */
	uint64_t address;
	uint64_t end;
	uint64_t code, code_end; /* what it covers, from the first to the last; code_end 0: the place is free */
} sections[SECTIONS];

static uint32_t section_count; /* places that were ever taken (atomic) */

/*
 * A store that releases comes after the turn has become odd, and a load that acquires before the turn is looked at again: so
 * who reads what is being changed notices.
 */
#define LOAD(member) __atomic_load_n(&(member), __ATOMIC_ACQUIRE)
#define STORE(member, value) __atomic_store_n(&(member), value, __ATOMIC_RELEASE)

/* Makes the place ours, if nobody else is changing it: then its turn is odd until `give`. */
static bool take(struct section *section)
{
	uint64_t turn = LOAD(section->turn);

	return turn % 2 == 0 &&
	       __atomic_compare_exchange_n(&section->turn, &turn, turn + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void give(struct section *section)
{
	__atomic_fetch_add(&section->turn, 1, __ATOMIC_RELEASE);
}

/* A whole copy, or false. */
static bool read_section(const struct section *section, struct section *copy)
{
	uint64_t turn = LOAD(section->turn);

	copy->address = LOAD(section->address);
	copy->end = LOAD(section->end);
	copy->code = LOAD(section->code);
	copy->code_end = LOAD(section->code_end);
	return turn % 2 == 0 && LOAD(section->turn) == turn;
}

static bool fill(struct section *section, uint64_t address, const struct allotp_fde_extent *extent)
{
	bool is_free;

	if (LOAD(section->code_end) != 0 || !take(section))
		return false;
	is_free = LOAD(section->code_end) == 0;
	if (is_free) {
		STORE(section->address, address);
		STORE(section->end, extent->end);
		STORE(section->code, extent->code);
		STORE(section->code_end, extent->code_end);
	}
	give(section);
	return is_free;
}

void allotp_registered_add(const void *eh_frame)
{
	uint64_t address = (uintptr_t)eh_frame;
	uint32_t count = LOAD(section_count);
	struct allotp_fde_extent extent;

	if (allotp_fde_extent(address, &extent) != 0)
		return;
	for (uint32_t i = 0; i < SECTIONS; i++) {
		if (!fill(&sections[i], address, &extent))
			continue;
		while (count <= i && !__atomic_compare_exchange_n(&section_count, &count, i + 1, false,
								  __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			;
		return;
	}
}

bool allotp_registered_remove(const void *eh_frame)
{
	uint32_t count = LOAD(section_count);
	bool known = false;

	for (uint32_t i = 0; i < count && !known; i++) {
		struct section *section = &sections[i];

		if (LOAD(section->address) != (uintptr_t)eh_frame || LOAD(section->code_end) == 0 || !take(section))
			continue;
		known = LOAD(section->address) == (uintptr_t)eh_frame && LOAD(section->code_end) != 0;
		if (known)
			STORE(section->code_end, 0);
		give(section);
	}
	return known;
}

int allotp_registered_find(uint64_t address, struct allotp_object *out)
{
	uint32_t count = LOAD(section_count);

	for (uint32_t i = 0; i < count; i++) {
		struct section copy;

		if (!read_section(&sections[i], &copy) || address < copy.code || address >= copy.code_end)
			continue;
		*out = (struct allotp_object){ .start = copy.address, .end = copy.end, .eh_frame = copy.address };
		return 0;
	}
	return -ENOENT;
}
