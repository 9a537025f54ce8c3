/* SPDX-License-Identifier: MIT */
/* A careful look at a store that may be damaged or change under the reader. */
#include "snapshot/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

#define REGION_ALIGNMENT 4096u

/*
 * A store can name one long string a million times. All copies together stay within this, one within the other;
 * an honest store has some thousand paths.
 */
#define STRINGS_MOST (UINT64_C(256) << 20)
#define STRING_MOST (UINT64_C(1) << 20)

/* Copies once: the compiler must not read the shared memory again in place of the copy. */
static void copy_once(void *copy, const void *shared, size_t size)
{
	memcpy(copy, shared, size);
	__asm__ volatile("" : : : "memory");
}

static void open_regions(struct allot_view *view, size_t size)
{
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		const struct allot_region *region = &view->header->regions[i];

		view->regions[i].offset = view->regions[i].bytes = 0;
		if (region->offset % REGION_ALIGNMENT || region->offset > size ||
		    region->committed > size - region->offset || region->committed > region->size) {
			view->corrupt++;
			continue;
		}
		view->regions[i].offset = region->offset;
		view->regions[i].bytes = region->committed;
	}
}

int allotp_view_open(struct allot_view *view, const void *base, size_t size, struct allot_error *error)
{
	struct allot_header *header;
	int result = 0;

	if (size < sizeof(*header))
		return allotp_error(error, -EBADMSG, "not an allot store: too small");
	header = malloc(sizeof(*header));
	if (!header)
		return allotp_error(error, -ENOMEM, "out of memory");
	copy_once(header, base, sizeof(*header));
	if (header->magic != ALLOT_STORE_MAGIC)
		result = allotp_error(error, -EBADMSG, "not an allot store");
	else if (header->version != ALLOT_STORE_VERSION || header->header_size != sizeof(*header))
		result = allotp_error(error, -ENOTSUP, "the store is another allot's (version %u)", header->version);
	else if (!header->ready)
		result = allotp_error(error, -ENODATA, "nothing was recorded: tracing never began");
	if (result < 0) {
		free(header);
		return result;
	}
	*view = (struct allot_view){ .base = base, .header = header, .string_budget = STRINGS_MOST };
	open_regions(view, size);
	view->string_bytes = allotp_view_filled(view, ALLOT_REGION_STRINGS, header->string_bytes, 1);
	return 0;
}

void allotp_view_close(struct allot_view *view)
{
	free(view->header);
	view->header = NULL;
}

uint64_t allotp_view_filled(const struct allot_view *view, enum allot_region_id region, uint64_t numbered,
			    size_t item_size)
{
	uint64_t room = view->regions[region].bytes / item_size;

	return numbered < room ? numbered : room;
}

uint64_t allotp_view_count(struct allot_view *view, enum allot_region_id region, uint64_t claimed, size_t item_size)
{
	uint64_t room = view->regions[region].bytes / item_size;

	if (claimed <= room)
		return claimed;
	view->corrupt++;
	return room;
}

uint64_t allotp_view_end(struct allot_view *view, enum allot_region_id region, uint64_t highest, size_t item_size)
{
	uint64_t room = view->regions[region].bytes / item_size;

	if (highest == 0)
		return 1;
	if (highest < room)
		return highest + 1;
	view->corrupt++;
	return room ? room : 1;
}

uint64_t allotp_view_left(struct allot_view *view, uint64_t ever, uint64_t freed)
{
	if (freed <= ever)
		return ever - freed;
	view->corrupt++;
	return 0;
}

char *allotp_view_string(struct allot_view *view, uint64_t offset)
{
	uint64_t most = view->string_budget < STRING_MOST ? view->string_budget : STRING_MOST;
	const char *start;
	char *copy;
	size_t length;

	if (offset == 0)
		return strdup("");
	if (offset >= view->string_bytes) {
		view->corrupt++;
		return strdup("");
	}
	start = (const char *)view->base + view->regions[ALLOT_REGION_STRINGS].offset + offset;
	if (most > view->string_bytes - offset)
		most = view->string_bytes - offset;
	length = strnlen(start, most);
	/* the string may change while it is copied: its end is set here, and a NUL before it does no harm */
	copy = malloc(length + 1);
	if (!copy)
		return NULL;
	copy_once(copy, start, length);
	copy[length] = '\0';
	if (length == most)
		view->corrupt++;
	view->string_budget -= length;
	return copy;
}
