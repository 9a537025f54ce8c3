/* SPDX-License-Identifier: MIT */
/* Which of many address ranges holds an address, when ranges may lie inside each other: units, functions, inlined calls. */
#ifndef ALLOT_SYMBOL_RANGES_H
#define ALLOT_SYMBOL_RANGES_H

#include <stddef.h>
#include <stdint.h>

#define ALLOT_RANGE_NONE UINT32_MAX

struct allot_range {
	uint64_t low, high; /* [low, high) */
	uint32_t item;      /* whose range it is, as the caller counts */
	uint32_t outer;     /* the range this one begins in, ALLOT_RANGE_NONE if none */
};

struct allot_ranges {
	struct allot_range *items;
	size_t count, capacity;
};

void allotp_ranges_release(struct allot_ranges *ranges);
/* 0 or -ENOMEM. An empty range is left out. Of two equal ranges, the one with the greater item counts as inner. */
int allotp_ranges_add(struct allot_ranges *ranges, uint64_t low, uint64_t high, uint32_t item);
/* To be called once, after the last one was added and before the first search. */
void allotp_ranges_sort(struct allot_ranges *ranges);
/* The item of the innermost range that holds the address, or ALLOT_RANGE_NONE. */
uint32_t allotp_ranges_find(const struct allot_ranges *ranges, uint64_t address);

#endif
