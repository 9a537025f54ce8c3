/* SPDX-License-Identifier: MIT */
/* A copy of a store as it is at one moment. */
#include "store/image.h"

#include <string.h>

#include "snapshot/snapshot.h"

/* Bytes of a region that are in use; whole regions are committed in larger pieces. */
static uint64_t used_bytes(const struct allot_header *header, enum allot_region_id region)
{
	switch (region) {
	case ALLOT_REGION_HEADER:
		return sizeof(*header);
	case ALLOT_REGION_MODULES:
		return header->module_count * sizeof(struct allot_store_module);
	case ALLOT_REGION_STRINGS:
		return header->string_bytes;
	case ALLOT_REGION_NODES:
		return header->node_count * sizeof(struct allot_store_node);
	case ALLOT_REGION_SITES:
		return (header->site_count + 1) * sizeof(struct allot_store_site);
	case ALLOT_REGION_HIGHS:
		return (header->site_count + 1) * sizeof(struct allot_site_halves);
	case ALLOT_REGION_VARIANCES:
		return header->sampling_bytes ? (header->site_count + 1) * sizeof(struct allot_store_variance) : 0;
	case ALLOT_REGION_DIRECTORY:
		return (UINT64_C(2) << (header->directory_bits & 31)) * sizeof(uint32_t);
	case ALLOT_REGION_PAGES:
		return (header->page_count + 1) * sizeof(struct allot_live_page);
	case ALLOT_REGION_MAPS:
		return header->map_count * sizeof(struct allot_map);
	case ALLOT_REGION_MARKS:
		return header->mark_count * sizeof(struct allot_store_mark);
	case ALLOT_REGION_SERIES:
		return header->sample_count * sizeof(struct allot_store_sample);
	case ALLOT_REGION_OBJECTS:
		return header->objects.object_count * sizeof(struct allot_store_object);
	case ALLOT_REGION_REFERENCES:
		return header->objects.reference_count * sizeof(struct allot_store_reference);
	case ALLOT_REGION_HISTORY:
		return header->history.count ? (header->site_count + 1) * sizeof(struct allot_store_past) : 0;
	case ALLOT_REGION_SLOTS:
	case ALLOT_REGION_INDEX:
	case ALLOT_REGION_SITE_INDEX:
	case ALLOT_REGION_JOURNAL:
	case ALLOT_REGION_SEGMENTS:
	case ALLOT_REGION_BUDGETS:
	case ALLOT_REGION_SHARES:
		return 0; /* for those who write events, and apply them */
	default:
		return UINT64_MAX;
	}
}

/* Nobody is going to write to it: there are no rings, and the process goes on elsewhere. */
static void seal(struct allot_header *header)
{
	header->flags = (header->flags | ALLOT_STORE_IMAGE) & ~(uint32_t)ALLOT_STORE_HELD;
	header->slot_count = header->free_slots = 0;
	header->segment_count = header->free_segments = header->ring_bytes = 0;
	header->lock = 0;
	header->reader = 0;
	header->exit_state = ALLOT_EXIT_RUNNING;
	header->split = (struct allot_split){ 0 };
	header->mapping = (struct allot_remapping){ 0 };
	memset(header->tickets, 0, sizeof(header->tickets));
	memset(header->applied, 0, sizeof(header->applied));
}

void allotp_image_plan(struct allot_image *image, const struct allot_store *store, struct allot_header *header)
{
	/* First of all: whatever producers add meanwhile is none of it. What the sites refer to is there since they do. */
	memcpy(header, store->header, sizeof(*header));
	*image = (struct allot_image){ .header = header };
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		uint64_t used = used_bytes(header, (enum allot_region_id)i);
		uint64_t there = __atomic_load_n(&store->accessible[i], __ATOMIC_ACQUIRE);
		uint64_t count = used < there ? used : there;

		image->parts[i].bytes = store->region[i];
		image->parts[i].count = count;
		header->regions[i] = (struct allot_region){
			.offset = image->size,
			.size = allotp_image_padded(count),
			.committed = allotp_image_padded(count),
		};
		image->size += allotp_image_padded(count);
	}
	image->parts[ALLOT_REGION_HEADER].bytes = (const uint8_t *)header;
	header->mapping_size = image->size;
	seal(header);
}

void allotp_image_copy(const struct allot_image *image, uint8_t *to)
{
	for (int i = 0; i < ALLOT_REGIONS; i++) {
		memcpy(to, image->parts[i].bytes, image->parts[i].count);
		to += allotp_image_padded(image->parts[i].count);
	}
}
