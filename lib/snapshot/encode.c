/* SPDX-License-Identifier: MIT */
/* A snapshot to the sections of its file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "snapshot/check.h"
#include "snapshot/encoder.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

/* A section of one struct. */
static void encode_struct(struct allot_encoder *encoder, const struct allot_table *table, const void *item)
{
	size_t begin = allotp_encode_begin(encoder, table->tag);

	allotp_encode_columns(encoder, table, item, 1);
	allotp_encode_end(encoder, begin);
}

/* A section of an array; an empty one needs none unless the reader insists on it. */
static void encode_array(struct allot_encoder *encoder, const struct allot_table *table, const void *items,
			 uint64_t count)
{
	size_t begin = allotp_encode_begin(encoder, table->tag);

	allotp_encode_varint(encoder, count);
	allotp_encode_columns(encoder, table, items, count);
	allotp_encode_end(encoder, begin);
}

static void encode_optional(struct allot_encoder *encoder, const struct allot_table *table, const void *items,
			    uint64_t count)
{
	if (count)
		encode_array(encoder, table, items, count);
}

static void encode_lost(struct allot_encoder *encoder, const struct allot_trust *trust)
{
	size_t begin = allotp_encode_begin(encoder, ALLOT_TAG_LOST);

	allotp_encode_varint(encoder, ALLOT_LOST_REASONS);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		allotp_encode_varint(encoder, trust->lost[i]);
	allotp_encode_end(encoder, begin);
}

static uint64_t parent_of(const struct allot_snapshot *snapshot, uint32_t node)
{
	return node - snapshot->nodes[node].parent;
}

static uint64_t address_of(const struct allot_snapshot *snapshot, uint32_t node)
{
	return snapshot->nodes[node].address - snapshot->modules[snapshot->nodes[node].module].start;
}

static inline void encode_each_node(struct allot_encoder *encoder, const struct allot_snapshot *snapshot,
				    uint64_t (*number)(const struct allot_snapshot *snapshot, uint32_t node))
{
	uint32_t node = ALLOT_NODE_FIRST;

	while (node < snapshot->node_count) {
		uint32_t left = snapshot->node_count - node;
		uint32_t many = left < ALLOT_ENCODE_MANY ? left : ALLOT_ENCODE_MANY;
		uint8_t *at = allotp_encode_room(encoder, many);

		if (!at)
			return;
		for (uint32_t end = node + many; node < end; node++)
			at = allotp_encode_put(at, number(snapshot, node));
		allotp_encode_to(encoder, at);
	}
}

/*
 * Most nodes are near their parent, and the same call in the same module comes back under many parents, so a parent
 * is a distance and an address an offset in its module.
 */
static void encode_nodes(struct allot_encoder *encoder, const struct allot_snapshot *snapshot)
{
	size_t begin = allotp_encode_begin(encoder, ALLOT_TAG_NODES);

	allotp_encode_varint(encoder, snapshot->node_count - ALLOT_NODE_FIRST);
	encode_each_node(encoder, snapshot, parent_of);
	allotp_encode_columns(encoder, &allotp_table_nodes, snapshot->nodes + ALLOT_NODE_FIRST,
			      snapshot->node_count - ALLOT_NODE_FIRST);
	encode_each_node(encoder, snapshot, address_of);
	allotp_encode_end(encoder, begin);
}

static void encode_regions(struct allot_encoder *encoder, const struct allot_snapshot *snapshot)
{
	size_t begin = allotp_encode_begin(encoder, ALLOT_TAG_REGIONS);

	allotp_encode_varint(encoder, snapshot->region_count);
	allotp_encode_columns(encoder, &allotp_table_regions, snapshot->regions, snapshot->region_count);
	allotp_encode_columns(encoder, &allotp_table_site_regions, snapshot->sites, snapshot->site_count);
	allotp_encode_end(encoder, begin);
}

static void encode_objects(struct allot_encoder *encoder, const struct allot_object_table *table,
			   const struct allot_snapshot *snapshot)
{
	if (!table->announced && !table->taken)
		return;
	encode_struct(encoder, &allotp_table_objects, snapshot);
	encode_optional(encoder, &allotp_table_object_names, table->names, table->name_count);
	encode_optional(encoder, &allotp_table_object_table, table->objects, table->object_count);
	encode_optional(encoder, &allotp_table_references, table->references, table->reference_count);
}

static void encode_symbols(struct allot_encoder *encoder, const struct allot_snapshot *snapshot)
{
	uint64_t frame_count = 0, next = 0;
	struct allot_frame *frames;
	size_t begin;

	if (!snapshot->symbol_count)
		return;
	for (uint32_t i = 0; i < snapshot->symbol_count; i++)
		frame_count += snapshot->symbols[i].frame_count;
	frames = calloc(frame_count, sizeof(*frames));
	if (!frames) {
		encoder->failed = true;
		return;
	}
	for (uint32_t i = 0; i < snapshot->symbol_count; i++)
		for (uint32_t j = 0; j < snapshot->symbols[i].frame_count; j++)
			frames[next++] = snapshot->symbols[i].frames[j];

	begin = allotp_encode_begin(encoder, ALLOT_TAG_SYMBOLS);
	allotp_encode_varint(encoder, snapshot->symbol_count);
	allotp_encode_columns(encoder, &allotp_table_symbols, snapshot->symbols, snapshot->symbol_count);
	allotp_encode_columns(encoder, &allotp_table_frames, frames, frame_count);
	allotp_encode_end(encoder, begin);
	free(frames);
}

