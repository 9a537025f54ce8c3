/* SPDX-License-Identifier: MIT */
/* The sections of a file, which may hold anything, to a snapshot that keeps its promises. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "snapshot/check.h"
#include "snapshot/decoder.h"
#include "snapshot/payload.h"
#include "snapshot/snapshot.h"

/* Reads one section's content into the snapshot; what went wrong is in the decoder. */
typedef void section_fn(struct allot_decoder *decoder, struct allot_snapshot *snapshot);

/* A zeroed array for the section's items, or NULL with *count 0 when there are none, too many or no memory. */
static void *decode_array(struct allot_decoder *decoder, const struct allot_table *table, uint64_t limit,
			  uint64_t *count)
{
	uint64_t items = allotp_decode_count(decoder, allotp_decode_item_bytes(table), limit);
	void *array;

	*count = 0;
	if (!items)
		return NULL;
	array = calloc(items, table->stride);
	if (!array) {
		decoder->failed = -ENOMEM;
		return NULL;
	}
	*count = items;
	allotp_decode_columns(decoder, table, array, items);
	return array;
}

/* The same of what 32 bits count. */
static void *decode_items(struct allot_decoder *decoder, const struct allot_table *table, uint32_t *number)
{
	uint64_t count;
	void *items = decode_array(decoder, table, UINT32_MAX, &count);

	*number = (uint32_t)count;
	return items;
}

static void decode_process(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_process, snapshot, 1);
}

static void decode_trust(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_trust, snapshot, 1);
}

/* A newer allot may know more reasons: what is lost counts all the same, under the last reason known here. */
static void decode_lost(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	uint64_t reasons = allotp_decode_count(decoder, 1, UINT32_MAX);

	for (uint64_t i = 0; i < reasons; i++) {
		uint64_t *lost = &snapshot->trust.lost[i < ALLOT_LOST_REASONS ? i : ALLOT_LOST_REASONS - 1];

		if (__builtin_add_overflow(*lost, allotp_decode_varint(decoder), lost))
			*lost = UINT64_MAX;
	}
}

static void decode_modules(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->modules = decode_items(decoder, &allotp_table_modules, &snapshot->module_count);
}

/* Comes after the modules, which its addresses are relative to. */
static void decode_nodes(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	/* distance to the parent, offset in the module */
	size_t item_bytes = 2 + allotp_decode_item_bytes(&allotp_table_nodes);
	uint64_t count = allotp_decode_count(decoder, item_bytes, UINT32_MAX - ALLOT_NODE_FIRST);
	struct allot_node *nodes = calloc(ALLOT_NODE_FIRST + count, sizeof(*nodes));

	if (!nodes) {
		decoder->failed = -ENOMEM;
		return;
	}
	snapshot->nodes = nodes;
	snapshot->node_count = (uint32_t)(ALLOT_NODE_FIRST + count);
	for (uint32_t i = ALLOT_NODE_FIRST; i < snapshot->node_count; i++) {
		uint64_t distance = allotp_decode_varint(decoder);

		if (!distance || distance > i) {
			decoder->failed = -EBADMSG;
			return;
		}
		nodes[i].parent = i - (uint32_t)distance;
	}
	allotp_decode_columns(decoder, &allotp_table_nodes, nodes + ALLOT_NODE_FIRST, count);
	for (uint32_t i = ALLOT_NODE_FIRST; i < snapshot->node_count; i++) {
		if (nodes[i].module >= snapshot->module_count) {
			decoder->failed = -EBADMSG;
			return;
		}
		nodes[i].address = allotp_decode_varint(decoder) + snapshot->modules[nodes[i].module].start;
	}
}

static void decode_domains(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->domains = decode_items(decoder, &allotp_table_domains, &snapshot->domain_count);
}

static void decode_sites(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->sites = decode_items(decoder, &allotp_table_sites, &snapshot->site_count);
}

/* Comes after the sites: which region each is in follows here. */
static void decode_regions(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->regions = decode_items(decoder, &allotp_table_regions, &snapshot->region_count);
	if (!decoder->failed)
		allotp_decode_columns(decoder, &allotp_table_site_regions, snapshot->sites, snapshot->site_count);
}

static void decode_dropped(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_dropped, snapshot, 1);
}

static void decode_differences(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->differences = decode_items(decoder, &allotp_table_differences, &snapshot->difference_count);
}

static void decode_sampling(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_sampling, snapshot, 1);
}

static void decode_filtered(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_filtered, snapshot, 1);
}

/* Comes after the sites, whose fields they are. */
static void decode_variances(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	uint64_t count = allotp_decode_count(decoder, allotp_decode_item_bytes(&allotp_table_variances), UINT32_MAX);

	if (!decoder->failed && count != snapshot->site_count)
		decoder->failed = -EBADMSG;
	if (!decoder->failed)
		allotp_decode_columns(decoder, &allotp_table_variances, snapshot->sites, count);
}

