/* SPDX-License-Identifier: MIT */
/* Which of many address ranges holds an address, when ranges may lie inside each other. */
#include "symbol/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void allotp_ranges_release(struct allot_ranges *ranges)
{
	free(ranges->items);
	memset(ranges, 0, sizeof(*ranges));
}

int allotp_ranges_add(struct allot_ranges *ranges, uint64_t low, uint64_t high, uint32_t item)
{
	if (low >= high)
		return 0;
	if (ranges->count == ranges->capacity) {
		size_t capacity = ranges->capacity ? ranges->capacity * 2 : 16;
		struct allot_range *items = reallocarray(ranges->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		ranges->items = items;
		ranges->capacity = capacity;
	}
	ranges->items[ranges->count++] = (struct allot_range){ low, high, item, ALLOT_RANGE_NONE };
	return 0;
}

/* Outer before inner. */
static int compare_ranges(const void *left, const void *right)
{
	const struct allot_range *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

void allotp_ranges_sort(struct allot_ranges *ranges)
{
	uint32_t open = ALLOT_RANGE_NONE; /* the innermost range not yet over */

	if (ranges->count)
		qsort(ranges->items, ranges->count, sizeof(*ranges->items), compare_ranges);
	for (size_t i = 0; i < ranges->count; i++) {
		struct allot_range *range = &ranges->items[i];

		while (open != ALLOT_RANGE_NONE && ranges->items[open].high <= range->low)
			open = ranges->items[open].outer;
		range->outer = open;
		open = (uint32_t)i;
	}
}

uint32_t allotp_ranges_find(const struct allot_ranges *ranges, uint64_t address)
{
	size_t below = 0, above = ranges->count; /* items[0..below) begin at or before the address */
	uint32_t i;

	while (below < above) {
		size_t middle = below + (above - below) / 2;

		if (ranges->items[middle].low <= address)
			below = middle + 1;
		else
			above = middle;
	}
	/* The range that begins last, else those around its beginning: overlapping ones are found too, only slower. */
	for (i = below ? (uint32_t)(below - 1) : ALLOT_RANGE_NONE; i != ALLOT_RANGE_NONE; i = ranges->items[i].outer) {
		if (address < ranges->items[i].high)
			return ranges->items[i].item;
	}
	return ALLOT_RANGE_NONE;
}
