/* SPDX-License-Identifier: MIT */
/* Which changes cancel out, because code has only moved: the same bytes and blocks under a stack that is near. */
#include <errno.h>
#include <stdlib.h>

#include "gate/change.h"
#include "gate/identity.h"
#include "snapshot/counts.h"

enum {
	/* Of stacks that are no near ones by any measure there may be many; nobody waits for all to be compared. */
	MOST_COMPARISONS = 4 << 20,
	/* A stack that has less than this part of another's frames is not the same with some inlined. */
	LEAST_PART = 3,
	NOT_NEAR = -1,
};

/* One change that may cancel out with others. */
struct candidate {
	struct allot_change *change;
	struct allot_count amount; /* by which it has changed */
	const struct allot_label **labels;
	uint32_t depth;
};

struct candidates {
	struct candidate *list;
	uint32_t count;
};

/* Two that could cancel out. */
struct pair {
	uint32_t more, less; /* in the lists of candidates */
	int distance;
};

/* Grown (1), shrunk (-1), or neither: unchanged, or more bytes in fewer blocks. */
static int direction(const struct allot_change *change)
{
	const struct allot_count *now = &change->count, *before = &change->count_before;

	if (now->bytes == before->bytes && now->blocks == before->blocks)
		return 0;
	if (now->bytes >= before->bytes && now->blocks >= before->blocks)
		return 1;
	return now->bytes <= before->bytes && now->blocks <= before->blocks ? -1 : 0;
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void release(struct candidates *candidates)
{
	for (uint32_t i = 0; i < candidates->count; i++)
		free(candidates->list[i].labels);
	free(candidates->list);
}

static int collect(struct allot_changes *changes, const struct allot_keys *keys, int wanted,
		   struct candidates *candidates)
{
	candidates->list = calloc((size_t)changes->count + 1, sizeof(*candidates->list));
	if (!candidates->list)
		return -ENOMEM;
	for (uint32_t i = 0; i < changes->count; i++) {
		struct allot_change *change = &changes->list[i];
		struct candidate *candidate = &candidates->list[candidates->count];

		if (direction(change) != wanted)
			continue;
		candidate->change = change;
		candidate->amount.bytes = difference(change->count.bytes, change->count_before.bytes);
		candidate->amount.blocks = difference(change->count.blocks, change->count_before.blocks);
		candidate->labels = allotp_identity_labels(keys, change->key, &candidate->depth);
		if (!candidate->labels)
			return -ENOMEM;
		candidates->count++;
	}
	return 0;
}

/* Are all frames of the shorter stack in the longer one, in the same order? Labels of equal text are one label. */
static bool is_part(const struct candidate *shorter, const struct candidate *longer)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < longer->depth && found < shorter->depth; i++)
		found += longer->labels[i] == shorter->labels[found];
	return found == shorter->depth && (uint64_t)shorter->depth * LEAST_PART >= longer->depth;
}

/* Do stacks of the same depth differ by one name, wherever it stands? At least one frame must be in both. */
static bool is_renamed(const struct candidate *a, const struct candidate *b)
{
	const struct allot_label *from = NULL, *to = NULL;
	uint32_t same = 0;

	for (uint32_t i = 0; i < a->depth; i++) {
		if (a->labels[i] == b->labels[i]) {
			same++;
			continue;
		}
		if (from && (a->labels[i] != from || b->labels[i] != to))
			return false;
		from = a->labels[i];
		to = b->labels[i];
	}
	return same > 0;
}

static int distance(const struct candidate *a, const struct candidate *b)
{
	if (a->depth == b->depth)
		return is_renamed(a, b) ? 1 : NOT_NEAR;
	if (a->depth < b->depth)
		return is_part(a, b) ? (int)(b->depth - a->depth) : NOT_NEAR;
	return is_part(b, a) ? (int)(a->depth - b->depth) : NOT_NEAR;
}

static int compare_amounts(struct allot_count a, struct allot_count b)
{
	if (a.bytes != b.bytes)
		return a.bytes < b.bytes ? -1 : 1;
	return a.blocks == b.blocks ? 0 : a.blocks < b.blocks ? -1 : 1;
}

/* The largest first; those of one amount stay in the order of their identities. */
static int by_amount(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = compare_amounts(b->amount, a->amount);

	return order ? order : a->change < b->change ? -1 : a->change > b->change;
}

