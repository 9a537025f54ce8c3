/* SPDX-License-Identifier: MIT */
/* A snapshot without the sites that filters drop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "snapshot/payload.h"

/* As bytes and back: so a copy has all that a file has, whatever is added to the snapshot. */
static int copy_snapshot(const struct allot_snapshot *snapshot, struct allot_snapshot **out)
{
	uint8_t *payload;
	size_t size;
	int rc = allotp_snapshot_encode(snapshot, "copy", &payload, &size, NULL);

	if (rc < 0)
		return rc;
	rc = allotp_snapshot_parse_payload(payload, size, "copy", out, NULL);
	free(payload);
	return rc;
}

/* Moves the sites that are kept together; numbers[] gets the new number of each, UINT32_MAX for those that go. */
static void drop_sites(struct allot_snapshot *snapshot, const bool *keep, uint32_t *numbers)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->site_count; i++) {
		numbers[i] = keep[i] ? count : UINT32_MAX;
		if (keep[i])
			snapshot->sites[count++] = snapshot->sites[i];
	}
	snapshot->site_count = count;
}

static void drop_blocks(struct allot_snapshot *snapshot, const uint32_t *numbers)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < snapshot->block_count; i++) {
		struct allot_block block = snapshot->blocks[i];

		block.site = numbers[block.site];
		if (block.site != UINT32_MAX)
			snapshot->blocks[count++] = block;
	}
	snapshot->block_count = count;
}

/* "+a*, -*:main", with "; " behind what the snapshot was filtered by before. NULL: no memory. */
static char *describe(const char *before, const struct allot_filter *filters, size_t count)
{
	char *text = strdup(before ? before : ""), *longer, *one;

	for (size_t i = 0; i < count && text; i++) {
		one = allotp_filter_text(&filters[i]);
		longer = one ? realloc(text, strlen(text) + strlen("; ") + strlen(one) + 1) : NULL;
		if (!longer) {
			free(one);
			free(text);
			return NULL;
		}
		text = longer;
		if (*text)
			strcat(text, i ? ", " : "; ");
		strcat(text, one);
		free(one);
	}
	return text;
}

/* Notes what there was before, once: filters on filters are of the whole, too. */
static int note_filters(struct allot_snapshot *snapshot, const struct allot_filter *filters, size_t count)
{
	char *text = describe(snapshot->filters, filters, count);

	if (!text)
		return -ENOMEM;
	if (!snapshot->filters)
		snapshot->unfiltered = (struct allot_snapshot_totals){ snapshot->live, snapshot->peak, snapshot->ever,
								       snapshot->temporary, snapshot->frees };
	free(snapshot->filters);
	snapshot->filters = text;
	return 0;
}

int allotp_filter_apply(const struct allot_view *view, const struct allot_filter *filters, size_t count,
			struct allot_snapshot **out)
{
	uint32_t sites = view->snapshot->site_count;
	bool *keep = calloc(sites ? sites : 1, sizeof(*keep));
	uint32_t *numbers = calloc(sites ? sites : 1, sizeof(*numbers));
	struct allot_snapshot *copy = NULL;
	int rc = keep && numbers ? copy_snapshot(view->snapshot, &copy) : -ENOMEM;

	if (rc == 0 && count) {
		rc = allotp_filter_sites(view, filters, count, keep);
		if (rc == 0)
			rc = note_filters(copy, filters, count);
		if (rc == 0) {
			drop_sites(copy, keep, numbers);
			drop_blocks(copy, numbers);
			allotp_snapshot_sum_up(copy);
		}
	}
	if (rc == 0)
		*out = copy;
	else
		allotp_snapshot_free(copy);
	free(keep);
	free(numbers);
	return rc;
}
