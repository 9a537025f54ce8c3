/* SPDX-License-Identifier: MIT */
/* The difference of two statistics, as CPython's Snapshot.compare_to. */
#include <errno.h>
#include <stdlib.h>

#include "report/statistics.h"

struct order {
	const struct allot_keys *keys;
	enum allot_measure measure;
};

/* Descending order of two numbers, as a comparison function returns it. */
static int descending(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static int compare_changes(const void *left, const void *right, void *context)
{
	const struct allot_group *a = left, *b = right;
	const struct order *order = context;
	struct allot_count of_a = allotp_group_count(a, order->measure);
	struct allot_count of_b = allotp_group_count(b, order->measure);
	bool by_count = order->measure == ALLOT_MEASURE_COUNT;
	int size, count, first, second;

	size = descending(distance(of_a.bytes, a->before.bytes), distance(of_b.bytes, b->before.bytes));
	if (!size)
		size = descending(of_a.bytes, of_b.bytes);
	count = descending(distance(of_a.blocks, a->before.blocks), distance(of_b.blocks, b->before.blocks));
	if (!count)
		count = descending(of_a.blocks, of_b.blocks);
	first = by_count ? count : size;
	second = by_count ? size : count;
	if (first || second)
		return first ? first : second;
	return allotp_keys_compare(order->keys, b->key, a->key);
}

int allotp_statistics_compare(const struct allot_statistics *before, const struct allot_statistics *after,
			      struct allot_statistics **out)
{
	struct order order = { after->keys, after->measure };
	struct allot_statistics *both = calloc(1, sizeof(*both));
	uint32_t *group_of = calloc(allotp_keys_count(after->keys), sizeof(*group_of)); /* key -> group + 1 */
	struct allot_group *groups = calloc((size_t)before->count + after->count + 1, sizeof(*groups));
	uint32_t count = 0;

	if (!both || !group_of || !groups) {
		free(both);
		free(group_of);
		free(groups);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < after->count; i++) {
		groups[count++] = after->groups[i];
		group_of[after->groups[i].key] = count;
	}
	for (uint32_t i = 0; i < before->count; i++) {
		const struct allot_group *old = &before->groups[i];

		if (!group_of[old->key]) {
			groups[count++] = (struct allot_group){ .key = old->key,
								.gone = true,
								.node = old->node,
								.frame = old->frame,
								.sites = old->sites };
			group_of[old->key] = count;
		}
		groups[group_of[old->key] - 1].before = allotp_group_count(old, after->measure);
		groups[group_of[old->key] - 1].variance_before = allotp_group_variance(old, after->measure);
	}
	free(group_of);
	if (count)
		qsort_r(groups, count, sizeof(*groups), compare_changes, &order);
	both->keys = after->keys;
	both->measure = after->measure;
	both->groups = groups;
	both->count = count;
	both->total = after->total;
	both->total_before = before->total;
	*out = both;
	return 0;
}
