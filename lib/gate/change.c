/* SPDX-License-Identifier: MIT */
/* What has changed of one quantity between two snapshots, call site by call site. */
#include "gate/change.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/counts.h"

static int by_identity(const void *left, const void *right, void *keys)
{
	const struct allot_change *a = left, *b = right;

	return allotp_keys_compare(keys, a->key, b->key);
}

static struct allot_change *find_change(struct allot_changes *changes, uint32_t *change_of, uint32_t key)
{
	if (!change_of[key]) {
		changes->list[changes->count] = (struct allot_change){ .key = key };
		change_of[key] = ++changes->count;
	}
	return &changes->list[change_of[key] - 1];
}

int allotp_changes_init(struct allot_changes *changes, const struct allot_keys *keys, const struct allot_ledger *now,
			const struct allot_ledger *before, enum allot_quantity quantity)
{
	uint32_t *change_of = calloc(allotp_keys_count(keys), sizeof(*change_of));

	*changes = (struct allot_changes){ .list = calloc((size_t)now->count + before->count + 1,
							  sizeof(*changes->list)) };
	if (!change_of || !changes->list) {
		free(change_of);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < now->count; i++) {
		struct allot_change *change = find_change(changes, change_of, now->entries[i].key);

		change->now = &now->entries[i];
		change->count = change->now->sums.counts[quantity];
		allotp_variance_add(&change->variance, change->now->sums.variances[quantity]);
	}
	for (uint32_t i = 0; i < before->count; i++) {
		struct allot_change *change = find_change(changes, change_of, before->entries[i].key);

		change->before = &before->entries[i];
		change->count_before = change->before->sums.counts[quantity];
		allotp_variance_add(&change->variance, change->before->sums.variances[quantity]);
	}
	free(change_of);
	if (changes->count)
		qsort_r(changes->list, changes->count, sizeof(*changes->list), by_identity, (void *)keys);
	return allotp_changes_find_moved(changes, keys);
}

void allotp_changes_release(struct allot_changes *changes)
{
	free(changes->list);
}