static int by_distance(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;

	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	if (a->more != b->more)
		return a->more < b->more ? -1 : 1;
	return a->less < b->less ? -1 : a->less > b->less;
}

static uint32_t end_of_amount(const struct candidates *candidates, uint32_t start)
{
	uint32_t end = start;

	while (end < candidates->count &&
	       !compare_amounts(candidates->list[end].amount, candidates->list[start].amount))
		end++;
	return end;
}

/* Pairs off what has changed by the same amount, the nearest stacks first. */
static int pair_range(struct allot_changes *changes, struct candidates *more, uint32_t more_start, uint32_t more_end,
		      struct candidates *less, uint32_t less_start, uint32_t less_end)
{
	uint64_t product = (uint64_t)(more_end - more_start) * (less_end - less_start);
	struct pair *pairs;
	uint32_t count = 0;

	if (product > MOST_COMPARISONS)
		return 0;
	pairs = malloc((product + 1) * sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	for (uint32_t m = more_start; m < more_end; m++)
		for (uint32_t l = less_start; l < less_end; l++) {
			int gap = distance(&more->list[m], &less->list[l]);

			if (gap != NOT_NEAR)
				pairs[count++] = (struct pair){ m, l, gap };
		}
	qsort(pairs, count, sizeof(*pairs), by_distance);
	for (uint32_t i = 0; i < count; i++) {
		struct allot_change *a = more->list[pairs[i].more].change, *b = less->list[pairs[i].less].change;

		if (!a->moved && !b->moved)
			a->moved = b->moved = ++changes->moved;
	}
	free(pairs);
	return 0;
}

static int pair_off(struct allot_changes *changes, struct candidates *more, struct candidates *less)
{
	uint32_t m = 0, l = 0;
	int rc = 0;

	qsort(more->list, more->count, sizeof(*more->list), by_amount);
	qsort(less->list, less->count, sizeof(*less->list), by_amount);
	while (m < more->count && l < less->count && rc == 0) {
		int order = compare_amounts(more->list[m].amount, less->list[l].amount);
		uint32_t more_end = end_of_amount(more, m), less_end = end_of_amount(less, l);

		if (order == 0)
			rc = pair_range(changes, more, m, more_end, less, l, less_end);
		if (order >= 0)
			m = more_end;
		if (order <= 0)
			l = less_end;
	}
	return rc;
}

/* The deepest stacks first: the less is inlined, the surer it is what became of it. */
static int by_depth(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->depth != b->depth)
		return a->depth < b->depth ? 1 : -1;
	return by_amount(left, right);
}

/* Is `many` a deeper stack that may be a part of what `one` has become, or has come from? */
static bool may_join(const struct candidate *one, const struct candidate *many)
{
	return !many->change->moved && many->depth > one->depth && is_part(one, many);
}

/*
 * Stacks that differ in frames that the other build does not show are one stack there. Cancels one change with all
 * deeper ones on the other side that it is a part of, if they add up to it.
 */
static void join(struct allot_changes *changes, const struct candidate *one, struct candidates *many)
{
	struct allot_count sum = { 0 };

	for (uint32_t i = 0; i < many->count; i++)
		if (may_join(one, &many->list[i]))
			allotp_count_add(&sum, many->list[i].amount);
	if (compare_amounts(sum, one->amount))
		return;
	changes->moved++;
	for (uint32_t i = 0; i < many->count; i++)
		if (may_join(one, &many->list[i]))
			many->list[i].change->moved = changes->moved;
	one->change->moved = changes->moved;
}

static void join_all(struct allot_changes *changes, struct candidates *ones, struct candidates *many)
{
	qsort(ones->list, ones->count, sizeof(*ones->list), by_depth);
	for (uint32_t i = 0; i < ones->count; i++)
		if (!ones->list[i].change->moved)
			join(changes, &ones->list[i], many);
}

int allotp_changes_find_moved(struct allot_changes *changes, const struct allot_keys *keys)
{
	struct candidates more = { 0 }, less = { 0 };
	int rc = collect(changes, keys, 1, &more);

	if (rc == 0)
		rc = collect(changes, keys, -1, &less);
	if (rc == 0)
		rc = pair_off(changes, &more, &less);
	if (rc == 0 && (uint64_t)more.count * less.count <= MOST_COMPARISONS) {
		join_all(changes, &more, &less);
		join_all(changes, &less, &more);
	}
	release(&more);
	release(&less);
	return rc;
}