static int refuse(const char *wrong, const char *name, struct allot_error *error)
{
	return allotp_error(error, -EINVAL, "%s: cannot write: %s", name, wrong);
}

static int finish(const struct allot_encoder *encoder, const char *name, struct allot_error *error)
{
	if (encoder->failed)
		return allotp_error(error, -ENOMEM, "%s: cannot write: out of memory", name);
	if (encoder->size > ALLOT_SNAPSHOT_PAYLOAD_MAX)
		return allotp_error(error, -EFBIG, "%s: cannot write: more than 4 GiB of data", name);
	return 0;
}

int allotp_snapshot_encode_body(const struct allot_snapshot *snapshot, const char *name, struct allot_encoder *encoder,
				struct allot_error *error)
{
	static const struct allot_leaks nothing;
	const char *wrong = allotp_snapshot_check_body(snapshot);

	if (wrong)
		return refuse(wrong, name, error);
	encode_struct(encoder, &allotp_table_process, snapshot);
	encode_struct(encoder, &allotp_table_trust, snapshot);
	encode_lost(encoder, &snapshot->trust);
	encode_array(encoder, &allotp_table_modules, snapshot->modules, snapshot->module_count);
	encode_nodes(encoder, snapshot);
	encode_array(encoder, &allotp_table_domains, snapshot->domains, snapshot->domain_count);
	encode_array(encoder, &allotp_table_sites, snapshot->sites, snapshot->site_count);
	if (snapshot->region_count > 1)
		encode_regions(encoder, snapshot);
	if (snapshot->dropped_marks || snapshot->dropped_regions)
		encode_struct(encoder, &allotp_table_dropped, snapshot);
	encode_optional(encoder, &allotp_table_differences, snapshot->differences, snapshot->difference_count);
	if (snapshot->sampling_bytes) {
		encode_struct(encoder, &allotp_table_sampling, snapshot);
		encode_array(encoder, &allotp_table_variances, snapshot->sites, snapshot->site_count);
	}
	if (snapshot->filters)
		encode_struct(encoder, &allotp_table_filtered, snapshot);
	encode_optional(encoder, &allotp_table_marks, snapshot->marks, snapshot->mark_count);
	encode_optional(encoder, &allotp_table_series, snapshot->series, snapshot->sample_count);
	encode_optional(encoder, &allotp_table_blocks, snapshot->blocks, snapshot->block_count);
	if (memcmp(&snapshot->leaks, &nothing, sizeof(nothing)))
		encode_struct(encoder, &allotp_table_leaks, snapshot);
	if (snapshot->suppressions)
		encode_struct(encoder, &allotp_table_suppressions, snapshot);
	encode_optional(encoder, &allotp_table_leak_groups, snapshot->leak_groups, snapshot->leak_group_count);
	encode_optional(encoder, &allotp_table_lost_blocks, snapshot->lost, snapshot->lost_count);
	encode_optional(encoder, &allotp_table_edges, snapshot->edges, snapshot->edge_count);
	encode_objects(encoder, &snapshot->objects, snapshot);
	encode_optional(encoder, &allotp_table_links, snapshot->links, snapshot->link_count);
	if (snapshot->history.repetitions || snapshot->history.mark)
		encode_struct(encoder, &allotp_table_history, snapshot);
	encode_optional(encoder, &allotp_table_points, snapshot->history.points, snapshot->history.point_count);
	encode_optional(encoder, &allotp_table_steps, snapshot->history.steps, snapshot->history.step_count);
	return finish(encoder, name, error);
}

int allotp_snapshot_encode_symbols(const struct allot_snapshot *snapshot, const char *name,
				   struct allot_encoder *encoder, struct allot_error *error)
{
	const char *wrong = allotp_snapshot_check_symbols(snapshot);

	if (wrong)
		return refuse(wrong, name, error);
	encode_symbols(encoder, snapshot);
	return finish(encoder, name, error);
}

int allotp_snapshot_encode(const struct allot_snapshot *snapshot, const char *name, uint8_t **data, size_t *size,
			   struct allot_error *error)
{
	struct allot_encoder encoder = { 0 };
	int result = allotp_snapshot_encode_body(snapshot, name, &encoder, error);

	if (result == 0)
		result = allotp_snapshot_encode_symbols(snapshot, name, &encoder, error);
	if (result < 0) {
		free(encoder.data);
		return result;
	}
	*data = encoder.data;
	*size = encoder.size;
	return 0;
}