static void decode_marks(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->marks = decode_items(decoder, &allotp_table_marks, &snapshot->mark_count);
}

static void decode_series(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->series = decode_items(decoder, &allotp_table_series, &snapshot->sample_count);
}

static void decode_blocks(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->blocks = decode_array(decoder, &allotp_table_blocks, UINT64_MAX, &snapshot->block_count);
}

static void decode_leaks(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_leaks, snapshot, 1);
}

static void decode_suppressions(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_suppressions, snapshot, 1);
}

static void decode_leak_groups(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->leak_groups = decode_items(decoder, &allotp_table_leak_groups, &snapshot->leak_group_count);
}

static void decode_lost_blocks(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->lost = decode_items(decoder, &allotp_table_lost_blocks, &snapshot->lost_count);
}

static void decode_edges(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->edges = decode_items(decoder, &allotp_table_edges, &snapshot->edge_count);
}

static void decode_objects(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_objects, snapshot, 1);
}

static void decode_object_names(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->objects.names = decode_items(decoder, &allotp_table_object_names, &snapshot->objects.name_count);
}

static void decode_object_table(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->objects.objects = decode_items(decoder, &allotp_table_object_table, &snapshot->objects.object_count);
}

static void decode_references(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->objects.references =
		decode_items(decoder, &allotp_table_references, &snapshot->objects.reference_count);
}

static void decode_links(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->links = decode_items(decoder, &allotp_table_links, &snapshot->link_count);
}

static void decode_history(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	allotp_decode_columns(decoder, &allotp_table_history, snapshot, 1);
}

static void decode_points(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->history.points = decode_items(decoder, &allotp_table_points, &snapshot->history.point_count);
}

static void decode_steps(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	snapshot->history.steps = decode_items(decoder, &allotp_table_steps, &snapshot->history.step_count);
}

/* Hands each symbol its part of the frames; a frame's strings then belong to the symbol. */
static void share_frames(struct allot_decoder *decoder, struct allot_snapshot *snapshot, struct allot_frame *frames)
{
	for (uint32_t i = 0; i < snapshot->symbol_count; i++) {
		struct allot_symbol *symbol = &snapshot->symbols[i];
		size_t bytes = symbol->frame_count * sizeof(*frames);

		if (!symbol->frame_count)
			continue;
		symbol->frames = malloc(bytes);
		if (!symbol->frames) {
			decoder->failed = -ENOMEM;
			return;
		}
		memcpy(symbol->frames, frames, bytes);
		memset(frames, 0, bytes);
		frames += symbol->frame_count;
		for (uint32_t j = 0; j + 1 < symbol->frame_count; j++)
			symbol->frames[j].inlined = true;
	}
}

static void decode_symbols(struct allot_decoder *decoder, struct allot_snapshot *snapshot)
{
	uint64_t count, frame_count = 0, room;
	struct allot_frame *frames;

	snapshot->symbols = decode_array(decoder, &allotp_table_symbols, UINT32_MAX, &count);
	snapshot->symbol_count = (uint32_t)count;
	for (uint64_t i = 0; i < count; i++)
		frame_count += snapshot->symbols[i].frame_count;
	room = (uint64_t)(decoder->end - decoder->at) / allotp_decode_item_bytes(&allotp_table_frames);
	if (!decoder->failed && frame_count > room)
		decoder->failed = -EBADMSG;
	if (decoder->failed || !frame_count)
		return;
	frames = calloc(frame_count, sizeof(*frames));
	if (!frames) {
		decoder->failed = -ENOMEM;
		return;
	}
	allotp_decode_columns(decoder, &allotp_table_frames, frames, frame_count);
	if (!decoder->failed)
		share_frames(decoder, snapshot, frames);
	for (uint64_t i = 0; i < frame_count; i++) {
		free(frames[i].function);
		free(frames[i].file);
	}
	free(frames);
}

