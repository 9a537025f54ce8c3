/* SPDX-License-Identifier: MIT */
/* What is live of each type at each call site, by the table of objects. */
#include "report/typed.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot/counts.h"

static int compare(const void *left, const void *right)
{
	const struct allot_typed *a = left, *b = right;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return a->site < b->site ? -1 : a->site > b->site;
}

/* Each object. Sites lose what their objects have. */
static uint32_t list(const struct allot_snapshot *snapshot, struct allot_typed *typed, struct allot_count *left)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->objects.object_count; i++) {
		const struct allot_table_object *object = &snapshot->objects.objects[i];

		if (!object->site && snapshot->filters)
			continue;
		typed[count] = (struct allot_typed){ object->type, object->site - 1, { object->size, 1 } };
		if (object->site)
			allotp_count_take(&left[object->site - 1], typed[count].live);
		count++;
	}
	return count;
}

static uint32_t merge(struct allot_typed *typed, uint32_t count)
{
	uint32_t merged = 0;

	if (!count)
		return 0;
	qsort(typed, count, sizeof(*typed), compare);
	for (uint32_t i = 1; i < count; i++) {
		if (compare(&typed[merged], &typed[i])) {
			typed[++merged] = typed[i];
			continue;
		}
		allotp_count_add(&typed[merged].live, typed[i].live);
	}
	return merged + 1;
}

int allotp_typed_sites(const struct allot_snapshot *snapshot, bool others, struct allot_typed **out, uint32_t *count)
{
	uint64_t room = (uint64_t)snapshot->objects.object_count + snapshot->site_count + 1;
	struct allot_count *left = calloc((size_t)snapshot->site_count + 1, sizeof(*left));
	struct allot_typed *typed = calloc(room, sizeof(*typed));
	uint32_t used;

	*out = NULL;
	*count = 0;
	if (!left || !typed) {
		free(left);
		free(typed);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < snapshot->site_count; i++)
		left[i] = snapshot->sites[i].live;
	used = merge(typed, list(snapshot, typed, left));
	/* Where all objects are gone, more bytes may be told than there are objects: what they have in common with others. */
	for (uint32_t i = 0; others && i < snapshot->site_count; i++)
		if (left[i].blocks)
			typed[used++] = (struct allot_typed){ 0, i, left[i] };
	free(left);
	*out = typed;
	*count = used;
	return 0;
}
