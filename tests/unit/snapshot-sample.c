/* SPDX-License-Identifier: MIT */
/* Snapshots for tests: made up from a seed, and compared field by field. */
#include "snapshot-sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/payload.h"

uint64_t sample_next(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static void *array(size_t count, size_t size)
{
	void *items = calloc(count, size);

	if (!items)
		abort();
	return items;
}

static char *text(uint64_t *state, const char *prefix)
{
	char *string;

	if (asprintf(&string, "%s-%llu", prefix, (unsigned long long)(sample_next(state) % 1000)) < 0)
		abort();
	return string;
}

/* Of any magnitude: small numbers must come up as well as those that fill all 64 bits. */
static uint64_t any(uint64_t *state)
{
	unsigned int bits = (unsigned int)(sample_next(state) % 65);

	return bits ? sample_next(state) >> (64 - bits) : 0;
}

static struct allot_count any_count(uint64_t *state)
{
	return (struct allot_count){ any(state), any(state) };
}

static void fill_process(struct allot_snapshot *s, uint64_t *state)
{
	free(s->program);
	free(s->command);
	free(s->note);
	s->pid = any(state);
	s->program = text(state, "/usr/bin/prog");
	s->command = text(state, "prog --option \t\xc3\xa9\x01");
	s->note = text(state, "note");
	s->start_time_ns = any(state);
	s->time_ns = any(state);
	s->depth_limit = (uint32_t)any(state);
	s->live = any_count(state);
	s->peak = any_count(state);
	s->ever = any_count(state);
	s->temporary = any_count(state);
	s->frees = any(state);
	s->peak_time_ns = any(state);
	s->overhead_bytes = any(state);
}

static void fill_trust(struct allot_trust *trust, uint64_t *state)
{
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		trust->lost[i] = any(state);
	trust->events = any(state);
	trust->walks = any(state);
	trust->truncated = any(state);
	trust->limited = any(state);
	trust->bootstrap = any(state);
	trust->unknown_frees = any(state);
	trust->inherited_frees = any(state);
	trust->mismatched = any(state);
	trust->double_allocations = any(state);
	trust->verified = any(state);
	trust->differing = any(state);
	trust->children = any(state);
	trust->untraced_children = any(state);
	trust->stopped = sample_next(state) & 1;
	trust->exit = (enum allot_exit)(sample_next(state) % (ALLOT_EXIT_UNKNOWN + 1));
	trust->exit_value = (int32_t)sample_next(state);
}

static void fill_modules(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->modules = realloc(s->modules, (1 + count) * sizeof(*s->modules));
	if (!s->modules)
		abort();
	s->modules[0].truncated = any(state);
	for (uint32_t i = 1; i <= count; i++) {
		struct allot_module *module = &s->modules[i];

		memset(module, 0, sizeof(*module));
		module->path = text(state, "/usr/lib/lib.so");
		module->start = any(state) >> 1;
		module->end = module->start + (any(state) >> 1);
		module->bias = any(state);
		module->build_id_size = (uint32_t)(sample_next(state) % (sizeof(module->build_id) + 1));
		for (uint32_t j = 0; j < module->build_id_size; j++)
			module->build_id[j] = (uint8_t)sample_next(state);
		module->generation = (uint32_t)any(state);
		module->truncated = any(state);
		module->unloaded = sample_next(state) & 1;
	}
	s->module_count = 1 + count;
}

static void fill_nodes(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->nodes = realloc(s->nodes, (ALLOT_NODE_FIRST + count) * sizeof(*s->nodes));
	if (!s->nodes)
		abort();
	for (uint32_t i = ALLOT_NODE_FIRST; i < ALLOT_NODE_FIRST + count; i++)
		s->nodes[i] = (struct allot_node){
			.address = any(state),
			.parent = (uint32_t)(sample_next(state) % i),
			.module = (uint32_t)(sample_next(state) % s->module_count),
			.flags = sample_next(state) % 8 ? 0 : ALLOT_NODE_SIGNAL,
		};
	s->node_count = ALLOT_NODE_FIRST + count;
}

static void fill_regions(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->regions = realloc(s->regions, (1 + count) * sizeof(*s->regions));
	if (!s->regions)
		abort();
	for (uint32_t i = 1; i <= count; i++)
		s->regions[i] = (struct allot_program_region){
			.name = text(state, "parse"),
			.parent = (uint32_t)(sample_next(state) % i),
			.live = any_count(state),
			.peak = any_count(state),
			.ever = any_count(state),
			.temporary = any_count(state),
		};
	s->region_count = 1 + count;
	s->dropped_marks = any(state);
	s->dropped_regions = any(state);
}

static void fill_sites(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->domains = realloc(s->domains, 3 * sizeof(*s->domains));
	if (!s->domains)
		abort();
	s->domains[2] = text(state, "pool");
	s->domain_count = 3;
	s->sites = array(count, sizeof(*s->sites));
	for (uint32_t i = 0; i < count; i++)
		s->sites[i] = (struct allot_site){
			.stack = (uint32_t)(sample_next(state) % s->node_count),
			.domain = (uint32_t)(sample_next(state) % s->domain_count),
			.region = (uint32_t)(sample_next(state) % s->region_count),
			.live = any_count(state),
			.peak = any_count(state),
			.ever = any_count(state),
			.temporary = any_count(state),
			.mismatched = any(state),
		};
	s->site_count = count;
}

static void fill_times(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->marks = array(count, sizeof(*s->marks));
	s->series = array(count, sizeof(*s->series));
	for (uint32_t i = 0; i < count; i++) {
		s->marks[i] = (struct allot_mark){ any(state), any(state), text(state, "test begins") };
		s->series[i] = (struct allot_sample){ any(state), any(state), any(state), any(state), any(state) };
	}
	s->mark_count = s->sample_count = count;
}

static void fill_blocks(struct allot_snapshot *s, uint64_t *state, uint64_t count)
{
	uint64_t address = 0;

	s->blocks = array(count, sizeof(*s->blocks));
	for (uint64_t i = 0; i < count; i++) {
		address += any(state) >> 20; /* two at one address too */
		s->blocks[i] = (struct allot_block){
			.address = address,
			.size = any(state),
			.site = (uint32_t)(sample_next(state) % s->site_count),
		};
	}
	s->block_count = count;
}

static void fill_look(struct allot_leaks *leaks, uint64_t *state)
{
	*leaks = (struct allot_leaks){
		.looked = true,
		.method = (uint32_t)(sample_next(state) % ALLOT_LOOK_METHODS),
		.error = (int32_t)any(state),
		.failed_step = (uint32_t)(sample_next(state) % ALLOT_LOOK_STEPS),
		.looks = (uint32_t)any(state),
		.heuristics = (uint32_t)any(state),
		.threads = (uint32_t)any(state),
		.at_exit = sample_next(state) & 1,
		.stop_ns = any(state),
		.scan_ns = any(state),
		.root_bytes = any(state),
		.words = any(state),
		.unreadable_bytes = any(state),
		.blocks = any(state),
		.left_out = any(state),
	};
	for (int i = 0; i < ALLOT_LEAKS; i++) {
		leaks->counts[i] = any_count(state);
		leaks->fresh[i] = any_count(state);
	}
}

static void fill_leaks(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	uint64_t address = 0;

	fill_look(&s->leaks, state);
	s->suppressions = sample_next(state) & 1 ? NULL : text(state, "leak:");
	s->leak_groups = array(2 * (size_t)s->site_count, sizeof(*s->leak_groups));
	for (uint32_t i = 0; i < 2 * s->site_count; i++)
		s->leak_groups[s->leak_group_count++] = (struct allot_leak_group){
			.site = i / 2,
			.leak_class = i % 2 ? ALLOT_LEAK_REACHABLE : (uint32_t)(sample_next(state) % ALLOT_LEAK_REACHABLE),
			.count = any_count(state),
		};
	s->lost = array(count, sizeof(*s->lost));
	s->edges = array(count, sizeof(*s->edges));
	for (uint32_t i = 0; i < count; i++) {
		address += any(state) >> 20;
		s->lost[i] = (struct allot_leaked){
			.address = address,
			.size = any(state),
			.site = (uint32_t)(sample_next(state) % s->site_count),
			.leak_class = (uint32_t)(sample_next(state) % ALLOT_LEAKS),
			.leader = (uint32_t)(sample_next(state) % count),
			.known = sample_next(state) & 1,
		};
		s->edges[i] = (struct allot_edge){ (uint32_t)(sample_next(state) % count), (uint32_t)(sample_next(state) % count),
						   (uint32_t)any(state), (uint32_t)any(state) };
	}
	s->lost_count = s->edge_count = count;
}

static void fill_objects(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	struct allot_object_table *table = &s->objects;
	uint32_t from = 0;

	*table = (struct allot_object_table){
		.announced = true,
		.taken = true,
		.partial = sample_next(state) & 1,
		.error = (int32_t)any(state),
		.names = array(3, sizeof(*table->names)),
		.name_count = 3,
		.objects = array(count, sizeof(*table->objects)),
		.object_count = count,
		.references = array(count, sizeof(*table->references)),
		.reference_count = count,
	};
	table->names[0] = strdup("");
	table->names[1] = text(state, "node");
	table->names[2] = text(state, "parent");
	for (uint32_t i = 0; i < count; i++) {
		table->objects[i] = (struct allot_table_object){
			.address = any(state),
			.size = any(state),
			.type = 1,
			.refs = (uint32_t)any(state),
			.site = (uint32_t)(sample_next(state) % (s->site_count + 1)),
			.heap = (uint32_t)any(state),
			.flags = (uint32_t)any(state),
		};
		from += (uint32_t)(sample_next(state) % 2);
		table->references[i] = (struct allot_table_reference){
			from < count ? from : count - 1,
			(uint32_t)(sample_next(state) % count),
			2,
			(uint32_t)any(state),
		};
	}
}

static void fill_links(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->links = array(count, sizeof(*s->links));
	for (uint32_t i = 0; i < count; i++) {
		bool first = !i || s->links[i - 1].kind > ALLOT_LINK_LEFT_OUT;

		s->links[i] = (struct allot_link){
			.kind = (uint32_t)(sample_next(state) % ALLOT_LINKS),
			.address = any(state),
			.size = any(state),
			.offset = any(state),
			.inside = any(state),
			.stack = (uint32_t)(sample_next(state) % s->node_count),
			.thread = (uint32_t)any(state),
			.module = (uint32_t)any(state),
			.leak_class = (uint32_t)(sample_next(state) % ALLOT_LEAKS),
		};
		if (first || i + 2 == count)
			s->links[i].kind = ALLOT_LINK_BLOCK;
	}
	/* The last but one is a block, so the last may be a root. */
	s->links[count - 1].kind = ALLOT_LINK_STACK;
	s->link_count = count;
}

static void fill_symbols(struct allot_snapshot *s, uint64_t *state, uint32_t count)
{
	s->symbols = array(count, sizeof(*s->symbols));
	for (uint32_t i = 0; i < count; i++) {
		struct allot_symbol *symbol = &s->symbols[i];

		symbol->module = (uint32_t)((uint64_t)i * s->module_count / count);
		symbol->address = i / 2 * 16;
		symbol->signal = i & 1;
		symbol->frame_count = 1 + (uint32_t)(sample_next(state) % 3);
		symbol->frames = array(symbol->frame_count, sizeof(*symbol->frames));
		for (uint32_t j = 0; j < symbol->frame_count; j++) {
			struct allot_frame *frame = &symbol->frames[j];

			frame->function = sample_next(state) % 5 ? text(state, "function") : NULL;
			frame->file = sample_next(state) % 5 ? text(state, "file.c") : NULL;
			frame->line = (uint32_t)any(state);
			frame->inlined = j + 1 < symbol->frame_count;
		}
	}
	s->symbol_count = count;
}

static void fill_history(struct allot_history *history, uint64_t *state, uint32_t points, uint32_t sites)
{
	uint64_t number = 0, time = 0;

	history->mark = text(state, "request");
	history->repetitions = any(state);
	history->left_out = any(state);
	history->points = array(points, sizeof(*history->points));
	history->steps = array((size_t)2 * sites, sizeof(*history->steps));
	for (uint32_t i = 0; i < points; i++) {
		number += 1 + (any(state) >> 20);
		time += any(state) >> 20;
		history->points[i] = (struct allot_history_point){ number, time };
	}
	history->point_count = points;
	for (uint32_t i = 0; i < 2 * sites; i++)
		history->steps[i] = (struct allot_history_step){
			.site = i / 2,
			.point = i % 2 + (uint32_t)(sample_next(state) % (points - 1)) * (i % 2),
			.live = any_count(state),
		};
	history->step_count = 2 * sites;
}

struct allot_snapshot *sample_snapshot(uint64_t seed, uint32_t scale)
{
	struct allot_snapshot *snapshot = allotp_snapshot_new();
	uint64_t state = seed;

	if (!snapshot)
		abort();
	fill_process(snapshot, &state);
	fill_trust(&snapshot->trust, &state);
	fill_modules(snapshot, &state, 2 + scale / 50);
	fill_nodes(snapshot, &state, 2 + scale * 2);
	fill_regions(snapshot, &state, 1 + scale / 20);
	fill_sites(snapshot, &state, 1 + scale);
	fill_times(snapshot, &state, 1 + scale / 10);
	fill_blocks(snapshot, &state, 1 + scale);
	fill_leaks(snapshot, &state, 1 + scale);
	fill_objects(snapshot, &state, 1 + scale);
	fill_links(snapshot, &state, 2 + 2 * scale);
	fill_history(&snapshot->history, &state, 3 + scale / 20, snapshot->site_count);
	fill_symbols(snapshot, &state, 1 + scale);
	return snapshot;
}

/* ---- comparing ---- */

#define SAME(field)                                                                                                    \
	do {                                                                                                           \
		if (a->field != b->field)                                                                              \
			return #field;                                                                                 \
	} while (0)

#define SAME_COUNT(field)                                                                                              \
	do {                                                                                                           \
		SAME(field.bytes);                                                                                     \
		SAME(field.blocks);                                                                                    \
	} while (0)

#define SAME_TEXT(field)                                                                                               \
	do {                                                                                                           \
		if (!a->field != !b->field || (a->field && strcmp(a->field, b->field)))                                \
			return #field;                                                                                 \
	} while (0)

static const char *process_difference(const struct allot_snapshot *a, const struct allot_snapshot *b)
{
	SAME(pid);
	SAME_TEXT(program);
	SAME_TEXT(command);
	SAME(start_time_ns);
	SAME(time_ns);
	SAME(depth_limit);
	SAME_TEXT(note);
	SAME_COUNT(live);
	SAME_COUNT(peak);
	SAME_COUNT(ever);
	SAME_COUNT(temporary);
	SAME(frees);
	SAME(peak_time_ns);
	SAME(overhead_bytes);
	return NULL;
}

static const char *trust_difference(const struct allot_trust *a, const struct allot_trust *b)
{
	SAME(events);
	for (int i = 0; i < ALLOT_LOST_REASONS; i++)
		SAME(lost[i]);
	SAME(walks);
	SAME(truncated);
	SAME(limited);
	SAME(bootstrap);
	SAME(unknown_frees);
	SAME(inherited_frees);
	SAME(mismatched);
	SAME(double_allocations);
	SAME(verified);
	SAME(differing);
	SAME(children);
	SAME(untraced_children);
	SAME(stopped);
	SAME(exit);
	SAME(exit_value);
	return NULL;
}

static const char *module_difference(const struct allot_module *a, const struct allot_module *b)
{
	SAME_TEXT(path);
	SAME(start);
	SAME(end);
	SAME(bias);
	SAME(build_id_size);
	if (memcmp(a->build_id, b->build_id, sizeof(a->build_id)))
		return "build_id";
	SAME(generation);
	SAME(truncated);
	SAME(unloaded);
	return NULL;
}

static const char *node_difference(const struct allot_node *a, const struct allot_node *b)
{
	SAME(address);
	SAME(parent);
	SAME(module);
	SAME(flags);
	return NULL;
}

static const char *site_difference(const struct allot_site *a, const struct allot_site *b)
{
	SAME(stack);
	SAME(domain);
	SAME(region);
	SAME_COUNT(live);
	SAME_COUNT(peak);
	SAME_COUNT(ever);
	SAME_COUNT(temporary);
	SAME(mismatched);
	return NULL;
}

static const char *region_difference(const struct allot_program_region *a, const struct allot_program_region *b)
{
	SAME_TEXT(name);
	SAME(parent);
	SAME_COUNT(live);
	SAME_COUNT(peak);
	SAME_COUNT(ever);
	SAME_COUNT(temporary);
	return NULL;
}

static const char *mark_difference(const struct allot_mark *a, const struct allot_mark *b)
{
	SAME(time_ns);
	SAME(live_bytes);
	SAME_TEXT(name);
	return NULL;
}

static const char *sample_point_difference(const struct allot_sample *a, const struct allot_sample *b)
{
	SAME(time_ns);
	SAME(live_bytes);
	SAME(live_blocks);
	SAME(ever_bytes);
	SAME(ever_blocks);
	return NULL;
}

/* What has no padding is compared as bytes. */
static const char *look_difference(const struct allot_leaks *a, const struct allot_leaks *b)
{
	SAME(looked);
	SAME(method);
	SAME(error);
	SAME(failed_step);
	SAME(looks);
	SAME(heuristics);
	SAME(threads);
	SAME(at_exit);
	SAME(stop_ns);
	SAME(scan_ns);
	SAME(root_bytes);
	SAME(words);
	SAME(unreadable_bytes);
	SAME(blocks);
	SAME(left_out);
	if (memcmp(a->counts, b->counts, sizeof(a->counts)) || memcmp(a->fresh, b->fresh, sizeof(a->fresh)))
		return "leaks";
	return NULL;
}

static const char *leak_group_difference(const struct allot_leak_group *a, const struct allot_leak_group *b)
{
	return memcmp(a, b, sizeof(*a)) ? "leak group" : NULL;
}

static const char *leaked_difference(const struct allot_leaked *a, const struct allot_leaked *b)
{
	SAME(address);
	SAME(size);
	SAME(site);
	SAME(leak_class);
	SAME(leader);
	SAME(known);
	return NULL;
}

static const char *link_difference(const struct allot_link *a, const struct allot_link *b)
{
	return a->kind == b->kind && a->address == b->address && a->size == b->size && a->offset == b->offset &&
			       a->inside == b->inside && a->stack == b->stack && a->thread == b->thread &&
			       a->module == b->module && a->leak_class == b->leak_class
		       ? NULL
		       : "link";
}

static const char *point_difference(const struct allot_history_point *a, const struct allot_history_point *b)
{
	return memcmp(a, b, sizeof(*a)) ? "point" : NULL;
}

static const char *step_difference(const struct allot_history_step *a, const struct allot_history_step *b)
{
	return memcmp(a, b, sizeof(*a)) ? "step" : NULL;
}

static const char *edge_difference(const struct allot_edge *a, const struct allot_edge *b)
{
	return memcmp(a, b, sizeof(*a)) ? "edge" : NULL;
}

static const char *name_difference(char **a, char **b)
{
	return strcmp(*a, *b) ? "name of objects" : NULL;
}

static const char *object_difference(const struct allot_table_object *a, const struct allot_table_object *b)
{
	SAME(address);
	SAME(size);
	SAME(type);
	SAME(refs);
	SAME(site);
	SAME(heap);
	SAME(flags);
	return NULL;
}

static const char *reference_difference(const struct allot_table_reference *a, const struct allot_table_reference *b)
{
	return memcmp(a, b, sizeof(*a)) ? "reference" : NULL;
}

static const char *block_difference(const struct allot_block *a, const struct allot_block *b)
{
	SAME(address);
	SAME(size);
	SAME(site);
	return NULL;
}

static const char *frame_difference(const struct allot_frame *a, const struct allot_frame *b)
{
	SAME_TEXT(function);
	SAME_TEXT(file);
	SAME(line);
	SAME(inlined);
	return NULL;
}

static const char *symbol_difference(const struct allot_symbol *a, const struct allot_symbol *b)
{
	SAME(module);
	SAME(address);
	SAME(signal);
	SAME(frame_count);
	for (uint32_t i = 0; i < a->frame_count; i++) {
		const char *difference = frame_difference(&a->frames[i], &b->frames[i]);

		if (difference)
			return difference;
	}
	return NULL;
}

#define SAME_ARRAY(items, count, compare)                                                                              \
	do {                                                                                                           \
		SAME(count);                                                                                           \
		for (uint64_t i = 0; i < a->count; i++) {                                                              \
			const char *difference = compare(&a->items[i], &b->items[i]);                                  \
			if (difference)                                                                                \
				return difference;                                                                     \
		}                                                                                                      \
	} while (0)

static const char *domain_difference(char **a, char **b)
{
	return strcmp(*a, *b) ? "domain" : NULL;
}

const char *sample_difference(const struct allot_snapshot *a, const struct allot_snapshot *b)
{
	const char *scalar = process_difference(a, b);

	if (!scalar)
		scalar = trust_difference(&a->trust, &b->trust);
	if (scalar)
		return scalar;
	SAME_ARRAY(modules, module_count, module_difference);
	SAME_ARRAY(nodes, node_count, node_difference);
	SAME_ARRAY(domains, domain_count, domain_difference);
	SAME_ARRAY(regions, region_count, region_difference);
	SAME(dropped_marks);
	SAME(dropped_regions);
	SAME_ARRAY(sites, site_count, site_difference);
	SAME_ARRAY(marks, mark_count, mark_difference);
	SAME_ARRAY(series, sample_count, sample_point_difference);
	SAME_ARRAY(blocks, block_count, block_difference);
	if (!a->suppressions != !b->suppressions || (a->suppressions && strcmp(a->suppressions, b->suppressions)))
		return "suppressions";
	SAME_ARRAY(leak_groups, leak_group_count, leak_group_difference);
	SAME_ARRAY(lost, lost_count, leaked_difference);
	SAME_ARRAY(edges, edge_count, edge_difference);
	SAME_ARRAY(links, link_count, link_difference);
	if (look_difference(&a->leaks, &b->leaks))
		return look_difference(&a->leaks, &b->leaks);
	SAME(objects.announced);
	SAME(objects.taken);
	SAME(objects.partial);
	SAME(objects.error);
	SAME_ARRAY(objects.names, objects.name_count, name_difference);
	SAME_ARRAY(objects.objects, objects.object_count, object_difference);
	SAME_ARRAY(objects.references, objects.reference_count, reference_difference);
	SAME_TEXT(history.mark);
	SAME(history.repetitions);
	SAME(history.left_out);
	SAME_ARRAY(history.points, history.point_count, point_difference);
	SAME_ARRAY(history.steps, history.step_count, step_difference);
	SAME_ARRAY(symbols, symbol_count, symbol_difference);
	return NULL;
}

bool sample_survives(const struct allot_snapshot *snapshot)
{
	struct allot_snapshot *back;
	uint8_t *payload;
	size_t size;
	bool same;

	if (allotp_snapshot_encode(snapshot, "x", &payload, &size, NULL) < 0 ||
	    allotp_snapshot_parse_payload(payload, size, "x", &back, NULL) < 0)
		return false;
	same = !sample_difference(snapshot, back);
	allotp_snapshot_free(back);
	free(payload);
	return same;
}