/* In the order in which they are decoded, whatever their order in the file. */
static const struct section {
	uint32_t tag;
	bool required;
	section_fn *decode;
	const char *name;
} sections[] = {
	{ ALLOT_TAG_PROCESS, true, decode_process, "process" },
	{ ALLOT_TAG_TRUST, true, decode_trust, "trust" },
	{ ALLOT_TAG_LOST, true, decode_lost, "lost" },
	{ ALLOT_TAG_MODULES, true, decode_modules, "modules" },
	{ ALLOT_TAG_NODES, true, decode_nodes, "nodes" },
	{ ALLOT_TAG_DOMAINS, true, decode_domains, "domains" },
	{ ALLOT_TAG_SITES, true, decode_sites, "sites" },
	{ ALLOT_TAG_REGIONS, false, decode_regions, "regions" },
	{ ALLOT_TAG_DROPPED, false, decode_dropped, "dropped" },
	{ ALLOT_TAG_DIFFERENCES, false, decode_differences, "differences" },
	{ ALLOT_TAG_SAMPLING, false, decode_sampling, "sampling" },
	{ ALLOT_TAG_VARIANCES, false, decode_variances, "variances" },
	{ ALLOT_TAG_FILTERED, false, decode_filtered, "filtered" },
	{ ALLOT_TAG_MARKS, false, decode_marks, "marks" },
	{ ALLOT_TAG_SERIES, false, decode_series, "series" },
	{ ALLOT_TAG_BLOCKS, false, decode_blocks, "blocks" },
	{ ALLOT_TAG_LEAKS, false, decode_leaks, "leaks" },
	{ ALLOT_TAG_SUPPRESSIONS, false, decode_suppressions, "suppressions" },
	{ ALLOT_TAG_LEAK_GROUPS, false, decode_leak_groups, "leak groups" },
	{ ALLOT_TAG_LOST_BLOCKS, false, decode_lost_blocks, "lost blocks" },
	{ ALLOT_TAG_EDGES, false, decode_edges, "edges" },
	{ ALLOT_TAG_OBJECTS, false, decode_objects, "objects" },
	{ ALLOT_TAG_OBJECT_NAMES, false, decode_object_names, "names of objects" },
	{ ALLOT_TAG_OBJECT_TABLE, false, decode_object_table, "table of objects" },
	{ ALLOT_TAG_REFERENCES, false, decode_references, "references" },
	{ ALLOT_TAG_LINKS, false, decode_links, "links" },
	{ ALLOT_TAG_HISTORY, false, decode_history, "history" },
	{ ALLOT_TAG_POINTS, false, decode_points, "points of the history" },
	{ ALLOT_TAG_STEPS, false, decode_steps, "steps of the history" },
	{ ALLOT_TAG_SYMBOLS, false, decode_symbols, "symbols" },
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* Finds where each known section is; sections of other names are a newer allot's and passed over. */
static int find_sections(const uint8_t *data, size_t size, const char *name, struct allot_decoder found[SECTIONS],
			 struct allot_error *error)
{
	const uint8_t *end = data + size;
	uint32_t tag;
	uint64_t length;

	for (; data < end; data += length) {
		if ((size_t)(end - data) < sizeof(tag) + sizeof(length))
			return allotp_error(error, -EBADMSG, "%s: damaged: half a section", name);
		memcpy(&tag, data, sizeof(tag));
		memcpy(&length, data + sizeof(tag), sizeof(length));
		tag = le32toh(tag);
		length = le64toh(length);
		data += sizeof(tag) + sizeof(length);
		if (length > (size_t)(end - data))
			return allotp_error(error, -EBADMSG, "%s: damaged: a section is too long", name);
		for (size_t i = 0; i < SECTIONS; i++) {
			if (sections[i].tag != tag)
				continue;
			if (found[i].at)
				return allotp_error(error, -EBADMSG, "%s: damaged: two sections '%s'", name,
						    sections[i].name);
			found[i] = (struct allot_decoder){ .at = data, .end = data + length };
		}
	}
	return 0;
}

/* A program without regions has none in its file. */
static bool add_no_region(struct allot_snapshot *snapshot)
{
	if (snapshot->regions)
		return true;
	snapshot->regions = calloc(1, sizeof(*snapshot->regions));
	if (!snapshot->regions)
		return false;
	snapshot->region_count = 1;
	snapshot->regions[0].name = strdup("");
	return snapshot->regions[0].name;
}

static int decode_sections(struct allot_snapshot *snapshot, struct allot_decoder found[SECTIONS], const char *name,
			   struct allot_error *error)
{
	const char *wrong;

	for (size_t i = 0; i < SECTIONS; i++) {
		if (!found[i].at && sections[i].required)
			return allotp_error(error, -EBADMSG, "%s: damaged: no section '%s'", name, sections[i].name);
		if (!found[i].at)
			continue;
		sections[i].decode(&found[i], snapshot);
		if (found[i].failed == -ENOMEM)
			return allotp_error(error, -ENOMEM, "%s: out of memory", name);
		if (found[i].failed)
			return allotp_error(error, -EBADMSG, "%s: damaged: bad section '%s'", name, sections[i].name);
	}
	if (!add_no_region(snapshot))
		return allotp_error(error, -ENOMEM, "%s: out of memory", name);
	wrong = allotp_snapshot_check(snapshot);
	return wrong ? allotp_error(error, -EBADMSG, "%s: damaged: %s", name, wrong) : 0;
}

int allotp_snapshot_parse_payload(const void *data, size_t size, const char *name, struct allot_snapshot **out,
				  struct allot_error *error)
{
	struct allot_decoder found[SECTIONS] = { 0 };
	struct allot_snapshot *snapshot;
	int result = find_sections(data, size, name, found, error);

	if (result < 0)
		return result;
	snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return allotp_error(error, -ENOMEM, "%s: out of memory", name);
	result = decode_sections(snapshot, found, name, error);
	if (result < 0)
		allotp_snapshot_free(snapshot);
	else
		*out = snapshot;
	return result;
}
